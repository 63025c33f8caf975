package graph

import (
	"net/http"
	"path"
	"strings"
)

// target is what the address in a request leads to.
type target struct {
	drive  *drive
	item   *item  // nil if nothing is there that the user sees
	parent *item  // of the item, or where one of that name would be made; nil for the root
	name   string // last name of the path; the item's name if it exists
}

// itemRoute is something that can be done with an item. A star in a pattern stands for a key, "f()" for a
// function with its argument.
type itemRoute struct {
	method, pattern string
	do              func(*call, target) (answer, *failure)
	streams         bool // the call takes the lock by itself, after reading its body
	mayMiss         bool // the item need not exist
}

// itemRoutes lists everything below an item. Repeats: GETs are safe; a repeated PUT content makes one more
// version, a repeated POST one more session, copy or version.
func itemRoutes() []itemRoute {
	return []itemRoute{
		{method: "GET", pattern: "", do: (*call).getItem},
		{method: "PATCH", pattern: "", do: (*call).patchItem},
		{method: "DELETE", pattern: "", do: (*call).deleteItem},
		{method: "GET", pattern: "children", do: (*call).listChildren},
		{method: "POST", pattern: "children", do: (*call).makeFolder},
		{method: "GET", pattern: "content", do: (*call).getContent},
		{method: "PUT", pattern: "content", do: (*call).putContent, streams: true, mayMiss: true},
		{method: "POST", pattern: "createUploadSession", do: (*call).createSession, mayMiss: true},
		{method: "POST", pattern: "copy", do: (*call).copyItem},
		{method: "GET", pattern: "search()", do: (*call).searchItems},
		{method: "GET", pattern: "delta", do: (*call).delta},
		{method: "GET", pattern: "delta()", do: (*call).delta},
		{method: "GET", pattern: "listItem", do: (*call).getListItem},
		{method: "GET", pattern: "listItem/fields", do: (*call).getFields},
		{method: "PATCH", pattern: "listItem/fields", do: (*call).patchFields},
		{method: "GET", pattern: "versions", do: (*call).listVersions},
		{method: "GET", pattern: "versions/*", do: (*call).getVersion},
		{method: "DELETE", pattern: "versions/*", do: (*call).deleteVersion},
		{method: "GET", pattern: "versions/*/content", do: (*call).getVersionContent},
		{method: "POST", pattern: "versions/*/restoreVersion", do: (*call).restoreVersion},
		{method: "GET", pattern: "thumbnails", do: (*call).listThumbnails},
		{method: "GET", pattern: "thumbnails/*", do: (*call).getThumbnailSet},
		{method: "GET", pattern: "thumbnails/*/*", do: (*call).getThumbnail},
		{method: "GET", pattern: "thumbnails/*/*/content", do: (*call).getThumbnailContent},
		{method: "POST", pattern: "checkout", do: (*call).checkOut},
		{method: "POST", pattern: "checkin", do: (*call).checkIn},
		{method: "POST", pattern: "discardCheckout", do: (*call).discardCheckOut},
	}
}

// route finds who answers. Calls below /sites and /drives need Sites.Read.All to read and
// Sites.ReadWrite.All to write.
func (c *call) route(segments []string) (answer, *failure) {
	switch segments[0] {
	case "me":
		return c.me(segments[1:])
	case "$batch":
		return c.batch(segments[1:])
	case "sites", "drives":
	default:
		return answer{}, errSegment(segments[0])
	}
	scopes := []string{"Sites.ReadWrite.All"}
	if c.r.Method == http.MethodGet {
		scopes = append(scopes, "Sites.Read.All")
	}
	if f := c.need(scopes...); f != nil {
		return answer{}, f
	}
	if segments[0] == "sites" {
		return c.routeSites(segments[1:])
	}
	if len(segments) == 1 {
		return answer{}, errSegment("drives")
	}
	c.lock()
	d, f := c.findDrive(segments[1])
	c.mu.Unlock()
	if f != nil {
		return answer{}, f
	}
	return c.routeDrive(d, segments[2:])
}

