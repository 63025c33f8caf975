package schedule

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/teambition/rrule-go"
	wtz "github.com/yaegashi/wtz.go"

	"imagepro/handler/fault"
)

// Bounds of times and rules.
const (
	localTime   = "2006-01-02T15:04:05"
	maxRule     = 500 // characters
	minInterval = time.Hour
	horizon     = 10 // years from the first start, after which nothing is due
	checked     = 50 // occurrences between which the interval is looked at
)

// zoneOf returns the time zone with a name of the IANA data base, such as Europe/Berlin, or of Windows, such as
// W. Europe Standard Time (https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml).
func zoneOf(name string) (*time.Location, error) {
	unknown := fault.New(fault.Invalid,
		"The time zone is not known. Give its IANA name, such as Europe/Berlin, or that of Windows.",
		nil).At("/timeZone")
	if name == "" || name == "Local" { // which are what this machine has
		return nil, unknown
	}
	if later, ok := laterZones[name]; ok {
		name = later
	}
	if zone, err := wtz.LoadLocation(name); err == nil {
		return zone, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknown
	}
	return zone, nil
}

// laterZones are those that Windows has had since the data of the library were written.
var laterZones = map[string]string{"Yukon Standard Time": "America/Whitehorse",
	"South Sudan Standard Time": "Africa/Juba"}

// occurrences are the times at which a plan is due.
type occurrences struct {
	once time.Time
	rule *rrule.RRule // nil: only once
}

// occurrencesOf reads when a plan is due; its faults name the field. A local time that a change of clocks leaves out is
// taken as the hour after; one that comes twice as the first.
func occurrencesOf(p Plan) (occurrences, error) {
	zone, err := zoneOf(p.Zone)
	if err != nil {
		return occurrences{}, err
	}
	start, err := time.ParseInLocation(localTime, p.Start, zone)
	if err != nil {
		return occurrences{},
			fault.New(fault.Invalid, "The start is a local time such as 2026-12-24T18:00:00, without an offset.",
				nil).At("/start")
	}
	if start.Year() < 2000 || start.Year() > 2100 {
		return occurrences{},
			fault.New(fault.Invalid, "The start is between the years 2000 and 2100.", nil).At("/start")
	}
	if p.Rule == "" {
		return occurrences{once: start}, nil
	}
	rule, err := ruleOf(p.Rule, start)
	return occurrences{once: start, rule: rule}, err
}

// ruleOf reads a recurrence rule.
func ruleOf(text string, start time.Time) (*rrule.RRule, error) {
	wrong := func(says string, cause error) (*rrule.RRule, error) {
		return nil, fault.New(fault.Invalid, says, cause).At("/rule")
	}
	switch {
	case len(text) > maxRule:
		return wrong(fmt.Sprintf("The rule has at most %d characters.", maxRule), nil)
	case strings.ContainsFunc(text, unicode.IsSpace):
		return wrong("The rule is one RRULE without spaces and lines, such as FREQ=WEEKLY;BYDAY=MO.", nil)
	case strings.Contains(strings.ToUpper(text), "DTSTART"):
		return wrong("The rule begins with start; it has no DTSTART.", nil)
	}
	option, err := rrule.StrToROptionInLocation(strings.TrimPrefix(strings.ToUpper(text), "RRULE:"), start.Location())
	if err != nil || len(option.Byeaster) > 0 { // which is the library's own
		return wrong("The rule is no RRULE of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO.", err)
	}
	if option.Freq > rrule.HOURLY {
		return wrong("The frequency is HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY.", nil)
	}
	most := 53
	if option.Freq == rrule.MONTHLY || len(option.Bymonth) > 0 {
		most = 5
	}
	for _, day := range option.Byweekday { // the library would leave its tables
		if day.N() < -most || day.N() > most {
			return wrong(fmt.Sprintf("The number before a weekday is at most %d here.", most), nil)
		}
	}
	// A rule may be one that never comes true; it is not searched for ever.
	end := start.AddDate(horizon, 0, 0)
	if option.Until.IsZero() || option.Until.After(end) {
		option.Until = end
	}
	option.Dtstart = start
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return wrong("The rule has a value that is out of its range.", err)
	}
	next, before := rule.Iterator(), time.Time{}
	for n := range checked {
		at, ok := next()
		switch {
		case !ok && n == 0:
			return wrong(fmt.Sprintf("The rule names no time within %d years of the start.", horizon), nil)
		case !ok:
			return rule, nil
		case n > 0 && !at.Equal(before) && wall(at).Sub(wall(before)) < minInterval:
			return wrong("A bulk edit may be started once an hour at the most.", nil)
		}
		before = at
	}
	return rule, nil
}

// wall is what clocks show at a time: hours are an hour apart there though some are longer.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// after returns the first time after t at which something is due, UTC; zero if there is none.
func (o occurrences) after(t time.Time) time.Time {
	next := o.once
	if o.rule != nil {
		next = o.rule.After(t, false)
	}
	if next.IsZero() || !next.After(t) {
		return time.Time{}
	}
	return next.UTC()
}
