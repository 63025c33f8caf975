package tables_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

var storage string

func TestMain(m *testing.M) {
	server, err := azurite.Start("")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	storage = server.ConnectionString
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// fresh is an emulator of the test's own.
func fresh(t *testing.T) *tables.Store {
	t.Helper()
	server, err := azurite.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return openAt(t, server.ConnectionString)
}

// open returns a store on the shared emulator and a tenant of the test's own.
func open(t *testing.T) (*tables.Store, string) {
	t.Helper()
	return openAt(t, storage), strings.ToLower(rand.Text())
}

func openAt(t *testing.T, connection string) *tables.Store {
	t.Helper()
	store, err := tables.Open(connection)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// stored returns the keys of all records of a table, below the partitions that begin with the prefix.
func stored(t *testing.T, table, prefix string) []string {
	t.Helper()
	service, err := aztables.NewServiceClientFromConnectionString(storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	pager := service.NewClient(table).NewListEntitiesPager(nil)
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, entity := range page.Entities {
			var key struct{ PartitionKey, RowKey string }
			if err := json.Unmarshal(entity, &key); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(key.PartitionKey, prefix) {
				found = append(found, key.PartitionKey+"/"+key.RowKey)
			}
		}
	}
	return found
}

// wantKind fails the test unless the error is of the kind.
func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s = %v, want fault.%s", what, err, kind)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEmptyAccountReadsAsEmptyAndIsFilledByTheFirstWrite(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	ref := bulk.Ref{Tenant: "t", Job: "j"}
	_, err := s.Organization(ctx, "t")
	wantKind(t, "Organization", err, fault.NotFound)
	_, err = s.Session(ctx, "t", "u")
	wantKind(t, "Session", err, fault.NotFound)
	_, err = s.Job(ctx, ref)
	wantKind(t, "Job", err, fault.NotFound)
	_, err = s.Item(ctx, ref, 0)
	wantKind(t, "Item", err, fault.NotFound)
	if items, next, err := s.ItemsOf(ctx, ref, "", 10); err != nil || len(items) != 0 || next != "" {
		t.Errorf("ItemsOf = %v, %q, %v, want nothing", items, next, err)
	}
	must(t, s.Inactive(ctx, time.Now(), func(o org.Organization) bool { t.Errorf("Inactive yields %v", o); return true }))
	must(t, s.Erase(ctx, "t"))
	must(t, s.DeleteOrganization(ctx, org.Organization{Tenant: "t", Version: `W/"datetime'2026-01-01T00%3A00%3A00.0000000Z'"`}))
	wantKind(t, "RenewSession", s.RenewSession(ctx, org.Session{Tenant: "t", User: "u", Version: `W/"datetime'2026-01-01T00%3A00%3A00.0000000Z'"`}), fault.Conflict)

	must(t, s.CreateJob(ctx, bulk.Job{Ref: ref}))
	must(t, s.PutUser(ctx, org.User{Tenant: "t", ID: "u"}))
	must(t, s.PutSession(ctx, org.Session{Tenant: "t", User: "u"}))
	_, err = s.PutOrganization(ctx, org.Organization{Tenant: "t"})
	must(t, err)
	_, err = s.Job(ctx, ref)
	must(t, err)
}

func TestOddKeysReachNoRequest(t *testing.T) {
	t.Parallel()
	s := openAt(t, closedPort(t)) // would be Busy
	ctx := t.Context()
	odd := []string{"", "a'b", "a/b", `a\b`, "a#b", "a?b", "a%00b", "a\x00b", "A", "a_b", "a b", "ä", strings.Repeat("a", 65)}
	for _, key := range odd {
		ref, other := bulk.Ref{Tenant: key, Job: "j"}, bulk.Ref{Tenant: "t", Job: key}
		calls := map[string]func() error{
			"Organization":       func() error { _, err := s.Organization(ctx, key); return err },
			"PutOrganization":    func() error { _, err := s.PutOrganization(ctx, org.Organization{Tenant: key}); return err },
			"DeleteOrganization": func() error { return s.DeleteOrganization(ctx, org.Organization{Tenant: key, Version: "v"}) },
			"PutUser":            func() error { return s.PutUser(ctx, org.User{Tenant: key, ID: "u"}) },
			"PutUser of":         func() error { return s.PutUser(ctx, org.User{Tenant: "t", ID: key}) },
			"Session":            func() error { _, err := s.Session(ctx, "t", key); return err },
			"PutSession":         func() error { return s.PutSession(ctx, org.Session{Tenant: key, User: "u"}) },
			"RenewSession":       func() error { return s.RenewSession(ctx, org.Session{Tenant: "t", User: key, Version: "v"}) },
			"CreateJob":          func() error { return s.CreateJob(ctx, bulk.Job{Ref: ref}) },
			"Job":                func() error { _, err := s.Job(ctx, other); return err },
			"UpdateJob":          func() error { _, err := s.UpdateJob(ctx, bulk.Job{Ref: ref, Version: "v"}); return err },
			"RecordPortion":      func() error { _, err := s.RecordPortion(ctx, bulk.Job{Ref: ref}, bulk.Portion{}); return err },
			"PlannedFolder":      func() error { _, err := s.PlannedFolder(ctx, other, 1); return err },
			"Item":               func() error { _, err := s.Item(ctx, other, 1); return err },
			"Intend":             func() error { _, err := s.Intend(ctx, bulk.Item{Ref: ref, Version: "v"}); return err },
			"FinishItem":         func() error { _, err := s.FinishItem(ctx, bulk.Item{Ref: other, Version: "v"}); return err },
			"ItemsOf":            func() error { _, _, err := s.ItemsOf(ctx, other, "", 1); return err },
			"Erase":              func() error { return s.Erase(ctx, key) },
		}
		for name, call := range calls {
			wantKind(t, fmt.Sprintf("%s with %q", name, key), call(), fault.NotFound)
		}
	}
}

// closedPort returns a connection string to a port that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	must(t, listener.Close())
	return "AccountName=hush;AccountKey=aHVzaA==;TableEndpoint=http://" + address + "/hush"
}

