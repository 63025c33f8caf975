package api_test

import (
	"strings"
	"testing"
	"time"

	"imagepro/handler/library"
)

func TestPropertiesAreMergedAndListed(t *testing.T) {
	t.Parallel()
	s := newSharePoint()
	w := newWorld(withPictures(s))
	const path = picturePath + "/properties"
	empty := w.call(t, with("GET", path, ""))
	if empty.status != 200 || empty.header.Get("ETag") != empty.body["etag"] || empty.body["title"] != "" ||
		!strings.Contains(empty.text, `"tags":[]`) {
		t.Errorf("%d %s", empty.status, empty.text)
	}
	if a := w.call(t, with("PATCH", path, `{"title":"x"}`)); a.status != 428 {
		t.Errorf("without a version: %d %s", a.status, a.text)
	}
	first := w.call(
		t, with("PATCH", path, `{"title":"Sün","altText":"a","tags":["b","c"],"focalPoint":{"x":0.5,"y":1}}`,
			"If-Match", empty.header.Get("ETag"), "Content-Type", "application/merge-patch+json"))
	if first.status != 200 || first.body["title"] != "Sün" || first.body["changedBy"] != "anna" ||
		!strings.Contains(first.text, `"focalPoint":{"x":0.5,"y":1}`) {
		t.Errorf("%d %s", first.status, first.text)
	}
	second := w.call(
		t, with("PATCH", path+"?columns=true", `{"title":null,"tags":null,"focalPoint":null,"caption":"c"}`, "If-Match",
			first.header.Get("ETag")))
	if second.status != 200 || second.body["title"] != "" || second.body["altText"] != "a" ||
		second.body["focalPoint"] != nil || !strings.Contains(second.text, `"tags":[]`) ||
		strings.Join(s.columns, "|") != "|c" {
		t.Errorf("%d %s, columns %v", second.status, second.text, s.columns)
	}
	if a := w.call(t, with("PATCH", path, `{"title":"late"}`, "If-Match", first.header.Get("ETag"))); a.status != 412 {
		t.Errorf("over what was: %d %s", a.status, a.text)
	}
	for body, field := range map[string]string{
		`{"title":1}`: "/title", `{"tags":"x"}`: "/tags", `{"tags":[1]}`: "/tags/0",
		`{"focalPoint":{"x":2,"y":0}}`: "/focalPoint/x", `{"focalPoint":{"x":1}}`: "/focalPoint/y",
		`{"color":"red"}`: "/color", `{"title":"` + strings.Repeat("x", 256) + `"}`: "/title",
	} {
		a := w.call(t, with("PATCH", path, body, "If-Match", second.header.Get("ETag")))
		if kind, at := a.problem(); a.status != 422 || kind != "invalid" || at != field {
			t.Errorf("%s: %d %s, want invalid at %s", body, a.status, a.text, field)
		}
	}
	list := w.call(
		t, with(
			"GET", "/api/properties?driveId=d&folderId=f&tag=b&missingAltText=true"+
				"&changedSince=2026-01-02T03:04:05Z&changedBy=me&limit=5", ""))
	want := library.Filter{
		Drive:        "d",
		Folder:       "f",
		Tag:          "b",
		MissingAlt:   true,
		ChangedSince: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		ChangedBy:    "anna",
	}
	if images := list.body["images"].([]any); len(images) != 1 || images[0].(map[string]any)["name"] != s.item.Name ||
		s.drawer.filter != want {
		t.Errorf("%s; filter %+v", list.text, s.drawer.filter)
	}
	next := w.call(t, with("GET", "/api/properties?driveId=d&cursor="+list.body["next"].(string), ""))
	if strings.TrimSpace(next.text) != `{"images":[]}` {
		t.Errorf("the last page: %s", next.text)
	}
	for _, r := range []request{
		{method: "GET", path: "/api/properties?driveId=d&cursor=" + list.body["next"].(string), token: "Bearer bela"},
		with("GET", "/api/properties?changedSince=yesterday", ""), with("GET", "/api/properties?folderId=f", ""),
		with("GET", "/api/properties?limit=101", ""),
	} {
		if a := w.call(t, r); a.status != 422 {
			t.Errorf("%s: %d %s", r.path, a.status, a.text)
		}
	}
}
