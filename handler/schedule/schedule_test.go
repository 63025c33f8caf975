package schedule_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/schedule"
)

func plan(start, rule string) schedule.Plan {
	return schedule.Plan{
		Name:  "Every Monday",
		Start: start,
		Rule:  rule,
		Zone:  "Europe/Berlin",
		Edit: bulk.Request{Recipe: json.RawMessage(`{"version":1}`),
			Source: bulk.Source{Folder: &bulk.FolderSource{Drive: "d", Item: "root"}}},
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func (w *world) create(t *testing.T, p schedule.Plan) schedule.Schedule {
	t.Helper()
	return must[schedule.Schedule](t)(w.service().Create(t.Context(), adele, p))
}

func (w *world) one(t *testing.T, id string) schedule.Schedule {
	t.Helper()
	return must[schedule.Schedule](t)(w.service().Get(t.Context(), adele, id))
}

func TestWhatIsDueStartsOnceAndThenTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	s := w.create(t, plan("2026-12-07T02:00:00", "FREQ=WEEKLY"))
	for _, step := range []struct {
		now     string
		started int
	}{
		{"2026-12-07T00:59:59Z", 0},
		{"2026-12-07T01:00:00Z", 1},
		{"2026-12-07T01:05:00Z", 0},
		{"2026-12-14T01:03:00Z", 1},
		{"2027-01-12T01:00:00Z", 1}, // four were missed: it is made up for once
		{"2027-01-12T01:05:00Z", 0},
	} {
		if done := w.at(t, step.now); done.Started != step.started || done.Waiting+done.Failed != 0 {
			t.Errorf("%s: %+v, want %d started", step.now, done, step.started)
		}
		w.end()
	}
	now := w.one(t, s.ID)
	if now.LastJob != "job3" || now.LastDue.Format(time.RFC3339) != "2026-12-21T01:00:00Z" ||
		now.Next.Format(time.RFC3339) != "2027-01-18T01:00:00Z" || now.Problem != nil {
		t.Errorf("the schedule is %+v", now)
	}
}

func TestOnlyWhatIsNewSinceTheLastOneThatLookedAtAllIsEdited(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	p := plan("2026-12-07T02:00:00", "FREQ=DAILY")
	p.OnlyChanged = true
	w.create(t, p)
	for day, planned := range []bool{true, false, true, true} { // the second was cancelled while it looked
		w.at(t, fmt.Sprintf("2026-12-%02dT01:00:00Z", 7+day))
		w.end()
		for key, job := range w.jobs {
			if job.Job == fmt.Sprint("job", day+1) {
				job.Place.End = planned
				w.jobs[key] = job
			}
		}
	}
	var since []string
	for _, r := range w.requests {
		since = append(since, r.Source.Since)
	}
	if want := []string{"", "job1", "job1", "job3"}; !slices.Equal(since, want) {
		t.Errorf("since %q, want %q", since, want)
	}
}

func TestOneStartIsMadeUpForAfterDowntimeAndThenOver(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	s := w.create(t, plan("2026-12-07T02:00:00", ""))
	if done := w.at(t, "2026-12-09T00:00:00Z"); done.Started != 1 {
		t.Errorf("%+v, want one started", done)
	}
	w.end()
	if done := w.at(t, "2026-12-10T00:00:00Z"); done != (schedule.Started{}) || !w.one(t, s.ID).Next.IsZero() {
		t.Errorf("afterwards %+v, next %v", done, w.one(t, s.ID).Next)
	}
}

func TestAProcessThatDiesAfterTheStartStartsTheSameOne(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	s := w.create(t, plan("2026-12-07T02:00:00", "FREQ=DAILY"))
	w.now, w.dying = w.now.AddDate(0, 0, 6).Add(2*time.Hour), true
	if _, err := schedule.NewStarter(w.options()).Start(t.Context()); err == nil {
		t.Error("the death is not told")
	}
	w.dying = false
	if done := w.at(t, "2026-12-07T03:00:00Z"); done.Started != 1 || len(w.jobs) != 1 {
		t.Errorf("%+v, %d bulk edits, want one", done, len(w.jobs))
	}
	if now := w.one(t, s.ID); now.LastJob != "job1" {
		t.Errorf("the last one is %q", now.LastJob)
	}
}

func TestTwoTimersStartOne(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	w.create(t, plan("2026-12-07T02:00:00", "FREQ=DAILY"))
	w.now = w.now.AddDate(0, 0, 7)
	ended := make(chan error)
	for range 4 {
		go func() {
			_, err := schedule.NewStarter(w.options()).Start(t.Context())
			ended <- err
		}()
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if len(w.jobs) != 1 {
		t.Errorf("%d bulk edits, want one", len(w.jobs))
	}
}

func TestTheNextWaitsForTheLast(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	w.create(t, plan("2026-12-07T02:00:00", "FREQ=HOURLY"))
	w.at(t, "2026-12-07T01:00:00Z")
	if done := w.at(t, "2026-12-07T02:00:00Z"); done.Waiting != 1 || done.Started != 0 {
		t.Errorf("while it goes on: %+v, want one waiting", done)
	}
	w.end()
	if done := w.at(t, "2026-12-07T02:30:00Z"); done.Started != 1 || len(w.jobs) != 2 {
		t.Errorf("after its end: %+v, want one started", done)
	}
}

func TestWhatCannotBeStartedIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuse, gone error
		kind         fault.Kind // of the problem that is told; empty for none
		due          bool       // it still is
	}{
		"the recipe is not taken any more": {refuse: fault.New(fault.Invalid, "No.", nil), kind: fault.Invalid},
		"too many bulk edits":              {refuse: fault.New(fault.TooLarge, "No.", nil), kind: fault.TooLarge},
		"a picture of the recipe is gone":  {refuse: fault.New(fault.NotFound, "No.", nil), kind: fault.NotFound},
		"the session is dead": {refuse: fault.New(fault.SignIn, "Sign in.", nil), kind: fault.SignIn,
			due: true},
		"a service is away":                 {refuse: fault.New(fault.Busy, "Later.", nil), due: true},
		"our own failure":                   {refuse: fault.New(fault.Internal, "Oh.", nil), due: true},
		"the user is erased at this moment": {gone: fault.New(fault.Busy, "Erased.", nil), due: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld("2026-12-01T00:00:00Z")
			s := w.create(t, plan("2026-12-07T02:00:00", "FREQ=DAILY"))
			w.refuse, w.gone = c.refuse, c.gone
			for range 2 {
				if done := w.at(t, "2026-12-07T01:00:00Z"); done.Started != 0 {
					t.Errorf("%+v, want none started", done)
				}
			}
			now := w.one(t, s.ID)
			if (now.Problem == nil) != (c.kind == "") || now.Problem != nil && now.Problem.Kind != c.kind {
				t.Errorf("the problem is %+v, want %q", now.Problem, c.kind)
			}
			if due := !now.Next.After(w.now); due != c.due {
				t.Errorf("next %v, want it due: %v", now.Next, c.due)
			}
			w.refuse, w.gone = nil, nil
			if done := w.at(t, "2026-12-08T01:00:00Z"); done.Started != 1 || w.one(t, s.ID).Problem != nil {
				t.Errorf("afterwards %+v, problem %+v", done, w.one(t, s.ID).Problem)
			}
		})
	}
}

func TestAPausedScheduleStartsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	s := w.create(t, plan("2026-12-07T02:00:00", "FREQ=DAILY"))
	paused := s.Plan
	paused.Paused = true
	s = must[schedule.Schedule](t)(w.service().Update(t.Context(), adele, s.ID, s.Version, paused))
	if done := w.at(t, "2026-12-09T01:30:00Z"); done != (schedule.Started{}) {
		t.Errorf("%+v, want nothing", done)
	}
	if needed := must[bool](t)(w.service().Works(t.Context(), "t", "u")); needed ||
		len(w.service().Upcoming(s, 3)) != 0 {
		t.Error("a paused schedule needs the session")
	}
	paused.Paused = false
	s = must[schedule.Schedule](t)(w.service().Update(t.Context(), adele, s.ID, s.Version, paused))
	if s.Next.Format(time.RFC3339) != "2026-12-10T01:00:00Z" { // what was missed in the pause stays so
		t.Errorf("next %v", s.Next)
	}
	if needed := must[bool](t)(w.service().Works(t.Context(), "t", "u")); !needed {
		t.Error("the schedule needs no session")
	}
}

func TestSchedulesAreTheirUsersAndAreListedByWhatIsDueFirst(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	late, soon := w.create(t, plan("2026-12-09T02:00:00", "")),
		w.create(t, plan("2026-12-07T02:00:00", "FREQ=DAILY;COUNT=2"))
	w.at(t, "2026-12-08T12:00:00Z")
	w.end()
	var got []string
	for _, s := range must[[]schedule.Schedule](t)(w.service().List(t.Context(), adele)) {
		got = append(got, s.ID)
	}
	if want := []string{late.ID, soon.ID}; !slices.Equal(got, want) { // the other one is over
		t.Errorf("listed %v, want %v", got, want)
	}
	for _, stranger := range []caller.Caller{{Tenant: "t", User: "v"}, {Tenant: "t2", User: "u"}} {
		_, err := w.service().Get(t.Context(), stranger, late.ID)
		_, changed := w.service().Update(t.Context(), stranger, late.ID, late.Version, late.Plan)
		if !fault.Is(err, fault.NotFound) || !fault.Is(changed, fault.NotFound) {
			t.Errorf("a stranger sees %v and changes with %v", err, changed)
		}
	}
}

func TestSchedulesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-10T00:00:00Z")
	for name, c := range map[string]struct {
		change func(*schedule.Plan)
		field  string
	}{
		"no name":     {func(p *schedule.Plan) { p.Name = " " }, "/name"},
		"a long name": {func(p *schedule.Plan) { p.Name = strings.Repeat("x", 129) }, "/name"},
		"over":        {func(p *schedule.Plan) { p.Start = "2026-12-09T00:00:00" }, "/start"},
		"no recipe":   {func(p *schedule.Plan) { p.Edit.Recipe = nil }, "/edit/recipe"},
		"no zone":     {func(p *schedule.Plan) { p.Zone = "" }, "/timeZone"},
	} {
		p := plan("2026-12-12T00:00:00", "")
		c.change(&p)
		_, err := w.service().Create(t.Context(), adele, p)
		if f := fault.From(err); err == nil || f.Kind != fault.Invalid || f.Field != c.field {
			t.Errorf("%s: %v, want invalid at %s", name, err, c.field)
		}
	}
	for range schedule.MaxOfUser {
		w.create(t, plan("2026-12-12T00:00:00", ""))
	}
	if _, err := w.service().Create(t.Context(), adele, plan("2026-12-12T00:00:00", "")); !fault.Is(err,
		fault.TooLarge) || !strings.Contains(err.Error(), "50") {
		t.Errorf("one too many: %v", err)
	}
	s := must[[]schedule.Schedule](t)(w.service().List(t.Context(), adele))[0]
	if _, err := w.service().Update(t.Context(), adele, s.ID, "old", s.Plan); !fault.Is(err, fault.Stale) {
		t.Errorf("an old version: %v, want stale", err)
	}
}

func TestARunEndsInTimeAndLeavesTheRestDue(t *testing.T) {
	t.Parallel()
	w := newWorld("2026-12-01T00:00:00Z")
	w.create(t, plan("2026-12-07T02:00:00", "FREQ=DAILY"))
	w.now = w.now.AddDate(0, 0, 7)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if done, err := schedule.NewStarter(w.options()).Start(ctx); err != nil || !done.Stopped || done.Started != 0 {
		t.Errorf("%+v, %v, want it stopped", done, err)
	}
}
