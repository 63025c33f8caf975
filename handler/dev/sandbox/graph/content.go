package graph

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxPut is the largest file that one PUT takes: 250 MB
// (https://learn.microsoft.com/graph/api/driveitem-put-content).
const maxPut = 250 << 20

// rapid is how soon after a write another one may meet resourceModified.
const rapid = time.Second

// getContent answers GET content (row 9): 302 to a pre-authenticated URL.
func (c *call) getContent(t target) (answer, *failure) {
	if t.item.isFolder {
		return answer{}, errInvalid("You cannot get content for a folder")
	}
	if c.unchanged(t.item) {
		return empty(http.StatusNotModified)
	}
	if format := c.q.option("format"); format != "" {
		return answer{}, fail(http.StatusNotAcceptable, "notSupported", "The sandbox does not convert to '%s'.", format)
	}
	a := answer{status: http.StatusFound}
	return a.with("Location", c.downloadURL(t.item, nil)), nil
}

// putContent answers PUT content (row 10). It reads the body without the lock.
func (c *call) putContent(t target) (answer, *failure) {
	on, f := parseBehaviour(c.q.values.Get("@microsoft.graph.conflictBehavior"), onConflictReplace)
	if f != nil {
		return answer{}, f
	}
	if c.r.ContentLength > maxPut {
		return answer{}, errTooMuch()
	}
	if e := c.r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return answer{}, fail(http.StatusUnsupportedMediaType, "invalidRequest",
			"The content encoding '%s' is not supported for file contents.", e)
	}
	w := &upload{
		target: t,
		on:     on,
		byID:   t.item != nil && t.parent != nil && c.addressedByID(),
		match:  c.r.Header.Get("If-Match"),
	}
	c.lock()
	f = c.checkUpload(w)
	c.mu.Unlock()
	if f != nil {
		return answer{}, f
	}
	content, err := c.blobs.store(c.r.Body, maxPut)
	if errors.Is(err, errTooLarge) {
		return answer{}, errTooMuch()
	}
	if err != nil {
		c.log.Info("upload broke off", "error", err.Error())
		return answer{}, errInvalid("The request body could not be read to its end.")
	}
	c.lock()
	defer c.mu.Unlock()
	status, f := c.commit(w, content)
	if f != nil {
		return answer{}, f
	}
	return c.answerItem(status, w.item)
}

// addressedByID reports whether the request names the item by its id alone: then there is no name to
// conflict with.
func (c *call) addressedByID() bool {
	segments, _ := splitPath(c.r.URL.EscapedPath())
	for i, s := range segments {
		if s == "items" && i+1 < len(segments) {
			i++
		} else if base, _, _ := strings.Cut(s, ":"); base != "root" {
			continue
		}
		at, _ := takeAddress(segments[i:])
		return at.path == ""
	}
	return false
}

// upload is a content on its way into a file.
type upload struct {
	target
	on    behaviour
	byID  bool   // replaces exactly this item, whatever its name
	match string // If-Match
	fs    *times
}

// checkUpload refuses an upload that cannot succeed, and brings its target up to date: while the content
// travelled the file may have come, gone or moved. mu is held.
func (c *call) checkUpload(w *upload) *failure {
	if !w.byID && w.parent != nil {
		if w.parent.deleted {
			return errNoItem()
		}
		w.item = w.parent.child(w.name)
	}
	if w.item == nil {
		return c.checkCreate(w)
	}
	if w.item.deleted {
		return errNoItem()
	}
	if !w.byID && w.on == onConflictFail {
		return errExists()
	}
	if !w.byID && w.on == onConflictRename {
		w.item, w.name = nil, freeName(w.parent, w.name)
		return c.checkCreate(w)
	}
	if w.item.isFolder {
		return errExists()
	}
	if itemLevel(c.who, w.item) < Write {
		return errDenied()
	}
	if f := c.checkFree(w.item); f != nil {
		return f
	}
	return c.checkMatch(w.item, w.match)
}

func (c *call) checkCreate(w *upload) *failure {
	if w.match != "" {
		return c.errChanged()
	}
	if itemLevel(c.who, w.parent) < Write {
		return errDenied()
	}
	if f := checkName(w.name, false); f != nil {
		return f
	}
	return checkPlace(w.parent, w.name)
}

// commit makes the uploaded content a new file (201) or a new version (200). mu is held.
func (c *call) commit(w *upload, content blob) (int, *failure) {
	if f := c.checkUpload(w); f != nil {
		return 0, f
	}
	d := w.drive
	if d.used+content.size > d.total {
		return 0, errFull()
	}
	status := http.StatusOK
	if w.item == nil {
		w.item = c.add(w.parent, w.name, false, c.who.User)
		status = http.StatusCreated
	} else if c.now().Sub(w.item.written) < rapid && c.chance(c.unkind.Rapid) {
		return 0, errModified(http.StatusConflict)
	}
	c.write(w.item, content, c.who.User)
	w.fs.apply(w.item)
	return status, nil
}

// discardBody reads what is left of a request so that the connection can be used again.
func discardBody(r *http.Request) { _, _ = io.CopyN(io.Discard, r.Body, 1<<20) }
