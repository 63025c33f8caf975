package graph_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/graph"
)

const unit = 320 << 10

// session makes an upload session and returns its URL.
func (w *world) session(at string, item map[string]any, header ...string) string {
	w.t.Helper()
	r := w.ask(http.StatusOK, "POST", w.drive+at+"/createUploadSession", map[string]any{"item": item}, header...)
	if r.text("nextExpectedRanges") != "" || r.text("expirationDateTime") == "" {
		w.t.Fatalf("%s", r.raw)
	}
	return r.text("uploadUrl")
}

// fragment sends the bytes from (incl.) to to (excl.) of a content.
func (w *world) fragment(status int, url string, content []byte, from, to int) reply {
	w.t.Helper()
	r := w.do(request{
		method: "PUT",
		url:    url,
		body:   content[from:to],
		header: map[string]string{
			"Content-Range": fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(content)),
		},
	})
	if r.status != status {
		w.t.Fatalf("bytes %d-%d: status %d, want %d: %s", from, to-1, r.status, status, r.raw)
	}
	return r
}

// Rows 11 and 12.
func TestAFileIsUploadedInFragments(t *testing.T) {
	t.Parallel()
	w := open(t)
	content := bytes.Repeat([]byte{1, 2, 3, 4, 5}, unit/2)
	at := w.session("/root:/a b'c.jpg:", map[string]any{
		"@microsoft.graph.conflictBehavior": "replace", "name": "a b'c.jpg",
		"fileSystemInfo": map[string]any{"lastModifiedDateTime": "2001-02-03T04:05:06Z"},
	})
	if !strings.HasPrefix(at, w.point+"/sites/Team/_api/v2.0/drives/b") ||
		!strings.Contains(at, "/uploadSession?guid='") || !strings.Contains(at, "'&path='~tmp") ||
		!strings.Contains(at, "&overwrite=True&rename=False&dc=0&tempauth=") {
		t.Errorf("uploadUrl %s", at)
	}
	r := w.fragment(http.StatusAccepted, at, content, 0, unit)
	if r.at("nextExpectedRanges", 0) != fmt.Sprintf("%d-", unit) {
		t.Errorf("%s", r.raw)
	}
	if r := w.do(request{method: "GET", url: at}); r.status != http.StatusOK ||
		r.at("nextExpectedRanges", 0) != fmt.Sprintf("%d-", unit) {
		t.Errorf("%d %s", r.status, r.raw)
	}
	w.fragment(http.StatusAccepted, strings.ReplaceAll(at, "'", "%27"), content, unit, 2*unit)
	r = w.fragment(http.StatusCreated, at, content, 2*unit, len(content))
	if r.text("name") != "a b'c.jpg" || r.at("size") != float64(len(content)) ||
		r.text("fileSystemInfo", "lastModifiedDateTime") != "2001-02-03T04:05:06Z" {
		t.Errorf("%s", r.raw)
	}
	got := w.do(request{method: "GET", url: w.download(w.drive + "/items/" + r.text("id"))})
	if !bytes.Equal(got.raw, content) {
		t.Error("another content came back")
	}
	it, err := w.Item(w.site.DriveID, r.text("id"))
	if err != nil || w.versions(it) != 1 {
		t.Errorf("%d versions, %v", it.Versions, err)
	}
	for _, method := range []string{"GET", "DELETE", "PUT", "POST"} {
		if r := w.do(request{method: method, url: at}); r.status != http.StatusNotFound {
			t.Errorf("%s after the end: %d", method, r.status)
		}
	}
}

