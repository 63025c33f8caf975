package host

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// constraint is one of {name:constraint} in a route
// (https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints).
type constraint struct {
	allows func(text string) bool
	sample string // a value that is allowed; empty if any word is
}

var (
	guid = regexp.MustCompile(
		`^(?i)(\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|` +
			`\([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)|` +
			`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$`)
	alpha = regexp.MustCompile(`^[A-Za-z]*$`)
	call  = regexp.MustCompile(`^([a-z]+)(?:\((.*)\))?$`)
)

// parseConstraint reads one like int or range(1,10). What this host lacks (datetime, file) is an error.
func parseConstraint(text string) (constraint, error) {
	m := call.FindStringSubmatch(text)
	if m == nil {
		return constraint{}, fmt.Errorf("%q is no constraint", text)
	}
	if c, ok := wordConstraints()[m[1]]; ok && m[2] == "" {
		return c, nil
	}
	if m[1] == "regex" {
		expression, err := regexp.Compile("(?i)" + strings.NewReplacer("{{", "{", "}}", "}").Replace(m[2]))
		if err != nil {
			return constraint{}, fmt.Errorf("constraint %s: %w", text, err)
		}
		return constraint{allows: expression.MatchString}, nil
	}
	numbers, err := integers(m[2])
	if err != nil {
		return constraint{}, fmt.Errorf("constraint %s: %w", text, err)
	}
	if c, ok := numberConstraint(m[1], numbers); ok {
		return c, nil
	}
	return constraint{}, fmt.Errorf("constraint %s is not supported", text)
}

func wordConstraints() map[string]constraint {
	number := constraint{sample: "1", allows: func(s string) bool {
		_, err := strconv.ParseFloat(s, 64)
		return err == nil
	}}
	return map[string]constraint{
		"int":     integer(32),
		"long":    integer(64),
		"float":   number,
		"double":  number,
		"decimal": number,
		"bool": {sample: "true", allows: func(s string) bool {
			return strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
		}},
		"guid":  {sample: "00000000-0000-0000-0000-000000000000", allows: guid.MatchString},
		"alpha": {allows: alpha.MatchString},
		"required": {allows: func(s string) bool {
			return s != ""
		}},
	}
}

func integer(bits int) constraint {
	return constraint{sample: "1", allows: func(s string) bool {
		_, err := strconv.ParseInt(s, 10, bits)
		return err == nil
	}}
}

func integers(text string) ([]int64, error) {
	var all []int64
	for _, part := range strings.Split(text, ",") {
		if text == "" {
			break
		}
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// numberConstraint makes the constraints that have one or two numbers.
func numberConstraint(name string, n []int64) (constraint, bool) {
	switch {
	case name == "min" && len(n) == 1:
		return value(n[0], math.MaxInt64), true
	case name == "max" && len(n) == 1:
		return value(math.MinInt64, n[0]), true
	case name == "range" && len(n) == 2:
		return value(n[0], n[1]), true
	case name == "minlength" && len(n) == 1:
		return length(n[0], math.MaxInt64), true
	case name == "maxlength" && len(n) == 1:
		return length(0, n[0]), true
	case name == "length" && len(n) == 1:
		return length(n[0], n[0]), true
	case name == "length" && len(n) == 2:
		return length(n[0], n[1]), true
	}
	return constraint{}, false
}

func value(low, high int64) constraint {
	sample := low
	if low == math.MinInt64 {
		sample = high
	}
	return constraint{sample: strconv.FormatInt(sample, 10), allows: func(s string) bool {
		v, err := strconv.ParseInt(s, 10, 64)
		return err == nil && v >= low && v <= high
	}}
}

func length(low, high int64) constraint {
	return constraint{sample: strings.Repeat("x", int(max(low, min(high, 6)))), allows: func(s string) bool {
		n := int64(utf8.RuneCountInString(s))
		return n >= low && n <= high
	}}
}
