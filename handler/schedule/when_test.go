package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/fault"
)

// dueTimes returns when a plan is due after a time, as UTC.
func dueTimes(t *testing.T, p Plan, after string, n int) []string {
	t.Helper()
	due, err := occurrencesOf(p)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, after)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for range n {
		if at = due.after(at); at.IsZero() {
			break
		}
		all = append(all, at.Format("2006-01-02 15:04"))
	}
	return all
}

func TestTimesThatAreDue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan  Plan
		after string
		want  []string
	}{
		"once": {Plan{Start: "2026-12-24T18:00:00", Zone: "Europe/Berlin"}, "2026-12-01T00:00:00Z",
			[]string{"2026-12-24 17:00"}},
		"once, over": {Plan{Start: "2026-12-24T18:00:00", Zone: "Europe/Berlin"}, "2026-12-24T17:00:00Z",
			nil},
		"a name of Windows": {Plan{Start: "2026-12-24T18:00:00", Zone: "W. Europe Standard Time"},
			"2026-12-01T00:00:00Z", []string{"2026-12-24 17:00"}},
		"a later name of Windows": {Plan{Start: "2026-12-24T18:00:00", Zone: "Yukon Standard Time"},
			"2026-12-01T00:00:00Z", []string{"2026-12-25 01:00"}},
		"the same local time in summer and in winter": {
			Plan{Start: "2026-10-18T02:00:00", Rule: "FREQ=WEEKLY", Zone: "America/New_York"}, "2026-10-20T00:00:00Z",
			[]string{"2026-10-25 06:00", "2026-11-01 07:00", "2026-11-08 07:00"},
		},
		"an hour that the clocks leave out": {
			Plan{Start: "2026-03-28T02:30:00", Rule: "FREQ=DAILY", Zone: "Europe/Berlin"}, "2026-03-28T00:00:00Z",
			[]string{"2026-03-28 01:30", "2026-03-29 01:30", "2026-03-30 00:30"},
		},
		"every hour over a change of clocks": {
			Plan{Start: "2026-03-29T00:00:00", Rule: "FREQ=HOURLY;COUNT=4", Zone: "Europe/Berlin"},
			"2026-03-01T00:00:00Z",
			[]string{"2026-03-28 23:00", "2026-03-29 00:00", "2026-03-29 01:00"},
		},
		"the last Friday of a month, thrice": {
			Plan{Start: "2026-01-30T09:00:00", Rule: "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", Zone: "UTC"},
			"2026-01-01T00:00:00Z",
			[]string{"2026-01-30 09:00", "2026-02-27 09:00", "2026-03-27 09:00"},
		},
		"in small letters, until a day": {
			Plan{Start: "2026-01-01T09:00:00", Rule: "freq=daily;until=20260103T090000Z", Zone: "UTC"},
			"2026-01-01T09:00:00Z",
			[]string{"2026-01-02 09:00", "2026-01-03 09:00"},
		},
		"a leap day": {
			Plan{Start: "2028-02-29T00:00:00", Rule: "FREQ=YEARLY", Zone: "UTC"}, "2026-01-01T00:00:00Z",
			[]string{"2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"},
		},
		"after years away": {Plan{Start: "2026-01-05T09:00:00", Rule: "FREQ=WEEKLY", Zone: "UTC"},
			"2029-01-02T00:00:00Z", []string{"2029-01-08 09:00"}},
	} {
		if got := dueTimes(t, c.plan, c.after, max(1, len(c.want))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPlansThatAreRefusedNameTheField(t *testing.T) {
	t.Parallel()
	good := Plan{Start: "2026-12-24T18:00:00", Zone: "Europe/Berlin"}
	for name, c := range map[string]struct {
		change func(*Plan)
		field  string
		says   string
	}{
		"no zone":                 {func(p *Plan) { p.Zone = "" }, "/timeZone", "IANA"},
		"the machine's zone":      {func(p *Plan) { p.Zone = "Local" }, "/timeZone", "IANA"},
		"an unknown zone":         {func(p *Plan) { p.Zone = "Mars/Olympus" }, "/timeZone", "IANA"},
		"a file":                  {func(p *Plan) { p.Zone = "../../etc/passwd" }, "/timeZone", "IANA"},
		"no start":                {func(p *Plan) { p.Start = "" }, "/start", "local time"},
		"a start with an offset":  {func(p *Plan) { p.Start = "2026-12-24T18:00:00Z" }, "/start", "local time"},
		"a day that is not there": {func(p *Plan) { p.Start = "2026-02-30T18:00:00" }, "/start", "local time"},
		"a start long ago":        {func(p *Plan) { p.Start = "1970-01-01T00:00:00" }, "/start", "2000"},
		"no rule":                 {func(p *Plan) { p.Rule = "weekly" }, "/rule", "RFC 5545"},
		"an unknown part":         {func(p *Plan) { p.Rule = "FREQ=WEEKLY;ON=MO" }, "/rule", "RFC 5545"},
		"Easter":                  {func(p *Plan) { p.Rule = "FREQ=YEARLY;BYEASTER=0" }, "/rule", "RFC 5545"},
		"a value out of range":    {func(p *Plan) { p.Rule = "FREQ=WEEKLY;BYHOUR=25" }, "/rule", "range"},
		"two lines": {func(p *Plan) {
			p.Rule = "DTSTART:20200101T000000Z\nRRULE:FREQ=WEEKLY"
		}, "/rule", "spaces"},
		"its own start": {func(p *Plan) {
			p.Rule = "FREQ=WEEKLY;DTSTART=20200101T000000Z"
		}, "/rule", "DTSTART"},
		"every minute": {func(p *Plan) { p.Rule = "FREQ=MINUTELY" }, "/rule", "HOURLY"},
		"twice an hour": {func(p *Plan) {
			p.Rule = "FREQ=DAILY;BYHOUR=9;BYMINUTE=0,30"
		}, "/rule", "once an hour"},
		"never": {func(p *Plan) {
			p.Rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
		}, "/rule", "no time within 10 years"},
		"never, by the hour": {func(p *Plan) {
			p.Rule = "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"
		}, "/rule", "no time within 10 years"},
		"a tenth Friday":        {func(p *Plan) { p.Rule = "FREQ=MONTHLY;BYDAY=10FR" }, "/rule", "at most 5"},
		"a tenth Friday of May": {func(p *Plan) { p.Rule = "FREQ=YEARLY;BYMONTH=5;BYDAY=10FR" }, "/rule", "at most 5"},
		"a 54th Friday":         {func(p *Plan) { p.Rule = "FREQ=YEARLY;BYDAY=54FR" }, "/rule", "at most 53"},
		"a long rule": {func(p *Plan) {
			p.Rule = "FREQ=DAILY;BYHOUR=" + strings.Repeat("1,", 300) + "1"
		}, "/rule", "500 characters"},
	} {
		plan := good
		c.change(&plan)
		_, err := occurrencesOf(plan)
		if f := fault.From(err); err == nil || f.Kind != fault.Invalid || f.Field != c.field ||
			!strings.Contains(f.Message, c.says) {
			t.Errorf("%s: %v at %q, want an invalid %s that says %q", name, err, f.Field, c.field, c.says)
		}
	}
}

// FuzzRule holds that no rule makes the program panic, hang or name a time that is not after the one it was asked for.
func FuzzRule(f *testing.F) {
	for _, rule := range []string{
		"FREQ=WEEKLY;BYDAY=MO", "FREQ=HOURLY;INTERVAL=6", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3",
		"FREQ=YEARLY;BYWEEKNO=53;WKST=SU",
		"FREQ=DAILY;BYSETPOS=-1;BYHOUR=1,2", "FREQ=YEARLY;BYYEARDAY=366", "FREQ=DAILY;INTERVAL=99999999",
	} {
		f.Add(rule)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		due, err := occurrencesOf(Plan{Start: "2026-12-24T18:00:00", Rule: rule, Zone: "Europe/Berlin"})
		if err != nil {
			return
		}
		at := due.once
		for range 5 {
			next := due.after(at)
			if next.IsZero() {
				return
			}
			if !next.After(at) {
				t.Fatalf("%q: %v after %v", rule, next, at)
			}
			at = next
		}
	})
}
