package host

import (
	"strings"
	"testing"
	"time"
)

func TestScheduleFollowsNCRONTAB(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 5, 10, 0, 30, 500, time.UTC) // a Monday
	for _, c := range []struct{ schedule, next string }{
		{"0 */5 * * * *", "2026-01-05T10:05:00Z"},
		{"*/5 * * * *", "2026-01-05T10:05:00Z"},
		{"* * * * * *", "2026-01-05T10:00:31Z"},
		{"0 30 9 * * Mon-Fri", "2026-01-06T09:30:00Z"},
		{"0 0 0 * JANUARY sunday", "2026-01-11T00:00:00Z"},
		{"10/20 0 10 * * *", "2026-01-05T10:00:50Z"},
		{"0 0 12 1,15 * *", "2026-01-15T12:00:00Z"},
		// Day and weekday both hold: the next Friday the 13th, not the next Friday.
		{"0 0 0 13 * Fri", "2026-02-13T00:00:00Z"},
		{"0 0 0 */2 * 1", "2026-01-19T00:00:00Z"},
		{"00:00:45", "2026-01-05T10:01:15.0000005Z"},
		{"1.00:00:00", "2026-01-06T10:00:30.0000005Z"},
	} {
		s, err := parseSchedule(c.schedule)
		if err != nil {
			t.Errorf("%s: %v", c.schedule, err)
			continue
		}
		if got := s.next(from).Format(time.RFC3339Nano); got != c.next {
			t.Errorf("%s: next is %s, want %s", c.schedule, got, c.next)
		}
	}
}

func TestScheduleRefusesWhatNCRONTABDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, schedule := range []string{
		"", "* * * *", "* * * * * * *", "@daily", "TZ=UTC 0 0 0 * * *", "0 0 0 ? * *", "0 0 0 L * *", "0 0 0 * * 7",
		"0 60 * * * *", "0 0 0 * * Fri-Mon", "0 0 0 30 2 *", "0 1,,2 * * * *", "0 */0 * * * *", "00:00:00", "25:00:00",
		"12",
	} {
		if s, err := parseSchedule(schedule); err == nil || !strings.Contains(err.Error(), "schedule") {
			t.Errorf("%q: %v, %v, want an error", schedule, s, err)
		}
	}
}

func TestScheduleThatFiresMoreThanOnceAMinuteIsFrequent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	for schedule, want := range map[string]bool{
		"* * * * * *": true, "0,30 0 0 1 1 *": true, "00:00:59": true,
		"0 * * * * *": false, "00:01:00": false, "0 0 0 29 2 *": false,
	} {
		s, err := parseSchedule(schedule)
		if err != nil {
			t.Fatal(err)
		}
		if got := frequent(s, now); got != want {
			t.Errorf("%s: %v, want %v", schedule, got, want)
		}
	}
}

func TestTimeSpanIsReadAsDotNETWritesIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"00:05:00": 5 * time.Minute, "00:00:00.100": 100 * time.Millisecond,
		"1.02:03:04": 26*time.Hour + 3*time.Minute + 4*time.Second,
		"01:30":      90 * time.Minute, "00:00:00.0000001": 100 * time.Nanosecond,
	} {
		if got, err := parseTimeSpan(text); err != nil || got != want {
			t.Errorf("%s = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "24:00:00", "00:60:00", "5m", "-00:00:01"} {
		if got, err := parseTimeSpan(text); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}
