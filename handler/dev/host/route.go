package host

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// route is a template of ASP.NET Core such as api/albums/{id:int}/{page?} or api/{*path}.
type route struct {
	template string
	segments []segment
}

type segment struct {
	literal     string // the parameter's name is set instead, if it is one
	name        string
	constraints []constraint
	optional    bool
	absent      *string // the default value
	rest        bool    // takes the rest of the path
}

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseRoute reads a template without slashes at its ends.
func parseRoute(template string) (route, error) {
	r := route{template: template}
	if template == "" {
		return r, nil
	}
	parts := splitTemplate(template)
	for i, part := range parts {
		s, err := parseSegment(part)
		if err != nil {
			return route{}, fmt.Errorf("route %q: %w", template, err)
		}
		last := i == len(parts)-1
		if (s.rest || s.optional) && !last {
			return route{}, fmt.Errorf("route %q: %s has to be the last part", template, part)
		}
		if slices.ContainsFunc(r.segments, func(o segment) bool {
			return s.name != "" && strings.EqualFold(o.name, s.name)
		}) {
			return route{}, fmt.Errorf("route %q: parameter %s is there twice", template, s.name)
		}
		r.segments = append(r.segments, s)
	}
	return r, nil
}

// splitTemplate splits at slashes that are not within braces: a regex constraint may hold some.
func splitTemplate(template string) []string {
	var parts []string
	depth, start := 0, 0
	for i, c := range template {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth--
		case c == '/' && depth == 0:
			parts = append(parts, template[start:i])
			start = i + 1
		}
	}
	return append(parts, template[start:])
}

func parseSegment(part string) (segment, error) {
	if part == "" {
		return segment{}, errors.New("a part is empty")
	}
	if !strings.ContainsAny(part, "{}*?") {
		return segment{literal: part}, nil
	}
	inner, open := strings.CutPrefix(part, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	text := strings.TrimLeft(inner, "*")
	s := segment{rest: text != inner}
	text, s.optional = strings.CutSuffix(text, "?")
	head, value, hasDefault := cutOutsideParentheses(text, '=')
	if hasDefault {
		s.absent, s.optional = &value, true
	}
	name, constraints, _ := strings.Cut(head, ":")
	if s.name = name; !open || !closed || !parameterName.MatchString(name) {
		return segment{}, fmt.Errorf(
			"%s is not supported: a part is either text or one parameter like {id}, {id:int}, {id?} or {*rest}", part)
	}
	for constraints != "" {
		head, constraints, _ = cutOutsideParentheses(constraints, ':')
		c, err := parseConstraint(head)
		if err != nil {
			return segment{}, err
		}
		s.constraints = append(s.constraints, c)
	}
	return s, nil
}

// cutOutsideParentheses is strings.Cut at the first separator that is not within parentheses, which hold
// the arguments of constraints.
func cutOutsideParentheses(text string, separator rune) (before, after string, found bool) {
	depth := 0
	for i, c := range text {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == separator && depth == 0:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// match compares a decoded path and returns the values of the parameters. An optional parameter that is not there has
// no value. Literals match in any case; a slash at the end does not matter.
func (r route) match(decodedPath string) (map[string]string, bool) {
	parts := strings.Split(strings.Trim(decodedPath, "/"), "/")
	if parts[0] == "" {
		parts = nil
	}
	values := map[string]string{}
	for i, s := range r.segments {
		if s.rest {
			return values, s.takeRest(parts[min(i, len(parts)):], values)
		}
		if i >= len(parts) {
			if !s.optional {
				return nil, false
			}
			if s.absent != nil {
				values[s.name] = *s.absent
			}
			continue
		}
		if !s.take(parts[i], values) {
			return nil, false
		}
	}
	return values, len(parts) <= len(r.segments)
}

// take matches one part of a path.
func (s segment) take(text string, values map[string]string) bool {
	if s.name == "" {
		return strings.EqualFold(s.literal, text)
	}
	if text == "" {
		return false
	}
	values[s.name] = text
	return s.allows(text)
}

func (s segment) takeRest(parts []string, values map[string]string) bool {
	text := strings.Join(parts, "/")
	if text == "" && s.absent != nil {
		text = *s.absent
	}
	if text == "" {
		return true
	}
	values[s.name] = text
	return s.allows(text)
}

func (s segment) allows(text string) bool {
	for _, c := range s.constraints {
		if !c.allows(text) {
			return false
		}
	}
	return true
}

// routeClashes warns of each function that another one hides, wholly or in part: the first match in
// alphabetical order wins, however general it is.
func routeClashes(functions []*function) []string {
	var warnings []string
	for i, later := range functions {
		if later.http == nil {
			continue
		}
		for _, earlier := range functions[:i] {
			if earlier.http == nil || !shareMethod(earlier.http.methods, later.http.methods) {
				continue
			}
			if _, ok := earlier.http.route.match(later.http.route.sample()); ok {
				warnings = append(warnings,
					fmt.Sprintf("function %s (%s) is hidden by %s (%s), which comes first in the alphabet",
						later.name, later.http.route.template, earlier.name, earlier.http.route.template))
			}
		}
	}
	return warnings
}

func shareMethod(a, b []string) bool {
	return a == nil || b == nil || slices.ContainsFunc(a, func(m string) bool { return slices.Contains(b, m) })
}

// sample returns a path that the route matches, as far as its constraints can be guessed.
func (r route) sample() string {
	var parts []string
	for _, s := range r.segments {
		text := or(s.literal, "sample")
		for _, c := range s.constraints {
			text = or(c.sample, text)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "/")
}
