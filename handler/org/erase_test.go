package org_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

// errKilled stands for the death of the process: what came before it has happened.
var errKilled = errors.New("the process died here")

// runs carries an erasure out as its messages would, each run in a new process, and moves the clock on when a
// run asks for that. It returns how many runs that took.
func (w *world) runs(id string) int {
	w.t.Helper()
	for n := 1; n <= 100; n++ {
		again, err := w.eradicator().Run(w.t.Context(), id)
		if err != nil && !errors.Is(err, errKilled) {
			w.t.Fatal(err)
		}
		if err == nil && again < 0 {
			return n
		}
		w.now = w.now.Add(max(again, 0))
	}
	w.t.Fatal("the erasure did not come to its end in 100 runs")
	return 0
}

// populated is a world with two users of one tenant and one of another, with data of both.
func populated(t *testing.T) (w *world, data, files *store) {
	w = newWorld(t)
	data = newStore("data", erasure.Images, slices.Concat(keysOf("t", "u", 25), keysOf("t", "v", 25), keysOf("other", "u", 5))...)
	files = newStore("files", erasure.Files, slices.Concat(keysOf("t", "u", 3), keysOf("t", "v", 3), keysOf("other", "u", 3))...)
	w.erasers = []org.Eraser{data, files}
	for _, key := range []string{"t u", "t v", "other u"} {
		tenant, user, _ := strings.Cut(key, " ")
		w.users.set(org.User{Tenant: tenant, ID: user, State: org.Active, Profile: anna})
	}
	for _, tenant := range []string{"t", "other"} {
		w.organizations.set(org.Organization{Tenant: tenant, State: org.Active, LastActive: start})
	}
	return w, data, files
}

func TestErasingAUserErasesThatUserAlone(t *testing.T) {
	t.Parallel()
	w, data, files := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	if u := w.users.all["t/u"]; u.State != org.Erasing || u.Profile != (org.Profile{}) || u.Erasure != e.ID {
		t.Errorf("the mark is %+v", u)
	}
	if want := []string{`erasures {"erasure":"e1"} 0s`}; !slices.Equal(w.sent, want) {
		t.Errorf("sent %q, want %q", w.sent, want)
	}
	again, err := w.eradicator().Run(t.Context(), e.ID)
	if err != nil || again != w.settle+time.Second {
		t.Errorf("the first run = %v, %v, want to be asked again when all is settled", again, err)
	}
	if len(data.keys) != 30 || len(files.keys) != 6 || w.users.all["t/u"].State != org.Erasing {
		t.Errorf("left after the first run: %d and %d, user %+v", len(data.keys), len(files.keys), w.users.all["t/u"])
	}
	_, err = in(t, w.service(), who)
	wantKind(t, "a sign-in before all is settled", err, fault.Busy)
	data.keys["t/u/late"] = true // of a request that had been under way
	w.runs(e.ID)
	if len(data.keys) != 30 || len(w.users.all) != 2 || w.organizations.all["t"].State != org.Active {
		t.Errorf("left: %d, users %v, organizations %v", len(data.keys), w.users.all, w.organizations.all)
	}
	receipt, err := w.service().Receipt(t.Context(), e.ID)
	must(t, err)
	want := org.Erasure{
		ID: "e1", Subject: org.OfUser, Reason: "requested", Begun: start, Marked: start, Done: w.now, Version: receipt.Version,
		Counts: map[erasure.Kind]int{erasure.Images: 26, erasure.Files: 3},
	}
	if diff := cmp.Diff(want, receipt); diff != "" {
		t.Errorf("the receipt (-want +got):\n%s", diff)
	}
	if want := (erasure.Scope{Tenant: "t", User: "u"}); !slices.Contains(w.cancelled, want) || slices.ContainsFunc(w.cancelled, func(s erasure.Scope) bool { return s != want }) {
		t.Errorf("cancelled: %v", w.cancelled)
	}
	_, err = in(t, w.service(), who)
	must(t, err) // may come again, as somebody new
}

