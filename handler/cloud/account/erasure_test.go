package account_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/blobs"
	"imagepro/handler/cloud/queue"
	"imagepro/handler/cloud/tables"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/dev/dump"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/library"
	"imagepro/handler/org"
	"imagepro/handler/schedule"
	"imagepro/handler/secret"
	"imagepro/handler/tab"
)

// These tests sign people in and sweep on real storage, and look at all that the account holds.

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

func openStorage(t testing.TB, connection string) storage {
	t.Helper()
	records, err := tables.Open(connection)
	must(t, err)
	specs, err := blobs.Open(connection)
	must(t, err)
	return storage{connection, records, specs}
}

const (
	days90 = 90 * 24 * time.Hour
	days14 = 14 * 24 * time.Hour
)

// start is the time of the sweeps.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ownStorage is empty and for one test alone, since a sweep looks at all organizations.
func ownStorage(t *testing.T) storage {
	t.Helper()
	own, err := azurite.Start("")
	must(t, err)
	t.Cleanup(own.Stop)
	return openStorage(t, own.ConnectionString)
}

// entraOf stands for Entra and the directory: it knows everybody, and an exchange leaves a session.
type entraOf struct{ sessions org.Sessions }

func (e entraOf) Profile(context.Context, caller.Caller) (org.Profile, error) {
	return org.Profile{Name: "Anna", Mail: "anna@example.com"}, nil
}

func (e entraOf) Renew(ctx context.Context, who caller.Caller) error {
	return e.sessions.PutSession(ctx, org.Session{
		Tenant:  who.Tenant,
		User:    who.User,
		State:   org.SessionReady,
		KeyID:   "k",
		Sealed:  []byte("sealed"),
		SavedAt: start,
	})
}

func (e entraOf) GraphToken(context.Context, caller.Caller, []string, string) (org.GraphToken, error) {
	panic("nobody asks for one here")
}

func (e entraOf) Usable(s org.Session) bool { return s.State == org.SessionReady }

func (e entraOf) Reseal(s org.Session) (org.Session, bool) { return s, false }

// program is what a process would have of the account at a time.
type program struct {
	people     *org.Service
	tabs       *tab.Service
	jobs       *bulk.Service
	eradicator *org.Eradicator
	sweeper    *org.Sweeper
}

func newID() string { return strings.ToLower(rand.Text()) }

// anyFolder lets tabs show every folder.
type anyFolder struct{}

func (anyFolder) Folder(context.Context, caller.Caller, string, string) error { return nil }

// at returns the program with a clock that stands. Erasers may be other than the stores themselves.
func (a storage) at(t testing.TB, now time.Time, erasers ...org.Eraser) program {
	t.Helper()
	clock := func() time.Time { return now }
	messages, err := queue.Open(a.connection)
	must(t, err)
	if len(erasers) == 0 {
		erasers = []org.Eraser{a.records, a.specs}
	}
	jobs := bulk.NewService(bulk.ServiceOptions{
		Jobs:      a.records,
		Items:     a.records,
		Index:     a.records,
		Specs:     a.specs,
		Queue:     messages,
		MaxImages: 1000,
		MaxOpen:   bulk.MaxOpen{Tenant: 100, User: 100},
		Now:       clock,
		NewID:     newID,
	})
	entra := entraOf{org.Guard(a.records, a.records, a.records)}
	eradicator := org.NewEradicator(org.EradicatorOptions{
		Organizations: a.records,
		Users:         a.records,
		Erasures:      a.records,
		Jobs:          jobs,
		Erasers:       erasers,
		Queue:         messages,
		Now:           clock,
		Settle:        settle,
	})
	return program{
		people: org.NewService(org.ServiceOptions{
			Organizations: a.records,
			Users:         a.records,
			Sessions:      a.records,
			Erasures:      a.records,
			Directory:     entra,
			Exchanger:     entra,
			Queue:         messages,
			Now:           clock,
			NewID:         newID,
		}),
		tabs: tab.NewService(tab.ServiceOptions{
			Tabs:    a.records,
			Presets: a.records,
			Library: anyFolder{},
			Now:     clock,
			NewID:   newID,
		}),
		jobs:       jobs,
		eradicator: eradicator,
		sweeper: org.NewSweeper(org.SweeperOptions{
			Organizations: a.records,
			Users:         a.records,
			Sessions:      a.records,
			Erasures:      a.records,
			Jobs:          jobs,
			Schedules:     schedule.NewService(schedule.ServiceOptions{Store: a.records}),
			Resealer:      entra,
			Eradicator:    eradicator,
			Queue:         messages,
			NewID:         newID,
			Inactive:      days90,
			Grace:         days14,
			Unneeded:      10 * 365 * 24 * time.Hour,
		}),
	}
}

