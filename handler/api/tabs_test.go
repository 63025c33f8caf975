package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const goodTab = `{"title":"Summer","siteId":"contoso.sharepoint.com,1,2","driveId":"b!d"}`

func put(path, tag, body string) request {
	r := post(path, body)
	r.method = http.MethodPut
	if tag != "" {
		r.header["If-Match"] = tag
	}
	return r
}

func remove(path, tag string) request {
	r := request{method: http.MethodDelete, path: path, header: map[string]string{}}
	if tag != "" {
		r.header["If-Match"] = tag
	}
	return r
}

// tagged fails the test unless the answer has the status and an ETag that stands in its body too.
func tagged(t *testing.T, a answer, status int) string {
	t.Helper()
	tag := a.header.Get("ETag")
	if a.status != status || tag == "" || tag != a.body["etag"] || tag[0] != '"' {
		t.Fatalf("%d, ETag %q: %s", a.status, tag, a.text)
	}
	return tag
}

func TestATabIsCreatedReadReplacedListedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.call(t, post("/api/tabs", goodTab))
	tag, location := tagged(t, a, 201), a.header.Get("Location")
	want := map[string]any{
		"id": "id1", "etag": tag, "title": "Summer", "siteId": "contoso.sharepoint.com,1,2", "driveId": "b!d",
		"folderId": "root",
		"layout":   "grid", "sort": map[string]any{"by": "name"}, "captions": "none",
		"createdAt": "2026-03-01T12:00:00Z", "changedAt": "2026-03-01T12:00:00Z",
	}
	if diff := cmp.Diff(want, a.body); diff != "" || location != "/api/tabs/id1" {
		t.Errorf("Location %q (-want +got):\n%s", location, diff)
	}
	if b := w.call(t, get(location)); cmp.Diff(want, b.body) != "" || tagged(t, b, 200) != tag {
		t.Errorf("read: %s", b.text)
	}
	all := `{"title":"Winter","siteId":"s","driveId":"d","folderId":"f","layout":"masonry","sort":{"by":"taken",` +
		`"descending":true},"captions":"title",
		"defaultRecipe":{"version":1,"steps":[{"op":"flip","axis":"horizontal"}]}}`
	changed := w.call(t, put(location, tag, all))
	next := tagged(t, changed, 200)
	if next == tag || changed.body["title"] != "Winter" || changed.body["layout"] != "masonry" ||
		changed.body["defaultRecipe"] == nil {
		t.Errorf("replaced: %s", changed.text)
	}
	if b := w.call(t, get(location)); b.body["title"] != "Winter" {
		t.Errorf("read after the change: %s", b.text)
	}
	list := w.call(t, get("/api/tabs"))
	if tabs := list.body["tabs"].([]any); len(tabs) != 1 || tabs[0].(map[string]any)["etag"] != next ||
		list.body["next"] != nil {
		t.Errorf("the list: %s", list.text)
	}
	if b := w.call(t, remove(location, next)); b.status != http.StatusNoContent {
		t.Errorf("deleted: %d %s", b.status, b.text)
	}
	for _, r := range []request{get(location), put(location, next, goodTab), remove(location, "*")} {
		if b := w.call(t, r); b.status != http.StatusNotFound {
			t.Errorf("%s after the deletion: %d %s", r.method, b.status, b.text)
		}
	}
}

func TestALostRaceIs412AndAMissingConditionIs428(t *testing.T) {
	t.Parallel()
	w := newWorld()
	preset := `{"name":"n","recipe":{"version":1,"steps":[]}}`
	for path, body := range map[string]string{"/api/tabs": goodTab, "/api/presets": preset} {
		a := w.call(t, post(path, body))
		old, location := tagged(t, a, 201), a.header.Get("Location")
		tag := tagged(t, w.call(t, put(location, old, body)), 200)
		for name, c := range map[string]struct {
			r      request
			status int
			kind   string
		}{
			"a change of the old version":        {put(location, old, body), 412, "stale"},
			"a deletion of the old version":      {remove(location, old), 412, "stale"},
			"a change of a version never given":  {put(location, `"AAAA"`, body), 412, "stale"},
			"a change without a version":         {put(location, "", body), 428, "unconditional"},
			"a deletion without a version":       {remove(location, ""), 428, "unconditional"},
			"a change of any version":            {put(location, "*", body), 422, "invalid"},
			"a change of two versions":           {put(location, old+", "+tag, body), 422, "invalid"},
			"a change of a weak version":         {put(location, "W/"+tag, body), 422, "invalid"},
			"a change of a version in no quotes": {put(location, strings.Trim(tag, `"`), body), 422, "invalid"},
			"a change of an empty version":       {put(location, `""`, body), 422, "invalid"},
			"a change of no base64":              {put(location, `"%%"`, body), 422, "invalid"},
		} {
			a := w.call(t, c.r)
			if kind, field := a.problem(); a.status != c.status || kind != c.kind || kind != "stale" &&
				field != "If-Match" {
				t.Errorf("%s, %s: %d %s, want %d %s", path, name, a.status, a.text, c.status, c.kind)
			}
		}
		if a := w.call(t, get(location)); tagged(t, a, 200) != tag {
			t.Errorf("%s: a refused change was made: %s", path, a.text)
		}
		if a := w.call(t, remove(location, "*")); a.status != http.StatusNoContent {
			t.Errorf("%s: a deletion of any version: %d %s", path, a.status, a.text)
		}
	}
}

