package host

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// schedule says when a timer fires.
type schedule interface {
	// next returns the first time after t, in t's zone.
	next(t time.Time) time.Time
	// adjustForDST is TimerInfo.Schedule.AdjustForDST.
	adjustForDST() bool
}

// constant fires in equal intervals.
type constant time.Duration

func (c constant) next(t time.Time) time.Time { return t.Add(time.Duration(c)) }
func (c constant) adjustForDST() bool         { return false }

// calendar fires by an NCRONTAB expression.
type calendar struct{ spec *cron.SpecSchedule }

func (c calendar) next(t time.Time) time.Time { return c.spec.Next(t) }
func (c calendar) adjustForDST() bool         { return true }

// everyDay is cron's mark for "the field was *". It makes cron join day and weekday with and, as NCRONTAB
// always does, not with or, as cron does where both are given.
const everyDay = 1 << 63

var cronField = regexp.MustCompile(`^(\*|[0-9]+(-[0-9]+)?|[A-Za-z]+(-[A-Za-z]+)?)(/[0-9]+)?$`)

// parseSchedule reads an NCRONTAB expression of six fields (second to weekday) or five (minute to weekday),
// or a time span. It refuses what NCRONTAB does not know and cron does (?, @daily, TZ=), a range that runs
// backwards, which NCRONTAB turns round silently, and a date that does not come within five years.
// Source: https://github.com/atifaziz/NCrontab.
func parseSchedule(text string) (schedule, error) {
	if strings.Contains(text, ":") && !strings.Contains(text, " ") {
		interval, err := parseTimeSpan(text)
		if err != nil {
			return nil, fmt.Errorf("schedule: %w", err)
		}
		if interval <= 0 {
			return nil, fmt.Errorf("schedule %q has no length", text)
		}
		return constant(interval), nil
	}
	fields := strings.Fields(text)
	if len(fields) == 5 {
		fields = append([]string{"0"}, fields...)
	}
	if len(fields) != 6 {
		return nil, fmt.Errorf("schedule %q has %d fields, want 6: second minute hour day month weekday", text,
			len(fields))
	}
	for i, field := range fields {
		for _, part := range strings.Split(field, ",") {
			if !cronField.MatchString(part) {
				return nil, fmt.Errorf("schedule %q: %q is not NCRONTAB", text, part)
			}
		}
		fields[i] = shortNames(field)
	}
	parser := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", text, err)
	}
	spec := parsed.(*cron.SpecSchedule)
	spec.Dom |= everyDay
	if spec.Next(time.Now()).IsZero() {
		return nil, fmt.Errorf("schedule %q does not come within five years", text)
	}
	return calendar{spec}, nil
}

// shortNames cuts full English names, which NCRONTAB takes, to the three letters that cron takes.
func shortNames(field string) string {
	for day := time.Sunday; day <= time.Saturday; day++ {
		field = regexp.MustCompile(`(?i)\b`+day.String()+`\b`).ReplaceAllString(field, day.String()[:3])
	}
	for month := time.January; month <= time.December; month++ {
		field = regexp.MustCompile(`(?i)\b`+month.String()+`\b`).ReplaceAllString(field, month.String()[:3])
	}
	return field
}

// frequent reports whether a schedule fires more than once a minute; the host keeps no status of such ones.
func frequent(s schedule, now time.Time) bool {
	last := s.next(now)
	for range 10 {
		following := s.next(last)
		if !following.IsZero() && following.Sub(last) < time.Minute {
			return true
		}
		last = following
	}
	return false
}