const settle = time.Minute

// signIn lets a user in.
func (p program) signIn(ctx context.Context, tenant, user string) error {
	if err := p.people.Enter(ctx, tenant); err != nil {
		return err
	}
	_, err := p.people.SignIn(ctx, caller.Caller{Tenant: tenant, User: user, Assertion: secret.New(rand.Text())})
	return err
}

// fill signs users of a tenant in and leaves of everything that there is: records of tabs, presets, and of a bulk
// edit of each user that has more of them than fit a transaction.
func (a storage) fill(t *testing.T, p program, tenant string, users ...string) {
	t.Helper()
	for _, user := range users {
		must(t, p.signIn(t.Context(), tenant, user))
		who := caller.Caller{Tenant: tenant, User: user}
		_, err := p.tabs.Create(t.Context(), who, tab.Config{Title: user, Site: "s", Drive: "d"})
		must(t, err)
		_, err = p.tabs.CreatePreset(t.Context(), who, tab.Preset{Name: user, Recipe: noRecipe})
		must(t, err)
		_, err = a.records.PutProperties(t.Context(), library.Properties{
			Tenant:    tenant,
			Ref:       library.Ref{Drive: "d", Item: fmt.Sprintf("%x", user)},
			Title:     "t",
			ChangedBy: user,
		})
		must(t, err)
		_, err = a.records.CreateSchedule(t.Context(), schedule.Schedule{
			Tenant: tenant,
			User:   user,
			ID:     "s",
			Plan:   schedule.Plan{Name: user},
		})
		must(t, err)
		job, err := p.jobs.Submit(t.Context(), who,
			bulk.Request{Recipe: noRecipe, Source: bulk.Source{Images: []bulk.ImageRef{{Drive: "d", Item: "i"}}}})
		must(t, err)
		var items []bulk.Item
		for n := range 99 {
			items = append(items, bulk.Item{Ref: job.Ref, N: n, State: bulk.Waiting})
		}
		_, err = a.records.RecordPortion(t.Context(), job, bulk.Portion{Items: items})
		must(t, err)
	}
}

var noRecipe = json.RawMessage(`{"version":1,"steps":[]}`)

// perUser is how many records and blobs fill leaves of a user: the user, a session, a schedule, a tab, a preset and its
// name, an image's properties, a bulk edit in two indexes, the bulk edit with its counts and images, and two blobs.
const perUser = 1 + 1 + 1 + 1 + 2 + 1 + 2 + 1 + bulk.Shares + 99 + 2

// holds returns everything in the account that names the tenant: records with all their properties, and
// names of blobs.
func (a storage) holds(t *testing.T, tenant string) []string {
	t.Helper()
	all, err := dump.Read(t.Context(), a.connection)
	must(t, err)
	var ofTenant []string
	for _, record := range all.Records {
		if line := record.String(); strings.Contains(line, tenant) {
			ofTenant = append(ofTenant, line)
		}
	}
	for _, blob := range all.Blobs {
		if strings.Contains(blob.Name, tenant) {
			ofTenant = append(ofTenant, blob.Name)
		}
	}
	return ofTenant
}

func newTenant() string { return strings.ToLower(rand.Text()) }

// sweep runs the clean-up at a time.
func (a storage) sweep(t *testing.T, now time.Time) org.Swept {
	t.Helper()
	done, err := a.at(t, now).sweeper.Sweep(t.Context(), now)
	must(t, err)
	return done
}

