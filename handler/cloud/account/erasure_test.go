package account_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/blobs"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

// These tests sign people in and sweep on real storage, and look at all that the account holds. They are here
// since only cloud packages may look with the SDKs.

var emulator *azurite.Server

func TestMain(m *testing.M) {
	var err error
	if emulator, err = azurite.Start(""); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	emulator.Stop()
	os.Exit(code)
}

// storage is an account with the stores on it.
type storage struct {
	connection string
	records    *tables.Store
	specs      *blobs.Store
}

func openStorage(t *testing.T, connection string) storage {
	t.Helper()
	records, err := tables.Open(connection)
	must(t, err)
	specs, err := blobs.Open(connection)
	must(t, err)
	return storage{connection, records, specs}
}

const days90 = 90 * 24 * time.Hour

// start is the time of the sweeps.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is a clock that stands.
func at(now time.Time) func() time.Time { return func() time.Time { return now } }

// eraser does what the function says.
type eraser func(ctx context.Context, tenant string) error

func (e eraser) Erase(ctx context.Context, tenant string) error { return e(ctx, tenant) }

// ownStorage is empty and for one test alone, since a sweep looks at all organizations.
func ownStorage(t *testing.T) storage {
	t.Helper()
	own, err := azurite.Start("")
	must(t, err)
	t.Cleanup(own.Stop)
	return openStorage(t, own.ConnectionString)
}

// leavesSession is a directory that knows everybody and, as the real one does, leaves a session.
type leavesSession struct{ sessions org.Sessions }

func (d leavesSession) Profile(ctx context.Context, who caller.Caller) (org.Profile, error) {
	return org.Profile{Name: "Anna"}, d.sessions.PutSession(ctx, org.Session{Tenant: who.Tenant, User: who.User, Sealed: []byte("sealed"), SavedAt: start})
}

// work leaves a bulk edit of more records than fit a transaction.
func (a storage) work(t *testing.T, tenant string) {
	t.Helper()
	ref := bulk.Ref{Tenant: tenant, Job: "j"}
	must(t, a.specs.PutSpec(t.Context(), ref, bulk.Spec{Recipe: json.RawMessage(`{}`)}))
	must(t, a.specs.PutSource(t.Context(), ref, bulk.Source{}))
	must(t, a.records.CreateJob(t.Context(), bulk.Job{Ref: ref}))
	job, err := a.records.Job(t.Context(), ref)
	must(t, err)
	var items []bulk.Item
	for n := range 99 {
		items = append(items, bulk.Item{Ref: ref, N: n, State: bulk.Waiting})
	}
	_, err = a.records.RecordPortion(t.Context(), job, bulk.Portion{Items: items})
	must(t, err)
}

// holds returns everything in the account that names the tenant: records with all their properties, and
// names of blobs.
func (a storage) holds(t *testing.T, tenant string) []string {
	t.Helper()
	var ofTenant []string
	for _, line := range append(a.allRecords(t), a.allBlobs(t)...) {
		if strings.Contains(line, tenant) {
			ofTenant = append(ofTenant, line)
		}
	}
	return ofTenant
}

func (a storage) allRecords(t *testing.T) []string {
	t.Helper()
	service, err := aztables.NewServiceClientFromConnectionString(a.connection, nil)
	must(t, err)
	var found []string
	for listing := service.NewListTablesPager(nil); listing.More(); {
		page, err := listing.NextPage(t.Context())
		must(t, err)
		for _, table := range page.Tables {
			for pager := service.NewClient(*table.Name).NewListEntitiesPager(nil); pager.More(); {
				page, err := pager.NextPage(t.Context())
				must(t, err)
				for _, entity := range page.Entities {
					found = append(found, *table.Name+": "+string(entity))
				}
			}
		}
	}
	return found
}

func (a storage) allBlobs(t *testing.T) []string {
	t.Helper()
	client, err := azblob.NewClientFromConnectionString(a.connection, nil)
	must(t, err)
	var found []string
	for listing := client.NewListContainersPager(nil); listing.More(); {
		page, err := listing.NextPage(t.Context())
		must(t, err)
		for _, container := range page.ContainerItems {
			for pager := client.NewListBlobsFlatPager(*container.Name, nil); pager.More(); {
				page, err := pager.NextPage(t.Context())
				must(t, err)
				for _, item := range page.Segment.BlobItems {
					found = append(found, *container.Name+": "+*item.Name)
				}
			}
		}
	}
	return found
}

func newTenant() string { return strings.ToLower(rand.Text()) }

func TestNothingOfASweptOrganizationIsLeftInStorage(t *testing.T) {
	t.Parallel()
	a, now := ownStorage(t), start.Add(-days90)
	service := org.NewService(a.records, leavesSession{a.records}, func() time.Time { return now })
	idle, inUse := newTenant(), newTenant()
	for _, tenant := range []string{idle, inUse} {
		for user := range 3 {
			_, err := service.SignIn(t.Context(), caller.Caller{Tenant: tenant, User: fmt.Sprint(user)})
			must(t, err)
		}
		a.work(t, tenant)
	}
	if before := len(a.holds(t, idle)); before != 1+3+3+1+bulk.Shares+99+2 {
		t.Errorf("the organization has %d records and blobs before the sweep", before)
	}
	now = start
	_, err := service.SignIn(t.Context(), caller.Caller{Tenant: inUse, User: "0"})
	must(t, err)
	kept := len(a.holds(t, inUse))

	for _, step := range []struct {
		after  time.Duration
		erased int
	}{{0, 0}, {time.Millisecond, 1}, {time.Millisecond, 0}} {
		erased, err := org.NewSweeper(a.records, days90, a.records, a.specs).Sweep(t.Context(), start.Add(step.after))
		if err != nil || erased != step.erased {
			t.Errorf("Sweep %v after 90 days = %d, %v, want %d", step.after, erased, err, step.erased)
		}
	}
	if left := a.holds(t, idle); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if now := len(a.holds(t, inUse)); now != kept {
		t.Errorf("the organization in use has %d of %d records and blobs", now, kept)
	}
}