func TestOnlyAnAdministratorErasesTheOrganization(t *testing.T) {
	t.Parallel()
	w, data, files := populated(t)
	_, err := w.service().EraseOrganization(t.Context(), who)
	wantKind(t, "EraseOrganization by a member", err, fault.Forbidden)
	if len(w.erasures.all) != 0 || w.organizations.all["t"].State != org.Active {
		t.Fatalf("begun: %v", w.erasures.all)
	}
	admin := who
	admin.Admin = true
	other, err := w.service().EraseUser(t.Context(), who) // and its own user asks as well, before
	must(t, err)
	e, err := w.service().EraseOrganization(t.Context(), admin)
	must(t, err)
	for range 3 {
		repeat, err := w.service().EraseOrganization(t.Context(), admin)
		if err != nil || repeat.ID != e.ID {
			t.Errorf("a repeat = %+v, %v, want the same erasure", repeat, err)
		}
	}
	w.runs(e.ID)
	delete(w.users.all, "t/u") // the table's eraser takes users with all else; this world's does not
	delete(w.users.all, "t/v")
	if len(data.keys) != 5 || len(files.keys) != 3 || len(w.organizations.all) != 1 {
		t.Errorf("left: %d and %d, organizations %v", len(data.keys), len(files.keys), w.organizations.all)
	}
	for _, id := range []string{e.ID, other.ID} {
		if receipt := w.erasures.all[id]; receipt.Done.IsZero() || receipt.Scope != (erasure.Scope{}) || receipt.Through != nil {
			t.Errorf("the receipt %s still names its subject, or is not done: %+v", id, receipt)
		}
	}
	w.runs(other.ID) // a late message
}

// points are where a process may die in a run. Each arms one death and returns what to call before it.
func points() map[string]func(w *world, data *store, die func() error) {
	once := func(die func() error) func([]string) error {
		armed := true
		return func([]string) error {
			if armed {
				armed = false
				return die()
			}
			return nil
		}
	}
	return map[string]func(w *world, data *store, die func() error){
		"before a page is counted": func(_ *world, data *store, die func() error) { data.onTake = once(die) },
		"in the middle of a page":  func(_ *world, data *store, die func() error) { data.onRemove = once(die) },
		"after the last page": func(w *world, _ *store, die func() error) {
			last := newStore("last", erasure.Files)
			kill := once(die)
			w.erasers = append(w.erasers, eraserFunc(func(ctx context.Context, scope erasure.Scope, take erasure.Take) error {
				if err := kill(nil); err != nil {
					return err
				}
				return last.Erase(ctx, scope, take)
			}))
		},
		"when the ledger is written": func(w *world, _ *store, die func() error) {
			kill := once(die)
			w.erasures.before = func(org.Erasure) {
				if kill(nil) != nil {
					w.erasures.fail = errKilled
				}
			}
		},
	}
}

type eraserFunc func(ctx context.Context, scope erasure.Scope, take erasure.Take) error

func (f eraserFunc) Erase(ctx context.Context, scope erasure.Scope, take erasure.Take) error {
	return f(ctx, scope, take)
}

