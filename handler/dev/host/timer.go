package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// timer fires a function by its schedule. Runs never overlap.
type timer struct {
	host *Host
	f    *function
	log  *slog.Logger
	zone *time.Location
	path string // of the status file; "" keeps the status in memory
	// monitor is off for schedules that fire more than once a minute, and where the binding says so: no past
	// due run, no status in the payload.
	monitor bool

	mu     sync.Mutex
	status status
}

// status is what the host keeps of a timer.
type status struct{ Last, Next, LastUpdated moment }

// moment is a time as .NET writes it, with the offset of its zone.
type moment struct{ time.Time }

const never = `"0001-01-01T00:00:00"`

func (m moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte(never), nil
	}
	return []byte(`"` + m.Format(dateTimeOffset) + `"`), nil
}

func (m *moment) UnmarshalJSON(text []byte) error {
	if string(text) == never {
		*m = moment{}
		return nil
	}
	return json.Unmarshal(text, &m.Time)
}

func newTimer(h *Host, f *function) (*timer, error) {
	t := &timer{host: h, f: f, log: h.log.With("function", f.name), zone: time.Local}
	if name := h.app.env["WEBSITE_TIME_ZONE"]; name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil {
			return nil, fmt.Errorf("host: WEBSITE_TIME_ZONE: %w", err)
		}
		t.zone = zone
	}
	t.monitor = f.timer.monitor && !frequent(f.timer.schedule, t.now())
	if t.monitor && h.options.StateDir != "" {
		t.path = filepath.Join(h.options.StateDir, "timers", f.name+".json")
	}
	return t, nil
}

// now is the present to the tenth of a microsecond, as .NET counts it.
func (t *timer) now() time.Time { return time.Now().In(t.zone).Truncate(100 * time.Nanosecond) }

// run fires until polling ends.
func (t *timer) run(polling, working context.Context) {
	now := t.now()
	pastDue, err := t.begin(now)
	if err != nil {
		t.log.Error("The status of the timer cannot be kept", "error", err)
	}
	switch {
	case pastDue:
		t.log.Warn("The timer is past due")
		t.fire(working, now, true, false)
	case t.f.timer.runOnStartup:
		t.fire(working, now, false, true)
	}
	for {
		if !sleepUntil(polling, t.present().Next.Time) {
			return
		}
		t.fire(working, t.now(), false, false)
	}
}

// sleepUntil waits for a time; the zero time never comes. It returns false if ctx ends before.
func sleepUntil(ctx context.Context, at time.Time) bool {
	var due <-chan time.Time
	if !at.IsZero() {
		wait := time.NewTimer(time.Until(at))
		defer wait.Stop()
		due = wait.C
	}
	select {
	case <-ctx.Done():
	case <-due:
	}
	return ctx.Err() == nil
}

func (t *timer) present() status {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status
}

// begin reads the status and reports whether a run was missed. A schedule that has changed since is no
// missed run.
func (t *timer) begin(now time.Time) (pastDue bool, err error) {
	first := t.f.timer.schedule.next
	fresh := status{Next: moment{first(now)}, LastUpdated: moment{now}}
	if !t.monitor {
		return false, t.keep(fresh)
	}
	stored, err := t.read()
	if err != nil || stored == nil {
		return false, errors.Join(err, t.keep(fresh))
	}
	from := stored.Last.Time
	if from.IsZero() {
		from = or(stored.LastUpdated, moment{now}).Time
	}
	expected := first(from.In(t.zone))
	if stored.Next.Equal(expected) {
		t.set(*stored)
		return now.After(expected), nil
	}
	if now.After(expected) {
		expected = first(now)
	}
	return false, t.keep(status{Next: moment{expected}, LastUpdated: moment{from}})
}

// fire runs the function once and works out the next time. Only the log and the counts know of a failure.
func (t *timer) fire(working context.Context, at time.Time, pastDue, onStartup bool) {
	_ = t.host.invoke(working, t.f, func(ctx context.Context, in invocation) error {
		_, err := t.host.call(ctx, in, t.payload(pastDue), "")
		return err
	})
	if working.Err() != nil {
		return
	}
	// A clock that fires a little early must not make the same time come twice.
	if next := t.present().Next.Time; !pastDue && !onStartup && next.After(at) {
		at = next
	}
	err := t.keep(status{Last: moment{at}, Next: moment{t.f.timer.schedule.next(at)}, LastUpdated: moment{at}})
	if err != nil {
		t.log.Error("The status of the timer cannot be kept", "error", err)
	}
}

// payload is the JSON call for a run.
func (t *timer) payload(pastDue bool) payload {
	info := struct {
		Schedule       struct{ AdjustForDST bool }
		ScheduleStatus *status
		IsPastDue      bool
	}{IsPastDue: pastDue}
	info.Schedule.AdjustForDST = t.f.timer.schedule.adjustForDST()
	if t.monitor {
		present := t.present()
		info.ScheduleStatus = &present
	}
	return payload{
		Data:     map[string]json.RawMessage{t.f.binding: marshal(info)},
		Metadata: newMetadata(t.f, time.Now()).encode(),
	}
}

// read returns the stored status, or nil if there is none.
func (t *timer) read() (*status, error) {
	if t.path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(t.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var stored status
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("%s: %w", t.path, err)
	}
	return &stored, nil
}

func (t *timer) set(s status) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status = s
}

// keep sets the status and stores it, whole or not at all.
func (t *timer) keep(s status) error {
	t.set(s)
	if t.path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(t.path+".new", marshal(s), 0o644); err != nil {
		return err
	}
	return os.Rename(t.path+".new", t.path)
}