func TestOrganizationWhoseBlobsCannotBeErasedStaysMarkedUntilTheyAre(t *testing.T) {
	t.Parallel()
	a := ownStorage(t)
	service := org.NewService(a.records, leavesSession{a.records}, at(start.AddDate(-1, 0, 0)))
	who := caller.Caller{Tenant: newTenant(), User: "u"}
	_, err := service.SignIn(t.Context(), who)
	must(t, err)
	a.work(t, who.Tenant)

	broken := eraser(func(context.Context, string) error { return errors.New("broken") })
	if erased, err := org.NewSweeper(a.records, days90, broken, a.records).Sweep(t.Context(), start); err == nil || erased != 0 {
		t.Errorf("Sweep with a broken store = %d, %v, want an error", erased, err)
	}
	if left := a.holds(t, who.Tenant); len(left) != 1+2 { // the organization and the blobs
		t.Errorf("after the first sweep: %v", left)
	}
	_, err = service.SignIn(t.Context(), who)
	wantKind(t, "SignIn between the sweeps", err, fault.Busy)
	if erased, err := org.NewSweeper(a.records, days90, a.records, a.specs).Sweep(t.Context(), start); err != nil || erased != 1 {
		t.Errorf("the next Sweep = %d, %v, want 1", erased, err)
	}
	if left := a.holds(t, who.Tenant); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestSweepOfRealStorageGoesOnAfterItWasStopped(t *testing.T) {
	t.Parallel()
	a := ownStorage(t)
	service := org.NewService(a.records, leavesSession{a.records}, at(start.AddDate(-1, 0, 0)))
	tenants := []string{"t1", "t2", "t3"}
	for _, tenant := range tenants {
		_, err := service.SignIn(t.Context(), caller.Caller{Tenant: tenant, User: "u"})
		must(t, err)
		must(t, a.specs.PutSource(t.Context(), bulk.Ref{Tenant: tenant, Job: "j"}, bulk.Source{}))
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopping := eraser(func(ctx context.Context, tenant string) error {
		if tenant == "t2" {
			cancel()
		}
		return a.records.Erase(ctx, tenant)
	})
	if erased, err := org.NewSweeper(a.records, days90, stopping, a.specs).Sweep(ctx, start); err == nil || erased != 1 {
		t.Errorf("the stopped Sweep = %d, %v, want 1 and an error", erased, err)
	}
	if erased, err := org.NewSweeper(a.records, days90, a.records, a.specs).Sweep(t.Context(), start); err != nil || erased != 2 {
		t.Errorf("the next Sweep = %d, %v, want 2", erased, err)
	}
	for _, tenant := range tenants {
		if left := a.holds(t, tenant); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	}
}

func TestFirstSignInsAtOnceMakeOneOrganization(t *testing.T) {
	t.Parallel()
	a, tenant := openStorage(t, emulator.ConnectionString), newTenant()
	service := org.NewService(a.records, leavesSession{a.records}, at(start))
	var wg sync.WaitGroup
	for user := range 8 {
		wg.Go(func() {
			if _, err := service.SignIn(t.Context(), caller.Caller{Tenant: tenant, User: fmt.Sprint(user)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all := a.holds(t, tenant); len(all) != 1+8+8 {
		t.Errorf("stored: %v, want an organization, 8 users and 8 sessions", all)
	}
}

func TestSignInAndSweepAtOnceLeaveNothingWithoutAnOrganization(t *testing.T) {
	t.Parallel()
	a := ownStorage(t)
	longAgo := org.NewService(a.records, leavesSession{a.records}, at(start.AddDate(-1, 0, 0)))
	today := org.NewService(a.records, leavesSession{a.records}, at(start))
	var callers []caller.Caller
	for n := range 20 {
		who := caller.Caller{Tenant: fmt.Sprintf("tenant-%02d-", n), User: "u"}
		_, err := longAgo.SignIn(t.Context(), who)
		must(t, err)
		callers = append(callers, who)
	}
	signedIn := make([]bool, len(callers))
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := org.NewSweeper(a.records, days90, a.records, a.specs).Sweep(t.Context(), start); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		for n := range callers { // from the end, so that the two meet
			n = len(callers) - 1 - n
			_, err := today.SignIn(t.Context(), callers[n])
			if signedIn[n] = err == nil; err != nil {
				wantKind(t, "SignIn", err, fault.Busy)
			}
		}
	})
	wg.Wait()
	for n, who := range callers {
		want := 0
		if signedIn[n] {
			want = 3
		}
		if all := a.holds(t, who.Tenant); len(all) != want {
			t.Errorf("signed in: %v, stored: %v", signedIn[n], all)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s = %v, want fault.%s", what, err, kind)
	}
}