func TestWrongTabsAndPresetsNameTheField(t *testing.T) {
	t.Parallel()
	w := newWorld()
	with := func(base, change string) string {
		var all map[string]json.RawMessage
		var changes map[string]json.RawMessage
		if json.Unmarshal([]byte(base), &all) != nil || json.Unmarshal([]byte(change), &changes) != nil {
			t.Fatalf("no JSON: %s", change)
		}
		for name, value := range changes {
			all[name] = value
			if string(value) == "0" {
				delete(all, name)
			}
		}
		text, _ := json.Marshal(all)
		return string(text)
	}
	preset := `{"name":"n","recipe":{"version":1,"steps":[]}}`
	long := strings.Repeat("ü", 129)
	for _, c := range []struct{ path, base, change, field string }{
		{"/api/tabs", goodTab, `{"title":0}`, "/title"},
		{"/api/tabs", goodTab, `{"title":""}`, "/title"},
		{"/api/tabs", goodTab, `{"title":"  "}`, "/title"},
		{"/api/tabs", goodTab, `{"title":"a\u0007b"}`, "/title"},
		{"/api/tabs", goodTab, `{"title":"\u200b\u2060\u00a0"}`, "/title"},
		{"/api/tabs", goodTab, `{"title":"a\ud800b"}`, "/title"}, // half of a pair becomes U+FFFD
		{"/api/tabs", goodTab, `{"title":"a\ufffdb"}`, "/title"},
		{"/api/tabs", goodTab, `{"title":"` + long + `"}`, "/title"},
		{"/api/tabs", goodTab, `{"siteId":0}`, "/siteId"},
		{"/api/tabs", goodTab, `{"siteId":"a/b"}`, "/siteId"},
		{"/api/tabs", goodTab, `{"driveId":"../x"}`, "/driveId"},
		{"/api/tabs", goodTab, `{"driveId":"elsewhere"}`, "/folderId"},
		{"/api/tabs", goodTab, `{"folderId":"a?b"}`, "/folderId"},
		{"/api/tabs", goodTab, `{"layout":"spiral"}`, "/layout"},
		{"/api/tabs", goodTab, `{"sort":{"by":"color"}}`, "/sort/by"},
		{"/api/tabs", goodTab, `{"captions":"all"}`, "/captions"},
		{"/api/tabs", goodTab, `{"defaultRecipe":{"version":2}}`, "/defaultRecipe/version"},
		{"/api/tabs", goodTab, `{"color":"red"}`, "/color"},
		{"/api/tabs", goodTab, `{"channel":{"name":"n"}}`, "/channel/id"},
		{"/api/tabs", goodTab, `{"channel":{"id":"i","conversation":"hello"}}`, "/channel/conversation"},
		{"/api/presets", preset, `{"name":0}`, "/name"},
		{"/api/presets", preset, `{"name":"` + long + `"}`, "/name"},
		{"/api/presets", preset, `{"description":"` + strings.Repeat("x", 1001) + `"}`, "/description"},
		{"/api/presets", preset, `{"recipe":0}`, "/recipe"},
		{"/api/presets", preset, `{"recipe":{"version":1,"steps":[{"op":"resize","width":99999}]}}`,
			"/recipe/steps/0/width"},
	} {
		a := w.call(t, post(c.path, with(c.base, c.change)))
		if kind, field := a.problem(); a.status != 422 || kind != "invalid" || field != c.field {
			t.Errorf("%s with %.60s: %d %s, want invalid at %s", c.path, c.change, a.status, a.text, c.field)
		}
	}
	if len(w.shelf.tabs)+len(w.shelf.named) != 0 {
		t.Errorf("something was kept: %v %v", w.shelf.tabs, w.shelf.named)
	}
	if a := w.call(t, get("/api/tabs?limits=3")); a.status != 422 {
		t.Errorf("an unknown parameter: %d %s", a.status, a.text)
	}
}

func TestANameThatIsTakenIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld()
	preset := `{"name":"n","recipe":{"version":1,"steps":[]}}`
	w.call(t, post("/api/presets", preset))
	a := w.call(t, post("/api/presets", preset))
	if kind, field := a.problem(); a.status != 409 || kind != "conflict" || field != "/name" {
		t.Errorf("%d %s, want a conflict at /name", a.status, a.text)
	}
}

func TestTheChannelIsInTheLinkAndNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.call(
		t, post("/api/tabs",
			strings.TrimSuffix(goodTab, "}")+`,"channel":{"id":"19:secret@thread.tacv2","name":"Secret + channel"}}`))
	tagged(t, a, 201)
	link, err := url.Parse(a.body["links"].(map[string]any)["teams"].(string))
	if err != nil || strings.Contains(link.RawQuery, "+") || link.Host != "teams.microsoft.com" ||
		link.Path != "/l/entity/app/id1" {
		t.Fatalf("the link is %v, %v", link, err)
	}
	if q := link.Query(); q.Get("context") != `{"channelId":"19:secret@thread.tacv2"}` ||
		q.Get("label") != "Summer (Secret + channel)" {
		t.Errorf("the link's query is %v", q)
	}
	if kept := fmt.Sprintf("%+v", w.shelf.tabs); strings.Contains(kept, "ecret") || strings.Contains(a.log, "ecret") {
		t.Errorf("the channel is kept or logged: %s\n%s", kept, a.log)
	}
	if b := w.call(t, get("/api/tabs/id1")); b.body["links"] != nil || strings.Contains(b.text, "ecret") {
		t.Errorf("the channel is shown again: %s", b.text)
	}
}

func TestCursorsAreGoodForTheirListAlone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 5 {
		for _, token := range []string{"Bearer anna", "Bearer chris"} {
			r := post("/api/tabs", goodTab)
			r.token = token
			w.call(t, r)
			r = post("/api/presets", fmt.Sprintf(`{"name":"n%d","recipe":{"version":1,"steps":[]}}`, i))
			r.token = token
			w.call(t, r)
		}
	}
	seen := map[any]bool{}
	path := "/api/tabs?limit=2"
	for range 3 {
		a := w.call(t, get(path))
		for _, one := range a.body["tabs"].([]any) {
			seen[one.(map[string]any)["id"]] = true
		}
		next, _ := a.body["next"].(string)
		if decoded, _ := base64.RawURLEncoding.DecodeString(next); strings.Contains(string(decoded), "tenant") {
			t.Errorf("the cursor shows what it holds: %q", decoded)
		}
		path = "/api/tabs?limit=2&cursor=" + next
	}
	if len(seen) != 5 {
		t.Errorf("%d tabs in three pages, want 5", len(seen))
	}
	cursor := w.call(t, get("/api/tabs?limit=1")).body["next"].(string)
	for name, r := range map[string]request{
		"another tenant": {method: http.MethodGet, path: "/api/tabs?cursor=" + cursor, token: "Bearer chris"},
		"another list":   get("/api/presets?cursor=" + cursor),
		"a bulk edit":    get("/api/bulk-edits/job1/items?cursor=" + cursor),
		"a plain cursor": get("/api/tabs?cursor=tenant-b/id1"),
		"a longer one":   get("/api/tabs?cursor=" + cursor + "A"),
	} {
		a := w.call(t, r)
		if kind, field := a.problem(); a.status != 422 || kind != "invalid" || field != "cursor" ||
			strings.Contains(a.text, `"tabs"`) {
			t.Errorf("%s: %d %s, want invalid at cursor", name, a.status, a.text)
		}
	}
	if a := w.call(
		t, request{method: http.MethodGet, path: "/api/tabs?cursor=" + cursor, token: "Bearer bela"}); a.status != 200 {
		t.Errorf("a colleague: %d %s", a.status, a.text)
	}
}