func TestADeathAtAnyPointLosesAndCountsNothingTwice(t *testing.T) {
	t.Parallel()
	for name, arm := range points() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, data, files := populated(t)
			e, err := w.service().EraseUser(t.Context(), who)
			must(t, err)
			deaths := 0
			arm(w, data, func() error { deaths++; return errKilled })
			for range 3 {
				_, _ = w.eradicator().Run(t.Context(), e.ID)
				w.erasures.fail = nil
			}
			w.runs(e.ID)
			if deaths != 1 {
				t.Fatalf("died %d times, want once", deaths)
			}
			if len(data.keys) != 30 || len(files.keys) != 6 {
				t.Errorf("left: %d and %d", len(data.keys), len(files.keys))
			}
			if diff := cmp.Diff(map[erasure.Kind]int{erasure.Images: 25, erasure.Files: 3}, w.erasures.all[e.ID].Counts); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADeathBetweenTheMarkAndTheReceiptHarmsNobodyWhoCameBack(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	_, err = w.eradicator().Run(t.Context(), e.ID)
	must(t, err)
	w.now = w.now.Add(time.Hour)
	w.erasures.before = func(org.Erasure) { w.erasures.fail = errKilled } // the mark has gone by then
	if _, err := w.eradicator().Run(t.Context(), e.ID); !errors.Is(err, errKilled) {
		t.Fatalf("the run ended with %v, want its death", err)
	}
	w.erasures.fail = nil
	if _, there := w.users.all["t/u"]; there {
		t.Fatal("the mark is still there")
	}
	_, err = in(t, w.service(), who)
	must(t, err)
	data.keys["t/u/new"] = true
	w.runs(e.ID)
	if !data.keys["t/u/new"] || w.users.all["t/u"].State != org.Active {
		t.Error("what came after the erasure was erased")
	}
	if receipt := w.erasures.all[e.ID]; receipt.Done.IsZero() || receipt.Scope != (erasure.Scope{}) {
		t.Errorf("the receipt is %+v", receipt)
	}
}

func TestADeathBeforeTheMarkErasesNothing(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	w.users.fail = errKilled
	if _, err := w.service().EraseUser(t.Context(), who); !errors.Is(err, errKilled) {
		t.Fatalf("EraseUser = %v", err)
	}
	w.users.fail = nil
	w.runs("e1")
	if len(w.erasures.all) != 1 || len(data.keys) != 55 {
		t.Errorf("erasures %v, %d records: want nothing done yet", w.erasures.all, len(data.keys))
	}
	w.now = w.now.Add(2 * time.Hour)
	w.runs("e1")
	if len(w.erasures.all) != 0 || len(data.keys) != 55 || w.users.all["t/u"].State != org.Active {
		t.Errorf("erasures %v, %d records, user %+v: want the erasure dropped and nothing erased", w.erasures.all, len(data.keys), w.users.all["t/u"])
	}
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	w.runs(e.ID)
	if len(data.keys) != 30 {
		t.Errorf("left: %d", len(data.keys))
	}
}

func TestALostMessageOrRecordIsMadeUpForByARepeat(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	w.sent = nil
	delete(w.erasures.all, e.ID)
	repeat, err := w.service().EraseUser(t.Context(), who)
	if err != nil || repeat.ID != e.ID || len(w.sent) != 1 {
		t.Fatalf("a repeat = %+v, %v, sent %q", repeat, err, w.sent)
	}
	w.runs(e.ID)
	if len(data.keys) != 30 {
		t.Errorf("left: %d", len(data.keys))
	}
}

func TestARunEndsBeforeItsDeadlineAndSaysWhenToGoOn(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	w.sent = nil
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second) // less than what a run leaves: one page each
	defer cancel()
	for n := 1; n <= 2; n++ {
		must(t, w.eradicator().Erase(ctx, org.ErasureMessage{Erasure: e.ID}))
		if left := len(data.keys); left != 55-10*n {
			t.Errorf("after %d runs %d records are left", n, left)
		}
	}
	if want := []string{`erasures {"erasure":"e1"} 0s`, `erasures {"erasure":"e1"} 0s`}; !slices.Equal(w.sent, want) {
		t.Errorf("sent %q, want %q", w.sent, want)
	}
	w.sent = nil
	must(t, w.eradicator().Erase(t.Context(), org.ErasureMessage{Erasure: e.ID}))
	if want := []string{`erasures {"erasure":"e1"} 5m1s`}; !slices.Equal(w.sent, want) {
		t.Errorf("sent %q, want %q", w.sent, want)
	}
	w.sent = nil
	w.now = w.now.Add(time.Hour)
	for range 2 {
		must(t, w.eradicator().Erase(t.Context(), org.ErasureMessage{Erasure: e.ID}))
	}
	must(t, w.eradicator().Erase(t.Context(), org.ErasureMessage{Erasure: "nosuch"}))
	must(t, w.eradicator().GiveUp(t.Context(), org.ErasureMessage{Erasure: e.ID}))
	if len(w.sent) != 0 || w.erasures.all[e.ID].Done.IsZero() {
		t.Errorf("sent %q, %+v, want the end", w.sent, w.erasures.all[e.ID])
	}
}

