package graph_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/graph"
)

// download follows GET content and returns where it leads.
func (w *world) download(url string) string {
	w.t.Helper()
	return w.ask(http.StatusFound, "GET", url+"/content", nil).header.Get("Location")
}

// Row 9.
func TestContentIsARedirectToAURLThatNeedsNoToken(t *testing.T) {
	t.Parallel()
	w := open(t)
	content := bytes.Repeat([]byte("0123456789"), 100)
	it := w.put("a b.jpg", content)
	location := w.download(w.item(it))
	if !strings.HasPrefix(location, w.point+"/sites/Team/_layouts/15/download.aspx?UniqueId=") ||
		!strings.Contains(location, "&tempauth=") {
		t.Fatalf("location %s", location)
	}
	r := w.do(request{method: "GET", url: location})
	if r.status != http.StatusOK || !bytes.Equal(r.raw, content) || r.header.Get("Content-Type") != "image/jpeg" ||
		r.header.Get("ETag") != it.ETag {
		t.Errorf("%d, %d bytes, %v", r.status, len(r.raw), r.header)
	}
	r = w.do(request{method: "GET", url: location, header: map[string]string{"Range": "bytes=10-14"}})
	if r.status != http.StatusPartialContent || string(r.raw) != "01234" ||
		r.header.Get("Content-Range") != "bytes 10-14/1000" {
		t.Errorf("range: %d %q", r.status, r.raw)
	}
	if r := w.do(
		request{method: "GET", url: location,
			header: map[string]string{"Range": "bytes=5000-"}}); r.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("range behind the end: %d", r.status)
	}
	if r := w.do(
		request{method: "GET", url: location,
			header: map[string]string{"If-None-Match": it.ETag}}); r.status != http.StatusNotModified {
		t.Errorf("if-none-match: %d", r.status)
	}
	w.ask(http.StatusNotModified, "GET", w.item(it)+"/content", nil, "If-None-Match", it.CTag)
	w.ask(http.StatusNotModified, "GET", w.item(it), nil, "If-None-Match", it.ETag)
	w.ask(http.StatusBadRequest, "GET", w.drive+"/root/content", nil)
}

func TestAPreAuthenticatedURLIsRefusedIfAnythingAboutItIsWrong(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("x"))
	location := w.download(w.item(it))
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	encoded := *u
	encoded.RawQuery = u.Query().Encode()
	for what, q := range map[string]request{
		"with a token":    {as: asAda, url: location},
		"sorted again":    {url: encoded.String()},
		"without ticket":  {url: location[:strings.Index(location, "&tempauth")]},
		"another ticket":  {url: strings.Replace(location, "tempauth=v1.e", "tempauth=v1.f", 1)},
		"another query":   {url: strings.Replace(location, "Translate=false", "Translate=true", 1)},
		"something added": {url: location + "&x=1"},
	} {
		q.method = "GET"
		if r := w.do(q); r.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, r.status)
		}
	}
	w.clock.pass(59 * time.Minute)
	if r := w.do(request{method: "GET", url: location}); r.status != http.StatusOK {
		t.Errorf("before its end: %d", r.status)
	}
	w.clock.pass(2 * time.Minute)
	if r := w.do(request{method: "GET", url: location}); r.status != http.StatusUnauthorized {
		t.Errorf("after its end: %d", r.status)
	}
	w.SetUnkindness(graph.Unkindness{ShortURL: true})
	location = w.download(w.item(it))
	w.clock.pass(5*time.Minute + time.Second)
	if r := w.do(request{method: "GET", url: location}); r.status != http.StatusUnauthorized {
		t.Errorf("five minutes after an unkind answer: %d", r.status)
	}
	location = w.download(w.item(it))
	w.ask(http.StatusNoContent, "DELETE", w.item(it), nil)
	if r := w.do(request{method: "GET", url: location}); r.status != http.StatusNotFound {
		t.Errorf("after the file was deleted: %d", r.status)
	}
}

func TestAnUnkindDownloadMayIgnoreTheRange(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.SetUnkindness(graph.Unkindness{WholeRange: 1})
	location := w.download(w.item(w.put("a.bin", []byte("0123456789"))))
	r := w.do(request{method: "GET", url: location, header: map[string]string{"Range": "bytes=2-3"}})
	if r.status != http.StatusOK || len(r.raw) != 10 {
		t.Errorf("%d, %d bytes", r.status, len(r.raw))
	}
}

func TestInfectedFilesAreNotHandedOut(t *testing.T) {
	t.Parallel()
	w := open(t)
	it := w.put("a.jpg", []byte("x"))
	if _, err := w.MarkMalware(w.site.DriveID, it.ID, "EICAR"); err != nil {
		t.Fatal(err)
	}
	r := w.do(request{method: "GET", url: w.download(w.item(it))})
	if r.status != http.StatusForbidden || r.header.Get("X-Virus-Infected") != "EICAR" ||
		r.text("error", "code") != "malwareDetected" {
		t.Errorf("%d %v %s", r.status, r.header, r.raw)
	}
	if r := w.ask(http.StatusOK, "GET", w.item(it), nil); r.at("malware") == nil {
		t.Error("no malware facet")
	}
}