func TestFragmentsMustFollowTheRules(t *testing.T) {
	t.Parallel()
	w := open(t)
	content := make([]byte, 3*unit)
	at := w.session("/root:/a.jpg:", nil)
	w.fragment(http.StatusAccepted, at, content, 0, unit)
	put := func(header map[string]string, body []byte) reply {
		return w.do(request{method: "PUT", url: at, header: header, body: body})
	}
	span := func(from, to, total int) map[string]string {
		return map[string]string{"Content-Range": fmt.Sprintf("bytes %d-%d/%d", from, to, total)}
	}
	for what, c := range map[string]struct {
		r           reply
		status      int
		code, inner string
	}{
		"again": {put(span(0, unit-1, len(content)), content[:unit]), 416, "invalidRange", "fragmentOverlap"},
		"half again": {put(span(unit/2, unit/2+unit-1, len(content)), content[:unit]), 416, "invalidRange",
			"fragmentOverlap"},
		"too far": {put(span(2*unit, 3*unit-1, len(content)), content[:unit]), 416, "invalidRange",
			"fragmentOutOfOrder"},
		"odd size": {put(span(unit, unit+99, len(content)), content[:100]), 400, "invalidRequest",
			"invalidFragmentLength"},
		"another total": {put(span(unit, 2*unit-1, len(content)+1), content[:unit]), 400, "invalidRequest",
			"fragmentLengthMismatch"},
		"wrong length": {put(span(unit, 2*unit-1, len(content)), content[:unit-1]), 400, "invalidRequest",
			"invalidContentRange"},
		"beyond the end": {put(span(unit, 3*unit, len(content)), content[:2*unit+1]), 400, "invalidRequest",
			"invalidContentRange"},
		"no range": {put(nil, content[:unit]), 400, "invalidRequest", ""},
		"with a token": {
			w.do(request{
				as:     asAda,
				method: "PUT",
				url:    at,
				header: span(unit, 2*unit-1, len(content)),
				body:   content[:unit],
			}), 401, "unauthenticated", ""},
	} {
		if c.r.status != c.status || c.r.text("error", "code") != c.code ||
			c.r.text("error", "innerError", "code") != c.inner {
			t.Errorf("%s: %d %s", what, c.r.status, c.r.raw)
		}
	}
	w.fragment(http.StatusCreated, at, content, unit, 3*unit)
}

func TestAFragmentMustBeSmallerThanSixtyMiB(t *testing.T) {
	t.Parallel()
	w := open(t)
	at := w.session("/root:/a.jpg:", map[string]any{})
	content := make([]byte, 60<<20+unit)
	w.fragment(http.StatusRequestEntityTooLarge, at, content, 0, 60<<20)
}

func TestASessionIsRefusedIfItCannotEndWell(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("there.jpg", []byte("x"))
	if err := w.SetLibrary(w.site.DriveID, graph.Library{Quota: 1000}); err != nil {
		t.Fatal(err)
	}
	post := func(status int, at string, item map[string]any, header ...string) {
		t.Helper()
		w.ask(status, "POST", w.drive+at+"/createUploadSession", map[string]any{"item": item}, header...)
	}
	replace := map[string]any{"@microsoft.graph.conflictBehavior": "replace"}
	post(http.StatusConflict, "/root:/there.jpg:", nil)
	post(http.StatusOK, "/root:/there.jpg:", replace)
	post(http.StatusOK, "/items/"+it.ID, nil)
	post(http.StatusPreconditionFailed, "/root:/there.jpg:", replace, "If-Match", `"stale"`)
	post(http.StatusPreconditionFailed, "/root:/there.jpg:", replace, "If-None-Match", "*")
	post(http.StatusOK, "/root:/there.jpg:", replace, "If-Match", it.CTag)
	post(http.StatusBadRequest, "/root:/a.jpg:", map[string]any{"fileSize": 1000})
	post(http.StatusBadRequest, "/root:/a.jpg:",
		map[string]any{"@odata.type": "microsoft.graph.driveItemUploadableProperties"})
	post(http.StatusBadRequest, "/root:/a.jpg:", map[string]any{"name": "b.jpg"})
	post(http.StatusBadRequest, "/root:/a.jpg:", map[string]any{"shoeSize": 1})
	post(http.StatusBadRequest, "/root:/a.jpg:", map[string]any{"description": "x"})
	post(http.StatusBadRequest, "/root", nil)
	post(http.StatusNotFound, "/root:/none/a.jpg:", nil)
	w.ask(http.StatusOK, "POST", w.drive+"/root:/a.jpg:/microsoft.graph.createUploadSession",
		map[string]any{"item": map[string]any{}})
	w.ask(http.StatusOK, "POST", w.drive+"/root:/a.jpg:/createUploadSession", nil)
}