func TestNothingOfASweptOrganizationIsLeftInStorage(t *testing.T) {
	t.Parallel()
	a, idle, inUse := ownStorage(t), newTenant(), newTenant()
	for _, tenant := range []string{idle, inUse} {
		a.fill(t, a.at(t, start.Add(-days90)), tenant, "u0", "u1", "u2")
	}
	if before := len(a.holds(t, idle)); before != 1+3*perUser {
		t.Errorf("the organization has %d records and blobs before the sweep, want %d", before, 1+3*perUser)
	}
	must(t, a.at(t, start).signIn(t.Context(), inUse, "u0"))
	kept := len(a.holds(t, inUse))
	for _, step := range []struct {
		after time.Duration
		want  org.Swept
	}{
		{0, org.Swept{}}, {time.Millisecond, org.Swept{Graces: 1}}, {days14, org.Swept{}},
		{days14 + time.Millisecond, org.Swept{Begun: 1}},
		{days14 + settle + time.Second, org.Swept{Erased: 1}}, {days14 + time.Hour, org.Swept{}},
	} {
		if done := a.sweep(t, start.Add(step.after)); done != step.want {
			t.Errorf("Sweep %v after 90 days = %+v, want %+v", step.after, done, step.want)
		}
	}
	if left := a.holds(t, idle); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if now := len(a.holds(t, inUse)); now != kept {
		t.Errorf("the organization in use has %d of %d records and blobs", now, kept)
	}
	if receipts := a.receipts(t); len(receipts) != 1 || receipts[0].Counts[erasure.Images] != 3*99 ||
		receipts[0].Counts[erasure.Files] != 6 || receipts[0].Counts[erasure.Users] != 3 {
		t.Errorf("receipts: %+v", receipts)
	}
}

func (a storage) receipts(t *testing.T) []org.Erasure {
	t.Helper()
	var all []org.Erasure
	must(t, a.records.EachErasure(t.Context(), func(e org.Erasure) bool { all = append(all, e); return true }))
	return all
}

func TestAnErasedUserLeavesWhatIsTheOrganizations(t *testing.T) {
	t.Parallel()
	a, tenant := ownStorage(t), newTenant()
	p := a.at(t, start)
	a.fill(t, p, tenant, "gone", "kept")
	e, err := p.people.EraseUser(t.Context(), caller.Caller{Tenant: tenant, User: "gone"})
	must(t, err)
	for _, now := range []time.Time{start, start.Add(settle + time.Second)} {
		if _, err := a.at(t, now).eradicator.Run(t.Context(), e.ID); err != nil {
			t.Fatal(err)
		}
	}
	const ofBoth = 2 * (1 + 2 + 1) // tabs, presets and properties
	if left := a.holds(t, tenant); len(left) != 1+ofBoth+perUser-4 {
		t.Errorf("%d records and blobs are left, want %d", len(left), 1+ofBoth+perUser-4)
	}
	for _, line := range a.holds(t, "gone") {
		// the titles that fill gave
		if !strings.Contains(line, "ImageProTabs") && !strings.Contains(line, "ImageProPresets") {
			t.Errorf("left: %s", line)
		}
	}
	if receipt := a.receipts(t)[0]; receipt.Counts[erasure.BulkEdits] != 1 || receipt.Counts[erasure.Images] != 99 ||
		receipt.Counts[erasure.Sessions] != 1 {
		t.Errorf("the receipt is %+v", receipt)
	}
}