// Row 10.
func TestPutCreatesWith201AndReplacesWith200(t *testing.T) {
	t.Parallel()
	w := open(t)
	at := w.drive + "/root:/a.jpg:/content"
	first := w.ask(http.StatusCreated, "PUT", at, "one", "Content-Type", "text/plain")
	if first.text("file", "mimeType") != "image/jpeg" {
		t.Errorf("the type comes from the name, not from %s", first.text("file", "mimeType"))
	}
	second := w.ask(http.StatusOK, "PUT", strings.Replace(at, "a.jpg", "A.JPG", 1), "two", "If-Match",
		first.text("eTag"))
	if second.text("name") != "a.jpg" || second.text("id") != first.text("id") {
		t.Errorf("names keep their case: %s", second.text("name"))
	}
	if second.text("eTag") == first.text("eTag") || second.text("cTag") == first.text("cTag") {
		t.Error("both tags move with the content")
	}
	for _, stale := range []string{first.text("eTag"), first.text("cTag"), `"nonsense"`} {
		r := w.ask(http.StatusPreconditionFailed, "PUT", w.drive+"/items/"+first.text("id")+"/content", "three",
			"If-Match", stale)
		if r.text("error", "code") != "resourceModified" {
			t.Errorf("%s", r.raw)
		}
	}
	w.ask(http.StatusOK, "PUT", w.drive+"/items/"+first.text("id")+"/content", "three", "If-Match", second.text("cTag"))
	r := w.do(request{method: "GET", url: w.download(w.drive + "/items/" + first.text("id"))})
	if string(r.raw) != "three" {
		t.Errorf("content %q", r.raw)
	}
	w.ask(http.StatusCreated, "PUT", w.drive+"/root:/empty.txt:/content", "")
	w.ask(http.StatusNotFound, "PUT", w.drive+"/root:/none/a.jpg:/content", "x")
	w.ask(http.StatusPreconditionFailed, "PUT", w.drive+"/root:/new.jpg:/content", "x", "If-Match", "*")
}

func TestPutFollowsTheConflictBehaviourInTheQuery(t *testing.T) {
	t.Parallel()
	w := open(t)
	at := w.drive + "/root:/a.jpg:/content?@microsoft.graph.conflictBehavior="
	w.ask(http.StatusCreated, "PUT", at+"fail", "one")
	r := w.ask(http.StatusConflict, "PUT", at+"fail", "two")
	if r.text("error", "code") != "nameAlreadyExists" {
		t.Errorf("%s", r.raw)
	}
	if r := w.ask(http.StatusCreated, "PUT", at+"rename", "two"); r.text("name") != "a 1.jpg" {
		t.Errorf("renamed to %s", r.text("name"))
	}
	w.ask(http.StatusOK, "PUT", at+"replace", "three")
	w.ask(http.StatusOK, "PUT", strings.Replace(at, "@", "%40", 1)+"replace", "three")
	w.ask(http.StatusBadRequest, "PUT", at+"nonsense", "four")
	if _, err := w.AddFolder(w.site.DriveID, "f", ada); err != nil {
		t.Fatal(err)
	}
	w.ask(http.StatusConflict, "PUT", w.drive+"/root:/f:/content", "x")
}

func TestPutRefusesWhatIsTooLargeOrCompressed(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.ask(http.StatusUnsupportedMediaType, "PUT", w.drive+"/root:/a.jpg:/content", "x", "Content-Encoding", "gzip")
	u, err := url.Parse(w.base)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn,
		"PUT /v1.0%s/root:/a.jpg:/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+
			"%s\r\nContent-Length: %d\r\n\r\n", w.drive, asAda, 250<<20+1)
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "413") {
		t.Errorf("%q, %v", line, err)
	}
	if err := w.SetLibrary(w.site.DriveID, graph.Library{Quota: 10}); err != nil {
		t.Fatal(err)
	}
	w.ask(http.StatusInsufficientStorage, "PUT", w.drive+"/root:/a.jpg:/content", "elf bytes!!")
	if r := w.ask(http.StatusOK, "GET", w.drive+"/root/children", nil); len(r.names()) != 0 {
		t.Errorf("refused uploads left %v", r.names())
	}
}

func TestRapidOverwritesMeetResourceModified(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.SetUnkindness(graph.Unkindness{Rapid: 1})
	at := w.drive + "/root:/a.jpg:/content"
	w.ask(http.StatusCreated, "PUT", at, "one")
	r := w.ask(http.StatusConflict, "PUT", at, "two")
	if r.text("error", "code") != "resourceModified" {
		t.Errorf("%s", r.raw)
	}
	w.clock.pass(time.Second)
	w.ask(http.StatusOK, "PUT", at, "two")
}

func TestPicturesFillInLaterAndMoveTheETagWhenUnkind(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.SetUnkindness(graph.Unkindness{PromoteMax: time.Second, PromoteETag: true})
	put := w.ask(http.StatusCreated, "PUT", w.drive+"/root:/a.jpg:/content", picture(t, 40, 30))
	w.clock.pass(2 * time.Second)
	got := w.ask(http.StatusOK, "GET", w.drive+"/items/"+put.text("id"), nil)
	if got.at("image", "width") != 40.0 || got.at("image", "height") != 30.0 {
		t.Errorf("image %v", got.at("image"))
	}
	if got.text("eTag") == put.text("eTag") || got.text("cTag") != put.text("cTag") {
		t.Errorf("eTag %s, cTag %s", got.text("eTag"), got.text("cTag"))
	}
	w.ask(http.StatusPreconditionFailed, "PUT", w.drive+"/items/"+put.text("id")+"/content", "x", "If-Match",
		put.text("eTag"))
	w.ask(http.StatusOK, "PUT", w.drive+"/items/"+put.text("id")+"/content", "x", "If-Match", put.text("cTag"))
}