func TestTwoRunsOfOneErasureAtOnceCountEverythingOnce(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	met := false
	data.onTake = func([]string) error {
		if met {
			return nil
		}
		met = true
		_, err := w.eradicator().Run(t.Context(), e.ID) // another run comes between, and takes all
		return err
	}
	again, err := w.eradicator().Run(t.Context(), e.ID)
	if err != nil || again != time.Minute {
		t.Errorf("the run that met another = %v, %v, want to look again in a minute", again, err)
	}
	w.runs(e.ID)
	if diff := cmp.Diff(map[erasure.Kind]int{erasure.Images: 25, erasure.Files: 3}, w.erasures.all[e.ID].Counts); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}

func TestAFailingStoreFailsTheRun(t *testing.T) {
	t.Parallel()
	w, data, files := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	broken := fault.New(fault.Busy, "Broken.", nil)
	data.onTake = func([]string) error { return broken }
	if err := w.eradicator().Erase(t.Context(), org.ErasureMessage{Erasure: e.ID}); !errors.Is(err, broken) {
		t.Errorf("Erase = %v, want the store's fault", err)
	}
	if files.calls != 0 || w.users.all["t/u"].State != org.Erasing {
		t.Errorf("%d calls of the next store, user %+v", files.calls, w.users.all["t/u"])
	}
}

func TestTheSweepGivesAGraceAndThenErases(t *testing.T) {
	t.Parallel()
	w, data, files := populated(t)
	for tenant, ago := range map[string]time.Duration{"t": days90 + time.Hour, "at": days90, "other": 0} {
		w.organizations.set(org.Organization{Tenant: tenant, State: org.Active, LastActive: start.Add(-ago)})
	}
	if done := w.sweep(); done != (org.Swept{Graces: 1}) {
		t.Errorf("the first sweep: %+v", done)
	}
	if o := w.organizations.all["t"]; o.State != org.Grace || !o.EraseAt.Equal(start.Add(days14)) || o.EraseAt.Location() != time.UTC {
		t.Errorf("the organization is %+v", o)
	}
	for _, step := range []struct {
		at   time.Duration
		want org.Swept
	}{
		{days14 - time.Second, org.Swept{Graces: 1}}, // at
		{days14, org.Swept{Begun: 1}},
		{days14 + time.Hour, org.Swept{Erased: 1}},
		{days14 + 2*time.Hour, org.Swept{}},
	} {
		w.now = start.Add(step.at)
		if done := w.sweep(); done != step.want {
			t.Errorf("after %v: %+v, want %+v", step.at, done, step.want)
		}
	}
	if len(data.keys) != 5 || len(files.keys) != 3 {
		t.Errorf("left: %d and %d", len(data.keys), len(files.keys))
	}
	receipt := w.erasures.all["e1"]
	if receipt.Reason != "not used since 2025-12-01" || receipt.Counts[erasure.Images] != 50 || receipt.Scope != (erasure.Scope{}) {
		t.Errorf("the receipt is %+v", receipt)
	}
	if want := []string{`erasures {"erasure":"e1"} 5m1s`}; !slices.Equal(w.sent, want) {
		t.Errorf("sent %q, want %q", w.sent, want)
	}
}

func TestWithoutAGraceTheErasureBeginsAtOnce(t *testing.T) {
	t.Parallel()
	w, _, _ := populated(t)
	w.grace = 0
	w.organizations.set(org.Organization{Tenant: "t", State: org.Active, LastActive: start.Add(-days90 - 1)})
	if done := w.sweep(); done != (org.Swept{Begun: 1}) {
		t.Errorf("swept: %+v", done)
	}
}

func TestWhoComesBackDuringTheSweepKeepsEverything(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]org.Organization{
		"before the grace":   {State: org.Active, LastActive: start.Add(-days90 - 1)},
		"at the grace's end": {State: org.Grace, LastActive: start.Add(-days90 - days14), EraseAt: start.Add(-1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, data, _ := populated(t)
			state.Tenant = "t"
			w.organizations.set(state)
			w.organizations.before = func(org.Organization) { must(t, w.service().Enter(t.Context(), "t")) }
			if done := w.sweep(); done != (org.Swept{}) {
				t.Errorf("swept: %+v, want nothing", done)
			}
			if o := w.organizations.all["t"]; o.State != org.Active || len(data.keys) != 55 || len(w.erasures.all) != 0 {
				t.Errorf("organization %+v, %d records, erasures %v", o, len(data.keys), w.erasures.all)
			}
		})
	}
}

