package host_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/host"
)

// far is a schedule that no test lives to see.
const far = "0 0 0 1 1 *"

// timerInfo is Data.timer of a call.
type timerInfo struct {
	Schedule       struct{ AdjustForDST bool }
	ScheduleStatus *timerStatus
	IsPastDue      bool
}

type timerStatus struct{ Last, Next, LastUpdated string }

func (c call) timer(t *testing.T) timerInfo {
	t.Helper()
	var body struct{ Data struct{ Timer timerInfo } }
	if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
		t.Fatal(err)
	}
	return body.Data.Timer
}

func storedStatus(t *testing.T, dir, name string) (s timerStatus, ok bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "timers", name+".json"))
	if err != nil {
		return s, false
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s, true
}

func storeStatus(t *testing.T, dir, name string, s timerStatus) {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "timers"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "timers", name+".json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func stamp(at time.Time) string { return at.Format("2006-01-02T15:04:05.9999999-07:00") }

// newYear returns the n-th next time of the schedule far.
func newYear(n int) time.Time {
	return time.Date(time.Now().Year()+n, 1, 1, 0, 0, 0, 0, time.Local)
}

func TestTimerFiresEverySecondWithoutStatus(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.timer("OkTimer", "* * * * * *", "")
	dir := t.TempDir()
	r := s.start(host.Options{StateDir: dir})
	calls := r.awaitCalls("/OkTimer", 3)
	for _, c := range calls {
		want := timerInfo{Schedule: struct{ AdjustForDST bool }{true}}
		if diff := cmp.Diff(want, c.timer(t)); diff != "" {
			t.Errorf("the call (-want +got):\n%s", diff)
		}
	}
	if gap := calls[2].At.Sub(calls[1].At); gap < 500*time.Millisecond || gap > 1500*time.Millisecond {
		t.Errorf("two runs are %v apart, want a second", gap)
	}
	if _, ok := storedStatus(t, dir, "OkTimer"); ok {
		t.Error("a status is kept of a timer that fires more than once a minute")
	}
}

func TestTimerRunsNeverOverlap(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.timer("Second", "00:00:01", "") // takes 1.5 s
	r := s.start(host.Options{})
	calls := r.awaitCalls("/Second", 3)
	for i, c := range calls[1:] {
		if gap := c.At.Sub(calls[i].At); gap < 1400*time.Millisecond {
			t.Errorf("run %d began %v after the one before, which takes 1.5 s", i+2, gap)
		}
		if c.timer(t).Schedule.AdjustForDST {
			t.Error("a constant interval is adjusted for daylight saving")
		}
	}
}

func TestTimerRunsOnStartupAndKeepsItsStatus(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.timer("FailTimer", far, `,"runOnStartup":true`)
	s.timer("OkQuiet", far, "")
	s.timer("OkBlind", far, `,"runOnStartup":true,"useMonitor":false`)
	dir := t.TempDir()
	r := s.start(host.Options{StateDir: dir})
	info := r.awaitCalls("/FailTimer", 1)[0].timer(t)
	if info.IsPastDue || info.ScheduleStatus == nil || info.ScheduleStatus.Last != "0001-01-01T00:00:00" ||
		info.ScheduleStatus.Next != stamp(newYear(1)) {
		t.Errorf("the first call is %+v %+v", info, info.ScheduleStatus)
	}
	r.await("the status after the run, which failed", func() bool {
		got, _ := storedStatus(t, dir, "FailTimer")
		last, err := time.Parse(time.RFC3339Nano, got.Last)
		return err == nil && time.Since(last) < time.Minute && got.Next == stamp(newYear(1)) &&
			got.LastUpdated == got.Last
	})
	if got, ok := storedStatus(t, dir, "OkQuiet"); !ok || got.Next != stamp(newYear(1)) ||
		got.Last != "0001-01-01T00:00:00" {
		t.Errorf("the first start of a quiet timer wrote %+v", got)
	}
	if info := r.awaitCalls("/OkBlind", 1)[0].timer(t); info.ScheduleStatus != nil {
		t.Errorf("without a monitor the status is %+v", info.ScheduleStatus)
	}
	if n := r.Invocations()["OkQuiet"].Started; n != 0 {
		t.Errorf("the quiet timer ran %d times", n)
	}
}

func TestTimersFollowWEBSITETIMEZONE(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.settings["WEBSITE_TIME_ZONE"] = "Asia/Tokyo"
	s.timer("OkTimer", far, `,"runOnStartup":true`)
	r := s.start(host.Options{})
	if next := r.awaitCalls("/OkTimer", 1)[0].timer(t).ScheduleStatus.Next; !strings.HasSuffix(next,
		"-01-01T00:00:00+09:00") {
		t.Errorf("next is %s, want midnight in Tokyo", next)
	}
	s.settings["WEBSITE_TIME_ZONE"] = "Nowhere/Nohow"
	if _, err := s.tryStart(host.Options{}); err == nil || !strings.Contains(err.Error(), "WEBSITE_TIME_ZONE") {
		t.Errorf("Start = %v, want an error about the zone", err)
	}
}

func TestMissedRunsAreCaughtUpOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.timer("OkTimer", far, `,"runOnStartup":true`)
	dir := t.TempDir()
	storeStatus(t, dir, "OkTimer",
		timerStatus{Last: stamp(newYear(-3)), Next: stamp(newYear(-2)), LastUpdated: stamp(newYear(-3))})
	r := s.start(host.Options{StateDir: dir})
	r.awaitCount("OkTimer", host.Count{Started: 1, Succeeded: 1})
	info := r.awaitCalls("/OkTimer", 1)[0].timer(t)
	if !info.IsPastDue || info.ScheduleStatus.Next != stamp(newYear(-2)) {
		t.Errorf("the call is %+v %+v, want it past due", info, info.ScheduleStatus)
	}
	r.await("the new status", func() bool {
		got, _ := storedStatus(t, dir, "OkTimer")
		return got.Next == stamp(newYear(1))
	})
	r.Stop()

	again := s.start(host.Options{StateDir: dir})
	if info := again.awaitCalls("/OkTimer", 1)[0].timer(t); info.IsPastDue {
		t.Error("the second start is past due too")
	}
}

