// Package tables keeps records in Azure Table Storage: organizations, users and their sessions, erasures, bulk
// edits and their images, schedules, tabs and presets. Each file starts with the keys of its records and the queries
// that they serve.
//
// It does not know what the records mean.
//
// A tenant's records lie in partitions named by the tenant's id, or by the id, _ and more, so that one range of
// keys is all that a tenant has in a table. Ids in keys hold lower-case letters, digits and - only: the SDK
// breaks on quotes, the service on slashes. Times are text in a fixed width, so that they compare as text in filters.
package tables

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	lru "github.com/hashicorp/golang-lru/v2"

	"imagepro/handler/cloud/account"
	"imagepro/handler/fault"
)

// Store keeps records. It is safe for concurrent use.
type Store struct {
	service *aztables.ServiceClient
	shares  *lru.Cache[string, *share] // by partition and row key
	process string                     // an id of this process, random
}

// Open returns a store on the account of a connection string. It reaches no network; tables are made when
// they are first written to, and until then read as empty.
func Open(connectionString string, around ...account.Around) (*Store, error) {
	service, err := aztables.NewServiceClientFromConnectionString(account.Expand(connectionString), options(around))
	if err != nil {
		return nil, account.Unusable()
	}
	return open(service)
}

// OpenAccount is Open for a URL like https://account.table.core.windows.net and a credential such as the managed
// identity.
func OpenAccount(tableServiceURL string, credential azcore.TokenCredential, around ...account.Around) (*Store, error) {
	service, err := aztables.NewServiceClient(tableServiceURL, credential, options(around))
	if err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	return open(service)
}

func options(around []account.Around) *aztables.ClientOptions {
	return &aztables.ClientOptions{ClientOptions: account.Options(around...)}
}

func open(service *aztables.ServiceClient) (*Store, error) {
	shares, err := lru.New[string, *share](sharesKept)
	if err != nil {
		return nil, err
	}
	return &Store{service, shares, strings.ToLower(rand.Text())}, nil
}

// The tables.
const (
	organizationsTable = "ImageProOrganizations"
	usersTable         = "ImageProUsers"
	imagesTable        = "ImageProImages"
	sessionsTable      = "ImageProSessions"
	erasuresTable      = "ImageProErasures"
	bulkTable          = "ImageProBulkEdits"
	indexTable         = "ImageProBulkIndex"
	openTable          = "ImageProBulkOpen"
	peersTable         = "ImageProPeers"
	schedulesTable     = "ImageProSchedules"
	tabsTable          = "ImageProTabs"
	presetsTable       = "ImageProPresets"
)

// get reads a record into row and returns its ETag.
func (s *Store) get(ctx context.Context, table, partition, key string, row any) (string, error) {
	answer, err := s.service.NewClient(table).GetEntity(ctx, partition, key, nil)
	if err != nil {
		return "", faultOf(err)
	}
	return string(answer.ETag), decode(answer.Value, row)
}

// create adds a record and returns its ETag; Conflict if it is there.
func (s *Store) create(ctx context.Context, table string, row any) (string, error) {
	return s.write(ctx, table, row, func(client *aztables.Client, entity []byte) (azcore.ETag, error) {
		answer, err := client.AddEntity(ctx, entity, nil)
		return answer.ETag, err
	})
}

// update replaces the version of a record that was read and returns its new ETag; Conflict if it was changed
// or deleted since, or if it was never read.
func (s *Store) update(ctx context.Context, table, etag string, row any) (string, error) {
	if !ours(etag) {
		return "", neverRead()
	}
	match := azcore.ETag(etag)
	written, err := s.write(ctx, table, row, func(client *aztables.Client, entity []byte) (azcore.ETag, error) {
		answer, err := client.UpdateEntity(ctx, entity,
			&aztables.UpdateEntityOptions{IfMatch: &match, UpdateMode: aztables.UpdateModeReplace})
		return answer.ETag, err
	})
	return written, goneIsConflict(err)
}

// put creates a record if etag is empty, else replaces the version that was read; see create and update.
func (s *Store) put(ctx context.Context, table, etag string, row any) (string, error) {
	if etag == "" {
		return s.create(ctx, table, row)
	}
	return s.update(ctx, table, etag, row)
}