func TestTheSweepHealsAMarkWithoutItsErasure(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	w.organizations.set(org.Organization{Tenant: "t", State: org.Erasing, Erasure: "lost", LastActive: start.Add(-days90)})
	w.sweep()
	w.now = w.now.Add(time.Hour)
	w.sweep()
	if len(data.keys) != 5 || w.organizations.all["t"].Tenant != "" {
		t.Errorf("left: %d, %+v", len(data.keys), w.organizations.all["t"])
	}
}

func TestOneOrganizationThatCannotBeErasedStopsNoOther(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	w.grace = 0
	for _, tenant := range []string{"t", "other"} {
		w.organizations.set(org.Organization{Tenant: tenant, State: org.Active, LastActive: start.Add(-days90 - 1)})
	}
	broken := errors.New("broken")
	data.onTake = func(page []string) error {
		if strings.HasPrefix(page[0], "other/") {
			return broken
		}
		return nil
	}
	_, err := w.sweeper().Sweep(t.Context(), w.clock())
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "1 erasures could not go on") {
		t.Errorf("Sweep = %v", err)
	}
	w.now = w.now.Add(time.Hour)
	_, err = w.sweeper().Sweep(t.Context(), w.clock())
	if !errors.Is(err, broken) || len(data.keys) != 5 || w.organizations.all["t"].Tenant != "" || w.organizations.all["other"].State != org.Erasing {
		t.Errorf("the next Sweep = %v, %d records, organizations %v", err, len(data.keys), w.organizations.all)
	}
}

func TestASweepThatHasNoTimeLeavesTheRestToMessages(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	w.sent = nil
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := w.sweeper().Sweep(ctx, w.clock()); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(`erasures {"erasure":"%s"} 0s`, e.ID); len(data.keys) != 55 || !slices.Equal(w.sent, []string{want}) {
		t.Errorf("%d records, sent %q, want %q", len(data.keys), w.sent, want)
	}
}

func TestReceiptsGoAfterAYear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.erasures.set(org.Erasure{ID: "old", Done: start.Add(-org.ReceiptLife - time.Second)})
	w.erasures.set(org.Erasure{ID: "young", Done: start.Add(-org.ReceiptLife + time.Second)})
	if done := w.sweep(); done != (org.Swept{Receipts: 1}) || w.erasures.all["young"].ID == "" {
		t.Errorf("swept %+v, left %v", done, w.erasures.all)
	}
}

func TestSessionsThatNoWorkNeedsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for user, ago := range map[string]time.Duration{"old": days30 + 1, "needed": days30 + 1, "parked": days30 + 1, "young": days30} {
		state := org.SessionReady
		if user == "parked" {
			state = org.SessionParked
		}
		w.sessions.set(org.Session{Tenant: "t", User: user, State: state, SavedAt: start.Add(-ago)})
	}
	w.open = func(tenant, user string) bool { return tenant == "t" && user == "needed" }
	if done := w.sweep(); done != (org.Swept{Dropped: 2}) {
		t.Errorf("swept %+v", done)
	}
	if _, old := w.sessions.all["t/old"]; old || len(w.sessions.all) != 2 {
		t.Errorf("left: %v", w.sessions.all)
	}
}

func TestTheSweepSealsSessionsWithThePresentKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, user := range []string{"a", "b", "c"} {
		w.sessions.set(org.Session{Tenant: "t", User: user, State: org.SessionReady, KeyID: "old", SavedAt: start})
	}
	w.reseal = func(s org.Session) (org.Session, bool) {
		if s.KeyID == "new" {
			return s, false
		}
		s.KeyID = "new"
		return s, true
	}
	w.sessions.before = func(s org.Session) { // its user signs in at this moment
		w.sessions.set(org.Session{Tenant: s.Tenant, User: s.User, State: org.SessionReady, KeyID: "newest", SavedAt: start})
	}
	if done := w.sweep(); done != (org.Swept{Resealed: 2}) || w.sessions.all["t/a"].KeyID != "newest" {
		t.Errorf("swept %+v: %v", done, w.sessions.all)
	}
}