func TestErasingRealStorageGoesOnAfterItWasStoppedAnywhere(t *testing.T) {
	t.Parallel()
	for stopAt := range 6 {
		t.Run(fmt.Sprint("after page ", stopAt), func(t *testing.T) {
			t.Parallel()
			a, tenant := openStorage(t, emulator.ConnectionString), newTenant()
			p := a.at(t, start)
			a.fill(t, p, tenant, "u0", "u1")
			e, err := p.people.EraseOrganization(t.Context(), caller.Caller{Tenant: tenant, User: "u0", Admin: true})
			must(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			pages := 0
			stopping := watched{a.records, func(string) {
				if pages++; pages > stopAt {
					cancel()
				}
			}}
			if _, err := a.at(t, start, stopping, a.specs).eradicator.Run(ctx, e.ID); err == nil {
				t.Fatal("the run was stopped and reports no error")
			}
			if len(a.holds(t, tenant)) == 0 {
				t.Fatal("nothing was left after half an erasure")
			}
			for _, later := range []time.Duration{time.Second, time.Hour} {
				_, err := a.at(t, start.Add(later)).eradicator.Run(t.Context(), e.ID)
				must(t, err)
			}
			if left := a.holds(t, tenant); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
			receipt, err := a.records.Erasure(t.Context(), e.ID)
			must(t, err)
			want := map[erasure.Kind]int{
				erasure.Sessions: 2, erasure.Users: 2, erasure.Schedules: 2, erasure.BulkEdits: 2, erasure.Images: 198,
				erasure.Tabs: 2, erasure.Presets: 2, erasure.Files: 4, erasure.Properties: 2,
				erasure.Bookkeeping: 2 * (bulk.Shares + 1 + 1),
			}
			if diff := cmp.Diff(want, receipt.Counts); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
		})
	}
}

// watched calls taken after each page was counted.
type watched struct {
	org.Eraser
	taken func(place string)
}

func (e watched) Erase(ctx context.Context, scope erasure.Scope, last bool, ledger erasure.Ledger) error {
	return e.Eraser.Erase(ctx, scope, last, watchedLedger{ledger, e.taken})
}

type watchedLedger struct {
	erasure.Ledger
	taken func(place string)
}

func (l watchedLedger) Take(ctx context.Context, place string, records []erasure.Record) error {
	defer l.taken(place)
	return l.Ledger.Take(ctx, place, records)
}

// oneImage asks for a bulk edit.
var oneImage = bulk.Request{Recipe: noRecipe, Source: bulk.Source{Images: []bulk.ImageRef{{Drive: "d", Item: "i"}}}}

// settledRun carries an erasure to its end.
func (a storage) settledRun(t *testing.T, id string) {
	t.Helper()
	if again, err := a.at(t, start.Add(settle+time.Second)).eradicator.Run(t.Context(), id); err != nil || again >= 0 {
		t.Fatalf("the last run = %v, %v, want the end", again, err)
	}
}

func TestABulkEditThatIsJustBeingMadeIsErasedWithItsUser(t *testing.T) {
	t.Parallel()
	t.Run("while another of theirs is erased", func(t *testing.T) {
		t.Parallel()
		a, tenant := openStorage(t, emulator.ConnectionString), newTenant()
		p, who := a.at(t, start), caller.Caller{Tenant: tenant, User: newTenant()}
		_, err := p.jobs.Submit(t.Context(), who, oneImage)
		must(t, err)
		e, err := p.people.EraseUser(t.Context(), who)
		must(t, err)
		submitted := false
		during := watched{a.records, func(place string) {
			if place == "ImageProBulkEdits" && !submitted {
				submitted = true
				_, err := p.jobs.Submit(t.Context(), who, oneImage)
				must(t, err)
			}
		}}
		_, err = a.at(t, start, during, a.specs).eradicator.Run(t.Context(), e.ID)
		must(t, err)
		a.settledRun(t, e.ID)
		if left := a.holds(t, who.User); len(left) != 0 || !submitted {
			t.Errorf("left: %v", left)
		}
	})
	t.Run("when it stands in the index alone", func(t *testing.T) {
		t.Parallel()
		a, tenant := openStorage(t, emulator.ConnectionString), newTenant()
		p, who := a.at(t, start), caller.Caller{Tenant: tenant, User: newTenant()}
		e, err := p.people.EraseUser(t.Context(), who)
		must(t, err)
		var once sync.Once
		behind, stop, err := azurite.Behind(a.connection, "Table", func(
			emulator http.Handler, w http.ResponseWriter, r *http.Request,
		) {
			if strings.HasSuffix(r.URL.Path, "/$batch") { // of the bulk edit's own records
				once.Do(func() {
					if _, err := p.eradicator.Run(r.Context(), e.ID); err != nil {
						t.Error(err)
					}
				})
			}
			emulator.ServeHTTP(w, r)
		})
		must(t, err)
		t.Cleanup(stop)
		_, err = openStorage(t, behind).at(t, start).jobs.Submit(t.Context(), who, oneImage)
		must(t, err)
		a.settledRun(t, e.ID)
		if left := a.holds(t, who.User); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestARepeatOpensABulkEditWhoseFirstTryDied(t *testing.T) {
	t.Parallel()
	a, who := openStorage(t, emulator.ConnectionString), caller.Caller{Tenant: newTenant(), User: "u"}
	ctx, cancel := context.WithCancel(t.Context())
	behind, stop, err := azurite.Behind(a.connection, "Table", func(
		emulator http.Handler, w http.ResponseWriter, r *http.Request,
	) {
		if strings.HasSuffix(r.URL.Path, "/$batch") {
			cancel()
			return
		}
		emulator.ServeHTTP(w, r)
	})
	must(t, err)
	t.Cleanup(stop)
	request := oneImage
	request.Key = "once"
	if _, err := openStorage(t, behind).at(t, start).jobs.Submit(ctx, who, request); err == nil {
		t.Fatal("the first try did not die")
	}
	later := a.at(t, start.Add(2*time.Hour))
	for _, step := range []struct {
		submit func() error
		open   bool
	}{
		{func() error { return nil }, false},
		{func() error { _, err := later.jobs.Submit(t.Context(), who, request); return err }, true},
	} {
		must(t, step.submit())
		if open, err := later.jobs.Open(t.Context(), who.Tenant, who.User); err != nil || open != step.open {
			t.Errorf("Open = %v, %v, want %v", open, err, step.open)
		}
	}
}

func TestARunThatWasOvertakenLeavesWhatCameLater(t *testing.T) {
	t.Parallel()
	for _, stalls := range []string{"at its begin", "ImageProSessions", "ImageProPresets", "image-pro"} {
		t.Run(stalls, func(t *testing.T) {
			t.Parallel()
			a, tenant := openStorage(t, emulator.ConnectionString), newTenant()
			a.fill(t, a.at(t, start), tenant, "u")
			e, err := a.at(t, start).people.EraseOrganization(t.Context(),
				caller.Caller{Tenant: tenant, User: "u", Admin: true})
			must(t, err)
			late := a.at(t, start.Add(settle+time.Second))
			stalled := false
			// before anything of the place is deleted, the other run does all, and the organization is back
			stall := func(place string) {
				if place == stalls && !stalled {
					stalled = true
					a.settledRun(t, e.ID)
					a.fill(t, late, tenant, "u")
				}
			}
			slow := a.at(t, start.Add(settle+time.Second), atBegin{stall}, watched{a.records, stall},
				watched{a.specs, stall})
			if again, err := slow.eradicator.Run(t.Context(), e.ID); err != nil || again != time.Minute {
				t.Errorf("the slow run = %v, %v, want that it has met another", again, err)
			}
			if now := len(a.holds(t, tenant)); now != 1+perUser || !stalled {
				t.Errorf("of %d records and blobs that came later there are %d", 1+perUser, now)
			}
		})
	}
}

// atBegin erases nothing.
type atBegin struct{ stall func(place string) }

func (e atBegin) Erase(context.Context, erasure.Scope, bool, erasure.Ledger) error {
	e.stall("at its begin")
	return nil
}

func TestFirstVisitsAtOnceMakeOneOrganization(t *testing.T) {
	t.Parallel()
	a, tenant := openStorage(t, emulator.ConnectionString), newTenant()
	var wg sync.WaitGroup
	for user := range 8 {
		p := a.at(t, start)
		wg.Go(func() {
			if err := p.signIn(t.Context(), tenant, fmt.Sprint(user)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all := a.holds(t, tenant); len(all) != 1+8+8 {
		t.Errorf("stored: %v, want an organization, 8 users and 8 sessions", all)
	}
}

func TestWhoeverComesBackWhileTheSweepRunsKeepsAllOrNothing(t *testing.T) {
	t.Parallel()
	a := ownStorage(t)
	var tenants []string
	for n := range 20 {
		tenant := fmt.Sprintf("tenant-%02d-", n)
		tenants = append(tenants, tenant)
		must(t, a.at(t, start.AddDate(-1, 0, 0)).signIn(t.Context(), tenant, "u"))
		must(
			t, a.specs.PutSource(t.Context(), bulk.Job{Ref: bulk.Ref{Tenant: tenant, Job: "j"}, User: "u"},
				bulk.Source{}))
	}
	a.sweep(t, start.Add(-days14-time.Hour)) // the grace begins, and is over at the start
	signedIn := make([]bool, len(tenants))
	var wg sync.WaitGroup
	sweeping, visiting := a.at(t, start), a.at(t, start)
	wg.Go(func() {
		if _, err := sweeping.sweeper.Sweep(t.Context(), start); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		for n := len(tenants) - 1; n >= 0; n-- { // from the end, so that the two meet
			err := visiting.signIn(t.Context(), tenants[n], "u")
			if signedIn[n] = err == nil; err != nil {
				wantKind(t, "the visit", err, fault.Busy)
			}
		}
	})
	wg.Wait()
	a.sweep(t, start.Add(time.Hour))
	for n, tenant := range tenants {
		want := 0
		if signedIn[n] {
			want = 4 // organization, user, session, blob
		}
		if all := a.holds(t, tenant); len(all) != want {
			t.Errorf("came back: %v, stored: %v", signedIn[n], all)
		}
	}
}

func must(t testing.TB, err error) {
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