func TestANameThatWasTakenMeanwhileKeepsTheSession(t *testing.T) {
	t.Parallel()
	w := open(t)
	content := []byte("mine")
	at := w.session("/root:/a.jpg:", nil)
	theirs := w.put("a.jpg", []byte("theirs"))
	r := w.fragment(http.StatusConflict, at, content, 0, len(content))
	if r.text("error", "code") != "nameAlreadyExists" {
		t.Errorf("%s", r.raw)
	}
	if r := w.do(request{method: "GET", url: at}); r.status != http.StatusOK {
		t.Errorf("the session is gone: %d", r.status)
	}
	w.fragment(http.StatusRequestedRangeNotSatisfiable, at, content, 0, len(content))
	w.ask(http.StatusNoContent, "DELETE", w.item(theirs), nil)
	if r := w.do(request{method: "POST", url: at}); r.status != http.StatusCreated || r.text("name") != "a.jpg" {
		t.Errorf("second commit: %d %s", r.status, r.raw)
	}
}

func TestADeferredSessionWaitsForItsCommit(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := w.ask(http.StatusOK, "POST", w.drive+"/root:/a.jpg:/createUploadSession", map[string]any{"deferCommit": true})
	at := r.text("uploadUrl")
	if r := w.do(request{method: "POST", url: at}); r.status != http.StatusBadRequest {
		t.Errorf("commit of nothing: %d", r.status)
	}
	w.fragment(http.StatusAccepted, at, []byte("abc"), 0, 3)
	w.ask(http.StatusNotFound, "GET", w.drive+"/root:/a.jpg", nil)
	if r := w.do(request{method: "POST", url: at}); r.status != http.StatusCreated {
		t.Errorf("commit: %d %s", r.status, r.raw)
	}
	w.ask(http.StatusOK, "GET", w.drive+"/root:/a.jpg", nil)
}

func TestASessionEndsByDeleteOrByTime(t *testing.T) {
	t.Parallel()
	w := open(t)
	at := w.session("/root:/a.jpg:", nil)
	if r := w.do(request{method: "DELETE", url: at}); r.status != http.StatusNoContent {
		t.Errorf("delete: %d", r.status)
	}
	if r := w.do(request{method: "GET", url: at}); r.status != http.StatusNotFound {
		t.Errorf("after delete: %d", r.status)
	}
	at = w.session("/root:/a.jpg:", nil)
	w.clock.pass(25 * time.Hour)
	if r := w.do(request{method: "GET", url: at}); r.status != http.StatusNotFound {
		t.Errorf("after its expiry: %d", r.status)
	}
}

func TestTheURLOfASessionMustNotBeEncodedAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	at := w.session("/root:/a%20b.jpg:", nil)
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = u.Query().Encode()
	if r := w.do(request{method: "GET", url: u.String()}); r.status != http.StatusUnauthorized {
		t.Errorf("encoded again: %d", r.status)
	}
	if r := w.do(request{method: "GET", url: at}); r.status != http.StatusOK {
		t.Errorf("as it was given: %d", r.status)
	}
}

func TestASessionLooksAtItsConditionWhenItIsOpenedAlone(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("x"))
	at := w.session("/items/"+it.ID, nil, "If-Match", it.CTag)
	w.put("a.jpg", []byte("theirs"))
	w.fragment(http.StatusOK, at, []byte("new"), 0, 3)
	if now, err := w.Item(w.site.DriveID, it.ID); err != nil || w.versions(now) != 3 {
		t.Errorf("%d versions, %v", now.Versions, err)
	}
}

func TestUnkindSessionsMoveTheETagAndGetLost(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("x"))
	w.SetUnkindness(graph.Unkindness{SessionTag: 1, SessionChecks: 1})
	replace := map[string]any{"@microsoft.graph.conflictBehavior": "replace"}
	byETag := w.session("/root:/a.jpg:", replace, "If-Match", it.ETag)
	w.fragment(http.StatusPreconditionFailed, byETag, []byte("new"), 0, 3)
	w.fragment(http.StatusRequestedRangeNotSatisfiable, byETag, []byte("new"), 0, 3)
	byCTag := w.session("/root:/a.jpg:", replace, "If-Match", it.CTag)
	w.fragment(http.StatusOK, byCTag, []byte("new"), 0, 3)
	w.SetUnkindness(graph.Unkindness{SessionLost: 1})
	at := w.session("/root:/b.jpg:", nil)
	if r := w.do(request{method: "GET", url: at}); r.status != http.StatusNotFound {
		t.Errorf("lost session: %d", r.status)
	}
	w.SetUnkindness(graph.Unkindness{})
	w.fragment(http.StatusCreated, at, []byte("new"), 0, 3)
}
