package graph

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// The numbers of upload sessions (https://learn.microsoft.com/graph/api/driveitem-createuploadsession).
const (
	fragmentUnit = 320 << 10 // every fragment but the last is a multiple of this
	fragmentMax  = 60 << 20  // and every one is smaller than this
	sessionLife  = 24 * time.Hour
)

// session is an upload in fragments.
type session struct {
	guid    string
	who     directory.Grant
	upload  *upload
	wait    bool // commit only when asked to: deferCommit
	expires time.Time

	mu       sync.Mutex // held while a fragment travels; taken before Graph.mu
	part     *part
	total    int64 // as the first fragment said; 0 before
	received int64
	content  *blob // when all bytes are there
	gone     bool  // committed or given up
}

// discard removes what was uploaded so far.
func (s *session) discard() {
	s.gone = true
	if s.part != nil && s.content == nil {
		s.part.discard()
	}
}

// newSession is the body of createUploadSession. fileSize and the type of the item, which OneDrive Personal takes, are
// not among its members: SharePoint answers them with 400
// (https://github.com/microsoftgraph/microsoft-graph-docs/issues/10585,
// https://github.com/microsoftgraph/msgraph-sdk-java/issues/1896).
type newSession struct {
	Item struct {
		Conflict    string `json:"@microsoft.graph.conflictBehavior"`
		Name        string `json:"name"`
		FileSystem  *times `json:"fileSystemInfo"`
		Description string `json:"description"`
	} `json:"item"`
	DeferCommit bool `json:"deferCommit"`
}

// createSession answers POST createUploadSession (row 11). A client that does not say what to do if the name
// is taken gets the documented default, fail; the service was also seen to replace the file
// (https://github.com/microsoftgraph/microsoft-graph-docs/issues/19010), so clients should say it.
func (c *call) createSession(t target) (answer, *failure) {
	var body newSession
	if bytes.Contains(c.body, []byte(`"@odata.type"`)) || bytes.Contains(c.body, []byte(`"fileSize"`)) {
		return answer{}, errInvalid("Invalid request")
	}
	if f := c.parse(&body); f != nil {
		return answer{}, f
	}
	on, f := parseBehaviour(body.Item.Conflict, onConflictFail)
	if f != nil {
		return answer{}, f
	}
	w := &upload{
		target: t,
		on:     on,
		byID:   t.item != nil && c.addressedByID(),
		match:  c.r.Header.Get("If-Match"),
		fs:     body.Item.FileSystem,
	}
	if f := c.checkSession(w, body); f != nil {
		return answer{}, f
	}
	s := &session{
		guid:    c.newGUID(),
		who:     c.who,
		upload:  w,
		wait:    body.DeferCommit,
		expires: c.second().Add(sessionLife),
	}
	c.sessions[s.guid] = s
	if !c.chance(c.unkind.SessionChecks) {
		w.match = ""
	}
	if w.item != nil && c.chance(c.unkind.SessionTag) {
		w.item.etag++
		c.noted(w.item)
	}
	return ok(map[string]any{
		"@odata.context": c.context("microsoft.graph.uploadSession"),
		"uploadUrl":      c.uploadURL(s), "expirationDateTime": stamp(s.expires), "nextExpectedRanges": []string{"0-"},
	})
}

// checkSession refuses a session that cannot end well.
func (c *call) checkSession(w *upload, body newSession) *failure {
	if w.item != nil && w.item.isFolder && w.byID {
		return errInvalid("The requested item is not a file.")
	}
	if body.Item.Name != "" && !strings.EqualFold(body.Item.Name, w.name) && !w.byID {
		return errInvalid("The name in the request does not match the name in the URL.")
	}
	if body.Item.Description != "" {
		return errInvalid("description is only supported in OneDrive for personal use.")
	}
	if tag := c.r.Header.Get("If-None-Match"); tag != "" && w.item != nil && c.hasTag(w.item, tag) {
		return c.errChanged()
	}
	probe := *w
	return c.checkUpload(&probe)
}

// uploadURL makes the URL of a session, on the host of SharePoint.
func (c *call) uploadURL(s *session) string {
	w, site := s.upload, s.upload.drive.site
	it := w.item
	if it == nil {
		it = w.parent
	}
	t := ticket{
		Kind:    "upload",
		Session: s.guid,
		Tenant:  site.tenant,
		User:    s.who.User,
		Expires: s.expires.Add(sessionLife),
	}
	p := escapePath(path.Join("/", site.path, "_api/v2.0/drives", w.drive.id, "items", it.id, "uploadSession"))
	return c.sign(c.sharePoint(site.tenant), p, uploadQuery(s.guid, w.name, w.on), t)
}

