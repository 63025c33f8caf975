package tables_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/tab"
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
		var missing *azcore.ResponseError
		if errors.As(err, &missing) && missing.ErrorCode == string(aztables.TableNotFound) {
			return nil // nothing has been written to it yet
		}
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
	_, err = s.Tab(ctx, "t", "x")
	wantKind(t, "Tab", err, fault.NotFound)
	_, err = s.Preset(ctx, "t", "x")
	wantKind(t, "Preset", err, fault.NotFound)
	if found, next, err := s.Tabs(ctx, "t", "", 10); err != nil || len(found) != 0 || next != "" {
		t.Errorf("Tabs = %v, %q, %v, want nothing", found, next, err)
	}
	if found, err := s.OpenJobs(ctx, "t", "u"); err != nil || len(found) != 0 {
		t.Errorf("OpenJobs = %v, %v, want nothing", found, err)
	}
	if found, err := s.Unfinished(ctx, ref, 10); err != nil || len(found) != 0 {
		t.Errorf("Unfinished = %v, %v, want nothing", found, err)
	}
	must(t, s.Idle(ctx, time.Now(), func(o org.Organization) bool { t.Errorf("Idle yields %v", o); return true }))
	must(t, s.EachSession(ctx, func(o org.Session) bool { t.Errorf("EachSession yields %v", o); return true }))
	must(t, s.EachErasure(ctx, func(o org.Erasure) bool { t.Errorf("EachErasure yields %v", o); return true }))
	must(t, s.CloseJob(ctx, bulk.Job{Ref: ref, User: "u", State: bulk.Done}))
	for _, user := range []string{"", "u"} {
		must(t, s.Erase(ctx, erasure.Scope{Tenant: "t", User: user}, true, uncounted))
	}
	must(
		t, s.DeleteOrganization(ctx,
			org.Organization{Tenant: "t", Version: `W/"datetime'2026-01-01T00%3A00%3A00.0000000Z'"`}))
	wantKind(t, "RenewSession",
		s.RenewSession(
			ctx, org.Session{Tenant: "t", User: "u", Version: `W/"datetime'2026-01-01T00%3A00%3A00.0000000Z'"`}),
		fault.Conflict)

	must(t, s.CreateJob(ctx, bulk.Job{Ref: ref, User: "u"}))
	_, err = s.PutUser(ctx, org.User{Tenant: "t", ID: "u"})
	must(t, err)
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
	odd := []string{"", "a'b", "a/b", `a\b`, "a#b", "a?b", "a%00b", "a\x00b", "A", "a_b", "a b", "ä",
		strings.Repeat("a", 65)}
	for _, key := range odd {
		ref, other := bulk.Ref{Tenant: key, Job: "j"}, bulk.Ref{Tenant: "t", Job: key}
		calls := map[string]func() error{
			"Organization": func() error { _, err := s.Organization(ctx, key); return err },
			"PutOrganization": func() error {
				_, err := s.PutOrganization(ctx, org.Organization{Tenant: key})
				return err
			},
			"DeleteOrganization": func() error {
				return s.DeleteOrganization(ctx, org.Organization{Tenant: key, Version: "v"})
			},
			"PutUser":    func() error { _, err := s.PutUser(ctx, org.User{Tenant: key, ID: "u"}); return err },
			"PutUser of": func() error { _, err := s.PutUser(ctx, org.User{Tenant: "t", ID: key}); return err },
			"User":       func() error { _, err := s.User(ctx, "t", key); return err },
			"DeleteUser": func() error { return s.DeleteUser(ctx, org.User{Tenant: "t", ID: key, Version: "v"}) },
			"DeleteSession": func() error {
				return s.DeleteSession(ctx, org.Session{Tenant: "t", User: key, Version: "v"})
			},
			"Erasure":       func() error { _, err := s.Erasure(ctx, key); return err },
			"PutErasure":    func() error { _, err := s.PutErasure(ctx, org.Erasure{ID: key}); return err },
			"DeleteErasure": func() error { return s.DeleteErasure(ctx, org.Erasure{ID: key, Version: "v"}) },
			"CreateTab":     func() error { _, err := s.CreateTab(ctx, tab.Tab{Tenant: "t", ID: key}); return err },
			"Tab":           func() error { _, err := s.Tab(ctx, "t", key); return err },
			"UpdateTab": func() error {
				_, err := s.UpdateTab(ctx, tab.Tab{Tenant: key, ID: "x", Version: "v"})
				return err
			},
			"DeleteTab": func() error { return s.DeleteTab(ctx, tab.Tab{Tenant: "t", ID: key, Version: "v"}) },
			"Tabs":      func() error { _, _, err := s.Tabs(ctx, key, "", 1); return err },
			"CreatePreset": func() error {
				_, err := s.CreatePreset(ctx, tab.Preset{Tenant: "t", ID: key})
				return err
			},
			"Preset": func() error { _, err := s.Preset(ctx, "t", key); return err },
			"UpdatePreset": func() error {
				_, err := s.UpdatePreset(ctx, tab.Preset{Tenant: "t", ID: key, Version: "v"})
				return err
			},
			"DeletePreset": func() error {
				return s.DeletePreset(ctx, tab.Preset{Tenant: "t", ID: key, Version: "v"})
			},
			"Presets": func() error { _, _, err := s.Presets(ctx, key, "", 1); return err },
			"CloseJob": func() error {
				return s.CloseJob(ctx, bulk.Job{Ref: bulk.Ref{Tenant: "t", Job: "j"}, User: key})
			},
			"OpenJobs":   func() error { _, err := s.OpenJobs(ctx, key, ""); return err },
			"Unfinished": func() error { _, err := s.Unfinished(ctx, other, 1); return err },
			"Session":    func() error { _, err := s.Session(ctx, "t", key); return err },
			"PutSession": func() error { return s.PutSession(ctx, org.Session{Tenant: key, User: "u"}) },
			"RenewSession": func() error {
				return s.RenewSession(ctx, org.Session{Tenant: "t", User: key, Version: "v"})
			},
			"CreateJob": func() error { return s.CreateJob(ctx, bulk.Job{Ref: ref, User: "u"}) },
			"Job":       func() error { _, err := s.Job(ctx, other); return err },
			"UpdateJob": func() error { _, err := s.UpdateJob(ctx, bulk.Job{Ref: ref, Version: "v"}); return err },
			"RecordPortion": func() error {
				_, err := s.RecordPortion(ctx, bulk.Job{Ref: ref}, bulk.Portion{})
				return err
			},
			"PlannedFolder": func() error { _, err := s.PlannedFolder(ctx, other, 1); return err },
			"Item":          func() error { _, err := s.Item(ctx, other, 1); return err },
			"Intend":        func() error { _, err := s.Intend(ctx, bulk.Item{Ref: ref, Version: "v"}); return err },
			"FinishItem": func() error {
				_, err := s.FinishItem(ctx, bulk.Item{Ref: other, Version: "v"})
				return err
			},
			"ItemsOf": func() error { _, _, err := s.ItemsOf(ctx, other, "", 1); return err },
			"Erase":   func() error { return s.Erase(ctx, erasure.Scope{Tenant: key}, true, uncounted) },
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
			"read": func() error { _, err := s.Organization(t.Context(), "t"); return err },
			"write": func() error {
				_, err := s.PutUser(t.Context(), org.User{Tenant: "t", ID: "u"})
				return err
			},
			"transaction": func() error {
				_, err := s.CreatePreset(t.Context(), tab.Preset{Tenant: "t", ID: "p"})
				return err
			},
			"list": func() error { return s.Erase(t.Context(), erasure.Scope{Tenant: "t"}, true, uncounted) },
		} {
			wg.Go(func() {
				err := call()
				wantKind(t, what, err, kind)
				if secret := regexp.MustCompile(`(?i)hush|aHVza|put|get|post|ImagePro`).FindString(
					fmt.Sprint(err)); secret != "" {
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