func TestChangedScheduleIsNoMissedRun(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.timer("OkTimer", far, "")
	s.timer("OkOnce", far, `,"runOnStartup":true`)
	dir := t.TempDir()
	other := time.Date(time.Now().Year()-2, 7, 1, 0, 0, 0, 0, time.Local)
	storeStatus(t, dir, "OkTimer",
		timerStatus{Last: stamp(newYear(-3)), Next: stamp(other), LastUpdated: stamp(newYear(-3))})
	r := s.start(host.Options{StateDir: dir})
	r.await("the corrected status", func() bool {
		got, _ := storedStatus(t, dir, "OkTimer")
		return got.Next == stamp(newYear(1)) && strings.HasPrefix(got.Last, "0001")
	})
	r.awaitCount("OkOnce", host.Count{Started: 1, Succeeded: 1})
	if n := r.Invocations()["OkTimer"].Started; n != 0 {
		t.Errorf("the timer ran %d times", n)
	}
}

func TestBrokenStatusIsReportedAndReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.timer("OkTimer", far, "")
	dir := t.TempDir()
	storeStatus(t, dir, "OkTimer", timerStatus{Last: "yesterday"})
	r := s.start(host.Options{StateDir: dir})
	r.await("the error", func() bool { return r.log.has("The status of the timer cannot be kept") })
	r.await("the new status", func() bool {
		text, _ := os.ReadFile(filepath.Join(dir, "timers", "OkTimer.json"))
		return !strings.Contains(string(text), "yesterday")
	})
}