// upsert writes a record, whatever is there.
func (s *Store) upsert(ctx context.Context, table string, row any) error {
	_, err := s.write(ctx, table, row, func(client *aztables.Client, entity []byte) (azcore.ETag, error) {
		answer, err := client.UpsertEntity(ctx, entity,
			&aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
		return answer.ETag, err
	})
	return err
}

func (s *Store) write(
	ctx context.Context, table string, row any, send func(*aztables.Client, []byte) (azcore.ETag, error),
) (string, error) {
	entity, err := marshal(row)
	if err != nil {
		return "", err
	}
	var etag azcore.ETag
	err = s.inTable(ctx, table, func(client *aztables.Client) error {
		etag, err = send(client, entity)
		return err
	})
	return string(etag), err
}

// marshal returns the JSON of a record, or of a text in one, in ASCII. Any JSON may be written so, and the
// emulator garbles characters that are cut in two between packets.
func marshal(row any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // which would make texts longer
	if err := encoder.Encode(row); err != nil {
		return nil, err
	}
	ascii := make([]byte, 0, text.Len())
	for _, r := range strings.TrimSuffix(text.String(), "\n") {
		if r < utf8.RuneSelf {
			ascii = append(ascii, byte(r))
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			ascii = fmt.Appendf(ascii, `\u%04x`, unit)
		}
	}
	return ascii, nil
}

// inTable writes something to a table, and makes the table first if that is what is missing.
func (s *Store) inTable(ctx context.Context, table string, send func(*aztables.Client) error) error {
	client := s.service.NewClient(table)
	err := send(client)
	if !hasCode(err, aztables.TableNotFound) {
		return faultOf(err)
	}
	if _, err := client.CreateTable(ctx, nil); err != nil && !hasCode(err, aztables.TableAlreadyExists) {
		return faultOf(err)
	}
	return faultOf(send(client))
}

// remove deletes a record, or only the version with the etag unless that is "*". One that is gone already is
// no fault.
func (s *Store) remove(ctx context.Context, table, partition, key, etag string) error {
	if etag != "*" && !ours(etag) {
		return neverRead()
	}
	match := azcore.ETag(etag)
	_, err := s.service.NewClient(table).DeleteEntity(ctx, partition, key,
		&aztables.DeleteEntityOptions{IfMatch: &match})
	if err := faultOf(err); !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
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
	top     int32    // most records of one answer, up to maxPage, which is also what 0 means
}

// maxPage is the most records of one answer of the service.
const maxPage = 1000

// list calls yield with each record of the query, in the order of the keys, until yield returns false.
func (s *Store) list(ctx context.Context, table string, q query, yield func(entity []byte) (bool, error)) error {
	return s.pages(ctx, table, q, func(entities [][]byte) (bool, error) {
		for _, entity := range entities {
			if more, err := yield(entity); err != nil || !more {
				return false, err
			}
		}
		return true, nil
	})
}

// pages calls yield with the records of each answer to the query, which may be none, until yield returns false.
func (s *Store) pages(ctx context.Context, table string, q query, yield func(entities [][]byte) (bool, error)) error {
	options := &aztables.ListEntitiesOptions{}
	if q.filter != "" {
		options.Filter = &q.filter
	}
	if len(q.columns) > 0 {
		columns := strings.Join(q.columns, ",")
		options.Select = &columns
	}
	if q.top > 0 {
		options.Top = &q.top
	}
	pager := s.service.NewClient(table).NewListEntitiesPager(options)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if hasCode(err, aztables.TableNotFound) {
			return nil // nothing has been written yet
		}
		if err != nil {
			return faultOf(err)
		}
		if more, err := yield(page.Entities); err != nil || !more {
			return err
		}
	}
	return nil
}

// slice is the records of a partition between two row keys, both excluded.
type slice struct{ table, partition, after, before string }

// page returns at most limit records of a slice, and the cursor to go on with, empty at the end.
func page[T any](
	ctx context.Context, s *Store, in slice, limit int, read func([]byte) (T, error), cursor func(T) string,
) ([]T, string, error) {
	if limit < 1 {
		return nil, "", fault.New(fault.Invalid, "A page has at least one record.", nil).At("limit")
	}
	var found []T
	next := ""
	q := query{filter: between(in.partition, in.after, in.before), top: int32(min(limit+1, maxPage))}
	err := s.list(ctx, in.table, q, func(entity []byte) (bool, error) {
		if len(found) == limit {
			next = cursor(found[limit-1])
			return false, nil
		}
		one, err := read(entity)
		found = append(found, one)
		return true, err
	})
	if err != nil {
		return nil, "", err
	}
	return found, next, nil
}

func noCursor() error {
	return fault.New(fault.Invalid, "This is no cursor that Image Pro gave.", nil).At("cursor")
}

func decode(entity []byte, row any) error {
	if err := json.Unmarshal(entity, row); err != nil {
		return fault.New(fault.Internal, "A record cannot be read.", fmt.Errorf("tables: %w", err))
	}
	return nil
}

// between is the filter for the row keys of a partition after one and before another, both excluded.
func between(partition, after, before string) string {
	return fmt.Sprintf("PartitionKey eq '%s' and RowKey gt '%s' and RowKey lt '%s'", partition, after, before)
}

// checkKeys refuses ids that come from outside and could leave their place in a key. They cannot hold the _ that
// joins the parts of a key.
func checkKeys(parts ...string) error { return account.CheckIDs(parts...) }

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
