// Package tables keeps records in Azure Table Storage: organizations, users and their sessions, bulk edits
// and their images. Each file starts with the keys of its records and the queries that they serve.
//
// It does not know what the records mean.
//
// Every tenant's records lie in partitions that begin with the tenant's id, so that one range of keys is all
// that a tenant has in a table. Keys hold lower-case letters, digits, - and _ only: the SDK breaks on quotes,
// the service on slashes. Times are text in a fixed width, so that they compare as text in filters.
package tables

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"imagepro/handler/fault"
)

// Store keeps records. It is safe for concurrent use.
type Store struct {
	service *aztables.ServiceClient

	mu      sync.Mutex
	created map[string]bool
}

// Open returns a store on the account of a connection string. It reaches no network; tables are made when
// they are first used.
func Open(connectionString string) (*Store, error) {
	service, err := aztables.NewServiceClientFromConnectionString(connectionString, nil)
	if err != nil {
		// The SDK's text may hold the connection string.
		return nil, fault.New(fault.Misconfigured, "The storage account's connection string cannot be used.", errors.New("tables: bad connection string"))
	}
	return &Store{service: service, created: map[string]bool{}}, nil
}

// The tables.
const (
	organizationsTable = "ImageProOrganizations"
	usersTable         = "ImageProUsers"
	sessionsTable      = "ImageProSessions"
	bulkTable          = "ImageProBulkEdits"
)

// tenantTables hold records in partitions that begin with a tenant's id, in the order in which they are
// erased: sessions first.
var tenantTables = [...]string{sessionsTable, bulkTable, usersTable}

// table returns a client for a table, which exists from then on.
func (s *Store) table(ctx context.Context, name string) (*aztables.Client, error) {
	client := s.service.NewClient(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.created[name] {
		return client, nil
	}
	if _, err := client.CreateTable(ctx, nil); err != nil && codeOf(err) != string(aztables.TableAlreadyExists) {
		return nil, faultOf(err)
	}
	s.created[name] = true
	return client, nil
}

// get reads a record into row and returns its ETag.
func (s *Store) get(ctx context.Context, table, partition, key string, row any) (string, error) {
	client, err := s.table(ctx, table)
	if err != nil {
		return "", err
	}
	answer, err := client.GetEntity(ctx, partition, key, nil)
	if err != nil {
		return "", faultOf(err)
	}
	return string(answer.ETag), decode(answer.Value, row)
}

// put writes a record: creates it if etag is empty, replaces any version if it is "*", else the version with
// that ETag. It returns the new ETag.
func (s *Store) put(ctx context.Context, table, etag string, row any) (string, error) {
	client, err := s.table(ctx, table)
	if err != nil {
		return "", err
	}
	entity, err := json.Marshal(row)
	if err != nil {
		return "", err
	}
	switch etag {
	case "":
		answer, err := client.AddEntity(ctx, entity, nil)
		return string(answer.ETag), faultOf(err)
	case "*":
		answer, err := client.UpsertEntity(ctx, entity, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
		return string(answer.ETag), faultOf(err)
	}
	match := azcore.ETag(etag)
	answer, err := client.UpdateEntity(ctx, entity, &aztables.UpdateEntityOptions{IfMatch: &match, UpdateMode: aztables.UpdateModeReplace})
	if fault.Is(faultOf(err), fault.NotFound) { // deleted since it was read
		return "", fault.New(fault.Conflict, "The record was deleted meanwhile.", err)
	}
	return string(answer.ETag), faultOf(err)
}

// keys are the key and version of any record.
type keys struct {
	PartitionKey string
	RowKey       string
	ETag         string `json:"odata.etag,omitempty"`
}

// query selects records of a table.
type query struct {
	filter  string
	columns []string // empty: all
	top     int32    // most records of one answer; 0: the service's 1000
}

// list calls yield with each record of the query, in the order of the keys, until yield returns false.
func (s *Store) list(ctx context.Context, table string, q query, yield func(entity []byte) (bool, error)) error {
	client, err := s.table(ctx, table)
	if err != nil {
		return err
	}
	options := &aztables.ListEntitiesOptions{Filter: &q.filter}
	if len(q.columns) > 0 {
		columns := strings.Join(q.columns, ",")
		options.Select = &columns
	}
	if q.top > 0 {
		options.Top = &q.top
	}
	pager := client.NewListEntitiesPager(options)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return faultOf(err)
		}
		for _, entity := range page.Entities {
			if more, err := yield(entity); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// maxTransaction is the most operations of one entity-group transaction.
const maxTransaction = 100

// submit does all of the actions or none. Conflict if one of them met another version, or a record that is
// there or gone against expectation.
func (s *Store) submit(ctx context.Context, table string, actions []aztables.TransactionAction) error {
	client, err := s.table(ctx, table)
	if err != nil {
		return err
	}
	_, err = client.SubmitTransaction(ctx, actions, nil)
	f := faultOf(err)
	if fault.Is(f, fault.NotFound) {
		return fault.New(fault.Conflict, "The record was deleted meanwhile.", err)
	}
	return f
}

// add is the action that creates a record.
func add(row any) (aztables.TransactionAction, error) {
	entity, err := json.Marshal(row)
	return aztables.TransactionAction{ActionType: aztables.TransactionTypeAdd, Entity: entity}, err
}

// replace is the action that replaces the version of a record that was read.
func replace(etag string, row any) (aztables.TransactionAction, error) {
	entity, err := json.Marshal(row)
	match := azcore.ETag(etag)
	return aztables.TransactionAction{ActionType: aztables.TransactionTypeUpdateReplace, Entity: entity, IfMatch: &match}, err
}

func decode(entity []byte, row any) error {
	if err := json.Unmarshal(entity, row); err != nil {
		return fault.New(fault.Internal, "A record cannot be read.", fmt.Errorf("tables: %w", err))
	}
	return nil
}

// between is the filter for a range of row keys of a partition: from (included) to (excluded).
func between(partition, from, to string) string {
	return fmt.Sprintf("PartitionKey eq '%s' and RowKey ge '%s' and RowKey lt '%s'", partition, from, to)
}

var keyPattern = regexp.MustCompile(`^[a-z0-9_-]{1,200}$`)

// checkKeys refuses key parts that come from outside and could leave their place in a key.
func checkKeys(parts ...string) error {
	for _, part := range parts {
		if !keyPattern.MatchString(part) {
			return fault.New(fault.NotFound, "It is not there.", fmt.Errorf("tables: %q is no key", part))
		}
	}
	return nil
}

// timeFormat has a fixed width; all times are UTC.
const timeFormat = "2006-01-02T15:04:05.000Z"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeFormat)
}

func parseTime(text string) time.Time {
	t, _ := time.Parse(timeFormat, text) // empty is zero; we wrote it
	return t
}
