package graph

import (
	"net/http"
	"strings"
	"time"
)

// reference is a parentReference in a request.
type reference struct {
	DriveID   string `json:"driveId"`
	DriveType string `json:"driveType"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	Path      string `json:"path"`
	SiteID    string `json:"siteId"`
}

// folder finds the folder that a reference names, by id or by a path such as /drives/b!…/root:/a. mu is
// held.
func (c *call) folder(d *drive, r reference) (*item, *failure) {
	if r.DriveID != "" {
		var f *failure
		if d, f = c.findDrive(r.DriveID); f != nil {
			return nil, f
		}
	}
	it := d.root
	switch {
	case r.ID != "":
		it = d.items[r.ID]
	case r.Path != "":
		_, path, ok := strings.Cut(r.Path, "root:")
		if !ok {
			return nil, errInvalid("parentReference.path is invalid")
		}
		it = d.root.walk(path)
	}
	if it == nil || !it.isFolder || !sees(c.who, it) {
		return nil, errNoItem()
	}
	if itemLevel(c.who, it) < Write {
		return nil, errDenied()
	}
	return it, nil
}

// monitor is a copy on its way.
type monitor struct {
	started, due time.Time
	drive        *drive
	item         *item // the copy, when it is there
	code         string
	ended        bool
}

// newCopy is the body of copy.
type newCopy struct {
	Parent   *reference `json:"parentReference"`
	Name     string     `json:"name"`
	Conflict string     `json:"@microsoft.graph.conflictBehavior"`
}

// copyItem answers POST copy (row 13): 202 with the URL of a monitor. A name that is taken shows there.
func (c *call) copyItem(t target) (answer, *failure) {
	var body newCopy
	if f := c.parse(&body); f != nil {
		return answer{}, f
	}
	on, f := parseBehaviour(c.q.values.Get("@microsoft.graph.conflictBehavior")+body.Conflict, onConflictFail)
	if f != nil {
		return answer{}, f
	}
	parent, name, f := c.copyPlace(t, body)
	if f != nil {
		return answer{}, f
	}
	delay := c.upTo(c.unkind.CopyMax)
	m := &monitor{started: c.now(), due: c.now().Add(delay), drive: parent.drive}
	id := c.newGUID()
	c.monitors[id] = m
	by := c.who.User
	c.later(delay, func() { c.endCopy(m, t.item, parent, name, by, on) })
	return answer{status: http.StatusAccepted}.with("Location",
		c.sharePoint(t.drive.site.tenant)+"/_api/v2.0/monitor/"+id), nil
}

// copyPlace says where a copy goes and how it is called.
func (c *call) copyPlace(t target, body newCopy) (parent *item, name string, f *failure) {
	parent, name = t.item.parent, t.item.name
	if parent == nil {
		return nil, "", errInvalid("The root cannot be copied.")
	}
	if body.Parent != nil {
		if parent, f = c.folder(t.drive, *body.Parent); f != nil {
			return nil, "", f
		}
	}
	if body.Name != "" {
		name = body.Name
	}
	if itemLevel(c.who, parent) < Write {
		return nil, "", errDenied()
	}
	if f := checkName(name, t.item.isFolder); f != nil {
		return nil, "", f
	}
	if parent.within(t.item) {
		return nil, "", errInvalid("A folder cannot be copied into itself.")
	}
	return parent, name, checkPlace(parent, name)
}

// endCopy does the work. It uses nothing of a request, which has long been answered.
func (g *Graph) endCopy(m *monitor, it, parent *item, name, by string, on behaviour) {
	m.ended = true
	there := parent.child(name)
	switch {
	case it.deleted || parent.deleted:
		m.code = "itemNotFound"
	case parent.drive.used+it.size(by) > parent.drive.total:
		m.code = "quotaLimitReached"
	case there == nil:
		m.item = g.copyTo(it, parent, name, by)
	case on == onConflictRename:
		m.item = g.copyTo(it, parent, freeName(parent, name), by)
	case on == onConflictReplace && !there.isFolder && !it.isFolder && there != it && there.locked == 0 &&
		there.out == nil:
		g.write(there, it.view(by).blob, by)
		m.item = there
	default:
		m.code = "nameAlreadyExists"
	}
}

// monitor answers at the URL of a copy's monitor, without any authorization.
func (c *call) monitor(w http.ResponseWriter, id string) *failure {
	if c.r.Method != http.MethodGet {
		return errMethod()
	}
	c.lock()
	defer c.mu.Unlock()
	m, known := c.monitors[strings.ToLower(id)]
	if !known {
		return errNoItem()
	}
	body := map[string]any{"operation": "ItemCopy", "createdDateTime": stamp(m.started),
		"lastActionDateTime": stamp(c.now())}
	switch {
	case !m.ended:
		body["status"], body["percentageComplete"] = "notStarted", 0.0
		if done := c.now().Sub(m.started); done > m.due.Sub(m.started)/4 {
			body["status"], body["percentageComplete"] = "inProgress", 100*float64(done)/float64(m.due.Sub(m.started))
		}
		c.reply(w, answer{status: http.StatusAccepted, body: body})
	case m.code != "":
		body["status"], body["percentageComplete"], body["errorCode"] = "failed", 0.0, m.code
		body["error"] = map[string]any{"code": m.code, "message": "The copy failed."}
		c.reply(w, answer{status: http.StatusOK, body: body})
	default:
		body["status"], body["percentageComplete"], body["resourceId"] = "completed", 100.0, m.item.id
		a := answer{status: http.StatusOK, body: body}
		location := c.options.BaseURL + "/v1.0/drives/" + m.drive.id + "/items/" + m.item.id
		body["resourceLocation"] = location
		if c.chance(c.unkind.OtherShape) {
			a = answer{status: http.StatusSeeOther}.with("Location", location)
		}
		c.reply(w, a)
	}
	return nil
}