// uploadSession answers at the URL of a session (row 12).
func (c *call) uploadSession(w http.ResponseWriter) *failure {
	t, f := c.enter(w, "upload")
	if f != nil {
		discardBody(c.r)
		return f
	}
	c.lock()
	s, known := c.sessions[t.Session]
	lost := c.chance(c.unkind.SessionLost)
	c.mu.Unlock()
	missing := fail(http.StatusNotFound, "itemNotFound", "The upload session was not found")
	if !known || lost {
		discardBody(c.r)
		return missing
	}
	c.who = s.who
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gone && !c.now().Before(s.expires) {
		c.drop(s)
	}
	if s.gone {
		discardBody(c.r)
		return missing
	}
	switch c.r.Method {
	case http.MethodGet:
		c.reply(w, s.status(http.StatusOK))
		return nil
	case http.MethodDelete:
		c.drop(s)
		w.WriteHeader(http.StatusNoContent)
		return nil
	case http.MethodPost:
		return c.commitSession(w, s)
	case http.MethodPut:
		return c.putFragment(w, s)
	}
	return errMethod()
}

// status says what the session waits for.
func (s *session) status(status int) answer {
	ranges := []string{}
	if s.content == nil {
		ranges = append(ranges, fmt.Sprintf("%d-", s.received))
	}
	return answer{status: status,
		body: map[string]any{"expirationDateTime": stamp(s.expires), "nextExpectedRanges": ranges}}
}

func (c *call) drop(s *session) {
	s.discard()
	c.mu.Lock()
	delete(c.sessions, s.guid)
	c.mu.Unlock()
}

var contentRange = regexp.MustCompile(`^bytes (\d{1,15})-(\d{1,15})/(\d{1,15})$`)

// putFragment takes the next fragment; the last one commits.
func (c *call) putFragment(w http.ResponseWriter, s *session) *failure {
	from, to, total, f := c.checkFragment(s)
	if f != nil {
		discardBody(c.r)
		return f
	}
	if s.part == nil {
		p, err := c.blobs.newPart()
		if err != nil {
			return fail(http.StatusInternalServerError, "generalException", "%s", err.Error())
		}
		s.part, s.total = p, total
	}
	n, err := io.Copy(io.NewOffsetWriter(s.part.file, from), io.LimitReader(c.r.Body, to-from+1))
	if err != nil || n != to-from+1 {
		return errInvalid("The fragment broke off.")
	}
	s.received = to + 1
	if s.received < s.total {
		c.reply(w, s.status(http.StatusAccepted))
		return nil
	}
	content, err := c.blobs.keepWhole(s.part)
	if err != nil {
		return fail(http.StatusInternalServerError, "generalException", "%s", err.Error())
	}
	s.content = &content
	if s.wait {
		c.reply(w, s.status(http.StatusAccepted))
		return nil
	}
	return c.commitSession(w, s)
}

// checkFragment reads Content-Range and compares it with what the session waits for.
func (c *call) checkFragment(s *session) (from, to, total int64, f *failure) {
	m := contentRange.FindStringSubmatch(c.r.Header.Get("Content-Range"))
	if m == nil {
		return 0, 0, 0, errInvalid("Invalid Content-Range header value")
	}
	from, _ = strconv.ParseInt(m[1], 10, 64)
	to, _ = strconv.ParseInt(m[2], 10, 64)
	total, _ = strconv.ParseInt(m[3], 10, 64)
	length := to - from + 1
	switch {
	case c.r.ContentLength < 0:
		f = fail(http.StatusLengthRequired, "invalidRequest", "Content-Length is required")
	case length < 1 || to >= total || c.r.ContentLength != length:
		f = errInvalid("Content-Range and Content-Length do not fit.").within("invalidContentRange")
	case length >= fragmentMax:
		f = errTooMuch()
	case s.total > 0 && s.total != total:
		f = errInvalid("Declared fragment length does not match the provided number of bytes").within(
			"fragmentLengthMismatch")
	case from < s.received:
		f = outOfRange("The uploaded fragment overlaps with data that has already been received.").within(
			"fragmentOverlap")
	case from > s.received:
		f = outOfRange("The uploaded fragment is out of order.").within("fragmentOutOfOrder")
	case to+1 < total && length%fragmentUnit != 0:
		f = errInvalid("The fragment's size is not a multiple of 320 KiB.").within("invalidFragmentLength")
	}
	return from, to, total, f
}

func outOfRange(message string) *failure {
	return fail(http.StatusRequestedRangeNotSatisfiable, "invalidRange", "%s", message)
}

// commitSession makes the uploaded bytes a file. If that fails the session stays.
func (c *call) commitSession(w http.ResponseWriter, s *session) *failure {
	if s.content == nil {
		return errInvalid("The upload is not complete.")
	}
	c.lock()
	fresh := *s.upload
	status, f := c.commit(&fresh, *s.content)
	if f != nil {
		c.mu.Unlock()
		return f
	}
	s.gone = true
	delete(c.sessions, s.guid)
	a, f := c.answerItem(status, fresh.item)
	c.mu.Unlock()
	if f != nil {
		return f
	}
	c.reply(w, a)
	return nil
}