// locked runs a call that does not stream: the body is read first, then the lock is held.
func (c *call) locked(do func() (answer, *failure)) (answer, *failure) {
	if f := c.readBody(); f != nil {
		return answer{}, f
	}
	c.lock()
	defer c.mu.Unlock()
	return do()
}

// findDrive finds a library of the user's tenant. mu is held.
func (c *call) findDrive(id string) (*drive, *failure) {
	d, ok := c.drives[id]
	if !ok || d.site.tenant != c.who.Tenant {
		return nil, errNoItem()
	}
	return d, nil
}

func (c *call) routeDrive(d *drive, rest []string) (answer, *failure) {
	if len(rest) == 0 {
		return c.locked(func() (answer, *failure) { return c.getDrive(d) })
	}
	first, _, _ := strings.Cut(rest[0], ":")
	switch {
	case first == "root":
	case rest[0] == "items" && len(rest) > 1:
		rest = rest[1:]
	case rest[0] == "list":
		return c.routeList(d, rest[1:])
	default:
		return answer{}, errSegment(rest[0])
	}
	at, rest := takeAddress(rest)
	return c.routeItem(d, at, rest)
}

func (c *call) routeItem(d *drive, at address, rest []string) (answer, *failure) {
	action, f := c.matchItem(rest)
	if f != nil {
		return answer{}, f
	}
	run := func() (answer, *failure) {
		t, f := c.find(d, at)
		if f != nil {
			return answer{}, f
		}
		if t.item == nil && !action.mayMiss {
			return answer{}, errNoItem()
		}
		return action.do(c, t)
	}
	if !action.streams {
		return c.locked(run)
	}
	c.lock()
	t, f := c.find(d, at)
	c.mu.Unlock()
	if f != nil {
		return answer{}, f
	}
	return action.do(c, t)
}

// matchItem finds the route for what follows an item's address and notes its arguments.
func (c *call) matchItem(rest []string) (itemRoute, *failure) {
	found := false
	for _, r := range itemRoutes() {
		args, ok := match(r.pattern, rest)
		if !ok {
			continue
		}
		if found = true; r.method == c.r.Method {
			c.args = args
			return r, nil
		}
	}
	if found {
		return itemRoute{}, errMethod()
	}
	return itemRoute{}, errSegment(strings.Join(rest, "/"))
}

func match(pattern string, segments []string) (args []string, ok bool) {
	if pattern == "" {
		return nil, len(segments) == 0
	}
	parts := strings.Split(pattern, "/")
	if len(parts) != len(segments) {
		return nil, false
	}
	for i, p := range parts {
		name, isFunction := strings.CutSuffix(p, "()")
		called, argument, value, isCall := function(segments[i])
		switch {
		case p == "*":
			args = append(args, segments[i])
		case isFunction && isCall && strings.EqualFold(called, name):
			args = append(args, argument, value)
		case !isFunction && (strings.EqualFold(segments[i], p) || isCall && argument == "" &&
			strings.EqualFold(called, p)):
		default:
			return nil, false
		}
	}
	return args, true
}

// find follows an address in a library. It is a failure if the base does not exist or is not the user's to
// see, or if the folder on the way does not. mu is held.
func (c *call) find(d *drive, at address) (target, *failure) {
	base := d.root
	if at.base != "root" {
		base = d.items[at.base]
	}
	if base == nil || !sees(c.who, base) {
		if at.base == "root" && !at.hasPath {
			return target{}, errDenied()
		}
		return target{}, errNoItem()
	}
	it := base.walk(at.path)
	if it != nil && sees(c.who, it) {
		return target{d, it, it.parent, it.name}, nil
	}
	if it != nil {
		return target{}, errNoItem()
	}
	parent := base.walk(path.Dir("/" + at.path))
	if parent == nil || !parent.isFolder || !sees(c.who, parent) {
		return target{}, errNoItem()
	}
	return target{d, nil, parent, path.Base(at.path)}, nil
}
