package org_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	data = newStore("data", erasure.Images,
		slices.Concat(keysOf("t", "u", 25), keysOf("t", "v", 25), keysOf("other", "u", 5))...)
	files = newStore("files", erasure.Files,
		slices.Concat(keysOf("t", "u", 3), keysOf("t", "v", 3), keysOf("other", "u", 3))...)
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
		ID:      "e1",
		Subject: org.OfUser,
		Reason:  "requested",
		Begun:   start,
		Marked:  start,
		Done:    w.now,
		Version: receipt.Version,
		Counts:  map[erasure.Kind]int{erasure.Images: 26, erasure.Files: 3},
	}
	if diff := cmp.Diff(want, receipt); diff != "" {
		t.Errorf("the receipt (-want +got):\n%s", diff)
	}
	if want := (erasure.Scope{Tenant: "t", User: "u"}); !slices.Contains(w.cancelled, want) ||
		slices.ContainsFunc(w.cancelled, func(
			s erasure.Scope,
		) bool {
			return s != want
		}) {
		t.Errorf("cancelled: %v", w.cancelled)
	}
	_, err = in(t, w.service(), who)
	must(t, err) // may come again, as somebody new
}

func TestOnlyAnAdministratorErasesTheOrganization(t *testing.T) {
	t.Parallel()
	w, data, files := populated(t)
	w.erasers = append(w.erasers, w.usersEraser())
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
	w.runs(other.ID) // whose mark went with the organization
	if len(data.keys) != 5 || len(files.keys) != 3 || len(w.organizations.all) != 1 {
		t.Errorf("left: %d and %d, organizations %v", len(data.keys), len(files.keys), w.organizations.all)
	}
	for _, id := range []string{e.ID, other.ID} {
		if receipt := w.erasures.all[id]; receipt.Done.IsZero() || receipt.Scope != (erasure.Scope{}) ||
			receipt.Through != nil {
			t.Errorf("the receipt %s still names its subject, or is not done: %+v", id, receipt)
		}
	}
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
			w.erasers = append(w.erasers,
				eraserFunc(func(ctx context.Context, scope erasure.Scope, final bool, ledger erasure.Ledger) error {
					if err := kill(nil); err != nil {
						return err
					}
					return last.Erase(ctx, scope, final, ledger)
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

type eraserFunc func(ctx context.Context, scope erasure.Scope, last bool, ledger erasure.Ledger) error

func (f eraserFunc) Erase(ctx context.Context, scope erasure.Scope, last bool, ledger erasure.Ledger) error {
	return f(ctx, scope, last, ledger)
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
			if diff := cmp.Diff(map[erasure.Kind]int{erasure.Images: 25, erasure.Files: 3},
				w.erasures.all[e.ID].Counts); diff != "" {
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
	var last func(org.Erasure)
	last = func(e org.Erasure) { // the mark has gone by then
		if w.erasures.before = last; !e.Done.IsZero() {
			w.erasures.fail = errKilled
		}
	}
	w.erasures.before = last
	if _, err := w.eradicator().Run(t.Context(), e.ID); !errors.Is(err, errKilled) {
		t.Fatalf("the run ended with %v, want its death", err)
	}
	w.erasures.fail, w.erasures.before = nil, nil
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
	again, err := w.eradicator().Run(t.Context(), "e1")
	if err != nil || again != time.Hour || len(w.erasures.all) != 1 || len(data.keys) != 55 {
		t.Errorf("Run = %v, %v, erasures %v, %d records: want nothing done yet", again, err, w.erasures.all,
			len(data.keys))
	}
	w.runs("e1")
	if len(w.erasures.all) != 0 || len(data.keys) != 55 || w.users.all["t/u"].State != org.Active {
		t.Errorf("erasures %v, %d records, user %+v: want the erasure dropped and nothing erased", w.erasures.all,
			len(data.keys), w.users.all["t/u"])
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
	if diff := cmp.Diff(map[erasure.Kind]int{erasure.Images: 25, erasure.Files: 3},
		w.erasures.all[e.ID].Counts); diff != "" {
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
	if o := w.organizations.all["t"]; o.State != org.Grace || !o.EraseAt.Equal(start.Add(days14)) ||
		o.EraseAt.Location() != time.UTC {
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
	if receipt.Reason != "not used since 2025-12-01" || receipt.Counts[erasure.Images] != 50 ||
		receipt.Scope != (erasure.Scope{}) {
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
			if o := w.organizations.all["t"]; o.State != org.Active || len(data.keys) != 55 ||
				len(w.erasures.all) != 0 {
				t.Errorf("organization %+v, %d records, erasures %v", o, len(data.keys), w.erasures.all)
			}
		})
	}
}

func TestTheSweepHealsAMarkWithoutItsErasure(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	w.organizations.set(org.Organization{
		Tenant:     "t",
		State:      org.Erasing,
		Erasure:    "lost",
		LastActive: start.Add(-days90),
	})
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
	if !errors.Is(err, broken) || len(data.keys) != 5 || w.organizations.all["t"].Tenant != "" ||
		w.organizations.all["other"].State != org.Erasing {
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
	swept, err := w.sweeper().Sweep(ctx, w.clock())
	if must(t, err); !swept.Stopped {
		t.Error("the run does not say that it was stopped")
	}
	if want := fmt.Sprintf(`erasures {"erasure":"%s"} 0s`, e.ID); len(data.keys) != 55 ||
		!slices.Equal(w.sent, []string{want}) {
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
	for user, ago := range map[string]time.Duration{
		"old":       days30 + 1,
		"needed":    days30 + 1,
		"scheduled": days30 + 1,
		"parked":    days30 + 1,
		"young":     days30,
	} {
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
	if _, old := w.sessions.all["t/old"]; old || len(w.sessions.all) != 3 {
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
		w.sessions.set(org.Session{
			Tenant:  s.Tenant,
			User:    s.User,
			State:   org.SessionReady,
			KeyID:   "newest",
			SavedAt: start,
		})
	}
	if done := w.sweep(); done != (org.Swept{Resealed: 2}) || w.sessions.all["t/a"].KeyID != "newest" {
		t.Errorf("swept %+v: %v", done, w.sessions.all)
	}
}

// interrupted puts an eraser among those of the world that does something once, in the first run after everything
// has settled.
func (w *world) interrupted(at int, meanwhile func()) {
	settled, done := w.now.Add(w.settle), false
	w.erasers = slices.Insert(w.erasers, at,
		org.Eraser(eraserFunc(func(context.Context, erasure.Scope, bool, erasure.Ledger) error {
			if !done && w.now.After(settled) {
				done = true
				meanwhile()
			}
			return nil
		})))
}

// overtaken lets a run be overtaken, after so many erasers, by one that does all that is left, after which
// something else happens. It returns what the slow one said.
func (w *world) overtaken(after int, id string, then func()) (again time.Duration, err error) {
	w.t.Helper()
	w.interrupted(after, func() {
		w.runs(id)
		then()
	})
	wait, err := w.eradicator().Run(w.t.Context(), id)
	must(w.t, err)
	w.now = w.now.Add(wait)
	return w.eradicator().Run(w.t.Context(), id)
}

func TestARunThatWasOvertakenHarmsNobodyWhoCameBack(t *testing.T) {
	t.Parallel()
	admin := who
	admin.Admin = true
	for name, begin := range map[string]func(*org.Service) (org.Erasure, error){
		"user":         func(s *org.Service) (org.Erasure, error) { return s.EraseUser(t.Context(), who) },
		"organization": func(s *org.Service) (org.Erasure, error) { return s.EraseOrganization(t.Context(), admin) },
	} {
		for after := range 3 {
			t.Run(fmt.Sprint(name, " after ", after), func(t *testing.T) {
				t.Parallel()
				w, data, files := populated(t)
				w.erasers = []org.Eraser{data, files, w.usersEraser()}
				e, err := begin(w.service())
				must(t, err)
				again, err := w.overtaken(after, e.ID, func() {
					_, err := in(t, w.service(), who)
					must(t, err)
					for _, key := range keysOf("t", "u", 7) {
						data.keys[key], files.keys[key] = true, true
					}
				})
				if err != nil || again != time.Minute {
					t.Errorf("the slow run = %v, %v, want that it has met another", again, err)
				}
				w.runs(e.ID)
				newer := func(keys map[string]bool) int {
					return len(
						slices.DeleteFunc(slices.Collect(maps.Keys(keys)), func(key string) bool {
							return !strings.HasPrefix(key, "t/u/")
						}))
				}
				if newer(data.keys) != 7 || newer(files.keys) != 7 || w.users.all["t/u"].State != org.Active {
					t.Errorf("of what came later there is: %d and %d of 7, %+v", newer(data.keys), newer(files.keys),
						w.users.all["t/u"])
				}
				if receipt := w.erasures.all[e.ID]; receipt.Done.IsZero() || receipt.Scope != (erasure.Scope{}) {
					t.Errorf("the receipt is %+v", receipt)
				}
			})
		}
	}
}

func TestOnlyWorkFromBeforeAllIsSettledIsCancelled(t *testing.T) {
	t.Parallel()
	w, _, _ := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	w.runs(e.ID)
	if want := start.Add(w.settle); !w.cancelledBefore.Equal(want) {
		t.Errorf("work from before %v was cancelled, want %v", w.cancelledBefore, want)
	}
}

func TestARunThatWasOvertakenLeavesALaterErasureAlone(t *testing.T) {
	t.Parallel()
	w, data, files := populated(t)
	w.erasers = []org.Eraser{data, files, w.usersEraser()}
	admin := who
	admin.Admin = true
	e, err := w.service().EraseOrganization(t.Context(), admin)
	must(t, err)
	var later org.Erasure
	_, err = w.overtaken(3, e.ID, func() {
		_, err := in(t, w.service(), who)
		must(t, err)
		later, err = w.service().EraseOrganization(t.Context(), admin)
		must(t, err)
	})
	must(t, err)
	if now := w.erasures.all[later.ID]; !now.Done.IsZero() || w.organizations.all["t"].Erasure != later.ID {
		t.Errorf("the later erasure is %+v", now)
	}
	w.runs(later.ID)
	_, err = in(t, w.service(), who)
	must(t, err)
}

// comesBack fails unless the user may sign in again, now or after what the clean-up does, and nothing is under way
// any more.
func (w *world) comesBack() {
	w.t.Helper()
	for range 2 {
		w.now = w.now.Add(24 * time.Hour)
		w.sweep()
	}
	_, err := in(w.t, w.service(), who)
	must(w.t, err)
	for _, e := range w.erasures.all {
		if e.Done.IsZero() || e.Scope != (erasure.Scope{}) {
			w.t.Errorf("still under way: %+v", e)
		}
	}
}

func TestAUserWhoAsksWhileTheOrganizationIsErasedIsNotLockedOut(t *testing.T) {
	t.Parallel()
	admin := who
	admin.Admin = true
	t.Run("after the users were erased", func(t *testing.T) {
		t.Parallel()
		w, data, files := populated(t)
		w.erasers = []org.Eraser{data, w.usersEraser(), files}
		e, err := w.service().EraseOrganization(t.Context(), admin)
		must(t, err)
		w.interrupted(2, func() {
			_, err := w.service().EraseUser(t.Context(), who)
			must(t, err)
		})
		w.runs(e.ID)
		w.comesBack()
	})
	t.Run("and the organization's erasure ends before the user is marked", func(t *testing.T) {
		t.Parallel()
		w, data, files := populated(t)
		w.erasers = []org.Eraser{data, files, w.usersEraser()}
		e, err := w.service().EraseOrganization(t.Context(), admin)
		must(t, err)
		w.users.before = func(org.User) { w.runs(e.ID) }
		_, err = w.service().EraseUser(t.Context(), who)
		must(t, err)
		w.comesBack()
	})
}

// answerLost says of one write that there was a conflict although it came through, as a repeat by an SDK does
// that did not hear of the first, and breaks what follows.
type answerLost struct {
	*world
	lost bool
}

func (a *answerLost) PutUser(ctx context.Context, u org.User) (org.User, error) {
	written, err := a.world.PutUser(ctx, u)
	if err == nil && !a.lost {
		a.lost = true
		return u, fault.New(fault.Conflict, "It was changed meanwhile.", nil)
	}
	return written, err
}

func (a *answerLost) User(ctx context.Context, tenant, id string) (org.User, error) {
	if a.lost {
		return org.User{}, errKilled
	}
	return a.world.User(ctx, tenant, id)
}

func (a *answerLost) PutOrganization(ctx context.Context, o org.Organization) (org.Organization, error) {
	written, err := a.world.PutOrganization(ctx, o)
	if err == nil && !a.lost {
		a.lost = true
		return o, fault.New(fault.Conflict, "It was changed meanwhile.", nil)
	}
	return written, err
}

func TestAMarkWhoseAnswerWasLostIsFollowed(t *testing.T) {
	t.Parallel()
	t.Run("user", func(t *testing.T) {
		t.Parallel()
		w, data, _ := populated(t)
		service := org.NewService(org.ServiceOptions{
			Organizations: w,
			Users:         &answerLost{world: w},
			Sessions:      w,
			Erasures:      w,
			Directory:     w,
			Exchanger:     w,
			Queue:         w,
			Now:           w.clock,
			NewID:         w.newID,
		})
		if _, err := service.EraseUser(t.Context(), who); !errors.Is(err, errKilled) {
			t.Fatalf("EraseUser = %v, want its death", err)
		}
		w.comesBack()
		if len(data.keys) != 30 {
			t.Errorf("left: %d", len(data.keys))
		}
	})
	t.Run("organization", func(t *testing.T) {
		t.Parallel()
		w, data, _ := populated(t)
		w.grace = 0
		w.organizations.set(org.Organization{Tenant: "t", State: org.Active, LastActive: start.Add(-days90 - 1)})
		o := w.sweeperOptions()
		o.Organizations = &answerLost{world: w}
		_, err := org.NewSweeper(o).Sweep(t.Context(), w.clock())
		must(t, err)
		if w.organizations.all["t"].Erasure == "" || len(w.erasures.all) != 1 {
			t.Fatalf("the organization is %+v, erasures %v", w.organizations.all["t"], w.erasures.all)
		}
		w.comesBack()
		if len(data.keys) != 5 {
			t.Errorf("left: %d", len(data.keys))
		}
	})
}

func TestTheSweepHealsAUsersMarkWithoutItsErasure(t *testing.T) {
	t.Parallel()
	for _, done := range []bool{false, true} {
		w, data, _ := populated(t)
		w.users.set(org.User{Tenant: "t", ID: "u", State: org.Erasing, Erasure: "lost"})
		if done {
			w.erasures.set(org.Erasure{ID: "lost", Subject: org.OfUser, Done: start})
		}
		w.comesBack()
		if receipt := w.erasures.all["lost"]; len(data.keys) != 30 || receipt.Counts[erasure.Images] != 25 {
			t.Errorf("left: %d, the receipt is %+v", len(data.keys), receipt)
		}
	}
}

func TestWhatComesLateIsCounted(t *testing.T) {
	t.Parallel()
	w, data, _ := populated(t)
	e, err := w.service().EraseUser(t.Context(), who)
	must(t, err)
	_, err = w.eradicator().Run(t.Context(), e.ID)
	must(t, err)
	data.keys["t/u/0003"] = true // again, and long before what was counted last
	w.runs(e.ID)
	if n := w.erasures.all[e.ID].Counts[erasure.Images]; n != 26 {
		t.Errorf("counted %d, want 26", n)
	}
}

func TestNoSessionIsLeftToWhoIsErased(t *testing.T) {
	t.Parallel()
	w, _, _ := populated(t)
	guard := org.Guard(w, w, w)
	left := org.Session{Tenant: "t", User: "u", State: org.SessionReady}
	must(t, guard.PutSession(t.Context(), left))
	w.users.set(org.User{Tenant: "t", ID: "u", State: org.Erasing, Erasure: "e"})
	wantKind(t, "a session of the user", guard.PutSession(t.Context(), left), fault.Busy)
	left.User = "v"
	must(t, guard.PutSession(t.Context(), left))
	w.organizations.set(org.Organization{Tenant: "t", State: org.Erasing, Erasure: "e"})
	wantKind(t, "a session in the organization", guard.PutSession(t.Context(), left), fault.Busy)
	left = org.Session{Tenant: "new", User: "u", State: org.SessionReady}
	must(t, guard.PutSession(t.Context(), left))
	if len(w.sessions.all) != 3 {
		t.Errorf("sessions: %v", w.sessions.all)
	}
}
