package tables_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/schedule"
)

func scheduleFor(tenant, user, id string) schedule.Schedule {
	return schedule.Schedule{
		Tenant:    tenant,
		User:      user,
		ID:        id,
		Next:      stamp,
		LastDue:   stamp.Add(-time.Hour),
		LastJob:   "j1",
		Since:     "j0",
		Problem:   &schedule.Problem{At: stamp, Kind: fault.SignIn, Message: "it's ü"},
		CreatedAt: stamp,
		ChangedAt: stamp,
		Plan: schedule.Plan{
			Name:        `Every "Monday" ü`,
			Start:       "2026-12-24T18:00:00",
			Rule:        "FREQ=WEEKLY",
			Zone:        "W. Europe Standard Time",
			OnlyChanged: true,
			Edit: bulk.Request{
				Recipe: json.RawMessage(`{"version":1}`), Save: bulk.Save{
					Target:     bulk.Copy,
					Name:       "{name}-x",
					Folder:     "F",
					OnConflict: bulk.Skip,
					OnChanged:  bulk.EditAgain,
				},
				Source: bulk.Source{
					Folder: &bulk.FolderSource{
						Drive:     "d",
						Item:      "root",
						Recursive: true,
						FolderFilter: bulk.FolderFilter{
							Depth:         2,
							Names:         []string{"*.jpg"},
							Types:         []string{"jpeg"},
							ChangedSince:  stamp,
							ChangedBefore: stamp.Add(time.Hour),
							MinBytes:      1,
							MaxBytes:      large,
						},
					}},
			},
		},
	}
}

func TestAScheduleComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	want, err := s.CreateSchedule(ctx, scheduleFor(tenant, "u", "1"))
	must(t, err)
	got, err := s.Schedule(ctx, tenant, "u", "1")
	must(t, err)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(bulk.Request{})); diff != "" || got.Version == "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, source := range map[string]bulk.Source{
		"images": {Images: []bulk.ImageRef{{Drive: "d", Item: "i"}}, Since: "j"},
		"properties": {Properties: &bulk.PropertyFilter{
			Drive:        "d",
			Folder:       "f",
			Tag:          "t",
			MissingAlt:   true,
			ChangedSince: stamp,
			ChangedBy:    "u",
		}},
		"job": {Job: &bulk.JobSource{Job: "j", States: []bulk.ItemState{bulk.Broken}}},
	} {
		want.Edit.Source, want.Problem, want.Paused = source, nil, true
		want, err = s.UpdateSchedule(ctx, want)
		must(t, err)
		got, err := s.Schedule(ctx, tenant, "u", "1")
		must(t, err)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(bulk.Request{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	old := want
	old.Version = `W/"datetime'2020-01-01T00%3A00%3A00.0000000Z'"`
	old.Name = "other"
	_, err = s.UpdateSchedule(ctx, old)
	wantKind(t, "an update of an old version", err, fault.Conflict)
	must(t, s.DeleteSchedule(ctx, tenant, "u", "1", want.Version))
	must(t, s.DeleteSchedule(ctx, tenant, "u", "1", "*")) // gone is no fault
	_, err = s.Schedule(ctx, tenant, "u", "1")
	wantKind(t, "a deleted schedule", err, fault.NotFound)
}

func TestWhatIsDueIsFoundOverAllTenants(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	due := func() []string {
		t.Helper()
		var found []string
		must(t, s.Due(ctx, stamp, func(one schedule.Schedule) bool {
			found = append(found, one.Tenant+one.User+one.ID)
			return true
		}))
		slices.Sort(found)
		return found
	}
	if found := due(); len(found) != 0 { // there is no table yet
		t.Errorf("due: %v", found)
	}
	for _, c := range []struct {
		tenant, id string
		next       time.Time
		paused     bool
	}{
		{"a", "now", stamp, false}, {"b", "before", stamp.AddDate(-1, 0, 0), false},
		{"a", "later", stamp.Add(time.Millisecond), false},
		{"a", "never", time.Time{}, false}, {"b", "paused", stamp, true},
	} {
		one := scheduleFor(c.tenant, "u", c.id)
		one.Next, one.Paused = c.next, c.paused
		_, err := s.CreateSchedule(ctx, one)
		must(t, err)
	}
	if found, want := due(), []string{"aunow", "bubefore"}; !slices.Equal(found, want) {
		t.Errorf("due: %v, want %v", found, want)
	}
	must(t, s.Erase(ctx, erasure.Scope{Tenant: "b"}, true, uncounted))
	if found, want := due(), []string{"aunow"}; !slices.Equal(found, want) {
		t.Errorf("due after an erasure: %v, want %v", found, want)
	}
}

func TestSchedulesAreThoseOfTheUser(t *testing.T) {
	t.Parallel()
	s, tenant := open(t)
	ctx := t.Context()
	for _, user := range []string{"u", "u-", "v"} {
		_, err := s.CreateSchedule(ctx, scheduleFor(tenant, user, "1"))
		must(t, err)
	}
	all, err := s.SchedulesOf(ctx, tenant, "u")
	if err != nil || len(all) != 1 || all[0].User != "u" {
		t.Errorf("schedules of u: %+v, %v", all, err)
	}
	must(t, s.Erase(ctx, erasure.Scope{Tenant: tenant, User: "u"}, true, uncounted))
	for user, want := range map[string]int{"u": 0, "u-": 1, "v": 1} {
		if all, err := s.SchedulesOf(ctx, tenant, user); err != nil || len(all) != want {
			t.Errorf("after the erasure of u, %s has %d, %v; want %d", user, len(all), err, want)
		}
	}
}