func TestStorageThatIsAwayIsBusyAndWrongKeyIsMisconfigured(t *testing.T) {
	t.Parallel()
	wrongKey := regexp.MustCompile(`AccountKey=[^;]+`).ReplaceAllString(storage, "AccountKey=aHVzaA==")
	var wg sync.WaitGroup // all at once, since each is tried for seconds
	for connection, kind := range map[string]fault.Kind{closedPort(t): fault.Busy, wrongKey: fault.Misconfigured} {
		s := openAt(t, connection)
		for what, call := range map[string]func() error{
			"read":        func() error { _, err := s.Organization(t.Context(), "t"); return err },
			"write":       func() error { return s.PutUser(t.Context(), org.User{Tenant: "t", ID: "u"}) },
			"transaction": func() error { return s.CreateJob(t.Context(), bulk.Job{Ref: bulk.Ref{Tenant: "t", Job: "j"}}) },
			"list":        func() error { return s.Erase(t.Context(), "t") },
		} {
			wg.Go(func() {
				err := call()
				wantKind(t, what, err, kind)
				if secret := regexp.MustCompile(`(?i)hush|aHVza|put|get|post|ImagePro`).FindString(fmt.Sprint(err)); secret != "" {
					t.Errorf("%s: the error holds %q: %v", what, secret, err)
				}
			})
		}
	}
	wg.Wait()
}

// record returns a record as the service gives it.
func record(t *testing.T, table, partition, key string) map[string]any {
	t.Helper()
	service, err := aztables.NewServiceClientFromConnectionString(storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := service.NewClient(table).GetEntity(t.Context(), partition, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]any
	must(t, json.Unmarshal(answer.Value, &found))
	return found
}
