package graph

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// query is what the query string of a request asks for. Every OData option is accepted with and without
// its dollar sign.
type query struct {
	values  url.Values
	selects []string          // empty means the default members
	expands map[string]string // what to expand, with the options in its parentheses
	top     int               // 0 if not given
	order   string            // member to order by
	down    bool              // descending
}

func parseQuery(raw string) (query, *failure) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, fail(400, "BadRequest", "The query string is malformed.")
	}
	q := query{values: values, expands: map[string]string{}}
	q.selects = splitList(q.option("select"))
	for _, one := range splitList(q.option("expand")) {
		name, options, _ := strings.Cut(one, "(")
		q.expands[name] = strings.TrimSuffix(options, ")")
	}
	if top := q.option("top"); top != "" {
		if q.top, err = strconv.Atoi(top); err != nil || q.top < 1 {
			return query{}, errInvalid("Invalid value for $top: '%s'", top)
		}
	}
	if order := strings.Fields(q.option("orderby")); len(order) > 0 {
		q.order = order[0]
		q.down = len(order) > 1 && strings.EqualFold(order[1], "desc")
		if len(order) > 2 || len(order) == 2 && !q.down && !strings.EqualFold(order[1], "asc") {
			return query{}, errInvalid("Invalid $orderby")
		}
	}
	return q, nil
}

// option returns an OData option, written with or without "$", in any case of letters.
func (q query) option(name string) string {
	for key, values := range q.values {
		if strings.EqualFold(strings.TrimPrefix(key, "$"), name) {
			return values[0]
		}
	}
	return ""
}

// has reports whether the option was given at all.
func (q query) has(name string) bool {
	for key := range q.values {
		if strings.EqualFold(strings.TrimPrefix(key, "$"), name) {
			return true
		}
	}
	return false
}

func (q query) expanded(name string) bool {
	_, ok := q.expands[name]
	return ok
}

// inner gives one option inside the parentheses of an expansion, for example expand of listItem.
func (q query) inner(name, option string) string {
	for _, part := range strings.Split(q.expands[name], ";") {
		key, value, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimPrefix(strings.TrimSpace(key), "$"), option) {
			return value
		}
	}
	return ""
}

// splitList splits at the commas outside of parentheses.
func splitList(s string) []string {
	var parts []string
	depth, start := 0, 0
	for i, r := range s + "," {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth <= 0:
			if part := strings.TrimSpace(s[start:i]); part != "" {
				parts = append(parts, part)
			}
			start = i + 1
		}
	}
	return parts
}

// only keeps the members of a resource that $select names. Names that the resource type does not have are
// refused as Graph refuses them.
func (q query) only(resource map[string]any, kind string, known []string) (map[string]any, *failure) {
	if len(q.selects) == 0 {
		return resource, nil
	}
	kept := map[string]any{}
	for member, value := range resource {
		if strings.HasPrefix(member, "@odata.") || q.expanded(member) ||
			q.expanded(strings.TrimSuffix(member, "@odata.context")) {
			kept[member] = value
		}
	}
	for _, name := range q.selects {
		name, _, _ = strings.Cut(name, "/")
		if name == "content.downloadUrl" {
			name = "@microsoft.graph.downloadUrl"
		}
		at := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		if at < 0 && name != "*" {
			return nil, errProperty(name, kind)
		}
		if name == "*" {
			return resource, nil
		}
		if value, ok := resource[known[at]]; ok {
			kept[known[at]] = value
		}
	}
	return kept, nil
}

func errProperty(name, kind string) *failure {
	return fail(http.StatusBadRequest, "BadRequest",
		"Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.",
		name, kind)
}

var (
	keyed  = regexp.MustCompile(`^(\w+)\('([^']+)'\)$`)
	called = regexp.MustCompile(`^(?:microsoft\.graph\.)?(\w+)\((.*)\)$`)
	arg    = regexp.MustCompile(`^\s*(\w+)\s*=\s*'((?:[^']|'')*)'\s*$`)
	opened = regexp.MustCompile(`^[\w.]+\(\w+='[^']*(?:''[^']*)*$`) // a quoted argument that does not end
	plain  = regexp.MustCompile(`^microsoft\.graph\.(\w+)$`)
)

// collections may carry the key of an entry in parentheses: drives('b!…') is drives/b!….
var collections = []string{"drives", "items", "sites", "lists", "versions", "thumbnails"}

// splitPath splits an escaped path into its decoded segments. An escaped slash does not separate segments:
// some clients send a whole path in one (items/root%3A%2Fa%2Fb.jpg%3A). Nor does one inside a function's
// quoted argument.
func splitPath(escaped string) ([]string, *failure) {
	var segments []string
	inside := false
	for raw := range strings.SplitSeq(strings.Trim(escaped, "/"), "/") {
		s, err := url.PathUnescape(raw)
		if err != nil {
			return nil, fail(400, "BadRequest", "The request URI is not valid.")
		}
		if inside {
			segments[len(segments)-1] += "/" + s
			inside = opened.MatchString(segments[len(segments)-1])
			continue
		}
		inside = opened.MatchString(s)
		if m := keyed.FindStringSubmatch(s); m != nil && slices.Contains(collections, m[1]) {
			segments = append(segments, m[1], m[2])
			continue
		}
		segments = append(segments, s)
	}
	return segments, nil
}

// address is how a request names a site or an item: by an id, or by a path below something with an id.
type address struct {
	base    string
	path    string // without slashes at its ends
	hasPath bool
}

// takeAddress reads an address with colons (root:/a/b.jpg:/content) from the front of the segments. The
// last colon may be missing at the end of the URL. No name may contain a colon, so an encoded one counts.
func takeAddress(segments []string) (address, []string) {
	base, path, hasPath := strings.Cut(segments[0], ":")
	rest := segments[1:]
	if !hasPath {
		return address{base: base}, rest
	}
	closed := strings.HasSuffix(path, ":")
	for !closed && len(rest) > 0 {
		path += "/" + rest[0]
		closed = strings.HasSuffix(rest[0], ":")
		rest = rest[1:]
	}
	return address{base, strings.Trim(strings.TrimSuffix(path, ":"), "/"), true}, rest
}

// function reads a segment such as search(q='it”s'): its name and the value of its only argument.
func function(segment string) (name, argument, value string, ok bool) {
	if m := plain.FindStringSubmatch(segment); m != nil {
		return m[1], "", "", true
	}
	m := called.FindStringSubmatch(segment)
	if m == nil {
		return segment, "", "", false
	}
	if strings.TrimSpace(m[2]) == "" {
		return m[1], "", "", true
	}
	a := arg.FindStringSubmatch(m[2])
	if a == nil {
		return segment, "", "", false
	}
	return m[1], a[1], strings.ReplaceAll(a[2], "''", "'"), true
}
