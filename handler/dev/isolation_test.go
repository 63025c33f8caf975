package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/dump"
	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/stack"
)

// house is a tenant with a user and one of everything.
type house struct {
	token         string
	site          graph.Site
	tab, preset   reply
	job, receipt  reply
	image, tag    string // path and ETag of a picture
	tabs, presets string // cursors of lists
	items, files  string
	changes       string
	secret        string // is in all of its records
}

// settle gives a user one of everything.
func (c caller) settle(s *stack.Stack, user directory.User, secret string) house {
	c.t.Helper()
	h := house{secret: secret}
	var err error
	if h.token, err = s.Token(user); err != nil {
		c.t.Fatal(err)
	}
	if h.site, err = s.Sandbox.Graph.AddSite(user.Tenant, secret, user.ID); err != nil {
		c.t.Fatal(err)
	}
	for i, photo := range drawSmall(c.t, 2) {
		file, err := os.Open(photo.Path)
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := s.Sandbox.Graph.PutFile(h.site.DriveID, fmt.Sprintf("%s %d.jpg", secret, i), file,
			user.ID); err != nil {
			c.t.Fatal(err)
		}
		_ = file.Close()
	}
	c.good("GET /me", "/me", h.token, "")
	for range 2 { // more than one, so that lists have a next page
		h.tab = c.good("POST /tabs", "/tabs", h.token, h.tabBody(h.site.DriveID, "root"))
		h.preset = c.good("POST /presets", "/presets", h.token, presetBody(secret+rand.Text()))
	}
	h.job = c.good("POST /bulk-edits", "/bulk-edits", h.token, editBody(h.site.DriveID))
	wait(c.t, func() bool { return c.good("GET /bulk-edits/{id}", h.job.place(), h.token, "").body["state"] == "done" })
	h.tabs = c.good("GET /tabs", "/tabs?limit=1", h.token, "").body["next"].(string)
	h.presets = c.good("GET /presets", "/presets?limit=1", h.token, "").body["next"].(string)
	list := c.good("GET /drives/{driveId}/items", "/drives/"+h.site.DriveID+"/items?limit=1", h.token, "").body
	h.files = list["next"].(string)
	first := list["items"].([]any)[0].(map[string]any)
	h.image, h.tag = "/images/"+h.site.DriveID+"/"+first["itemId"].(string), first["etag"].(string)
	none := c.good("GET /images/{driveId}/{itemId}/properties", h.image+"/properties", h.token, "").header.Get("ETag")
	c.good("PATCH /images/{driveId}/{itemId}/properties", h.image+"/properties", h.token, `{"title":"`+secret+`"}`,
		"If-Match", none)
	h.changes = c.good("GET /drives/{driveId}/changes", "/drives/"+h.site.DriveID+"/changes", h.token,
		"").body["later"].(string)
	h.items = c.good("GET /bulk-edits/{id}/items", h.job.place()+"/items?limit=1", h.token, "").body["next"].(string)
	return h
}

func (h house) tabBody(drive, folder string) string {
	return fmt.Sprintf(`{"title":"%s","siteId":"%s","driveId":"%s","folderId":"%s"}`, h.secret, h.site.ID, drive,
		folder)
}

func presetBody(name string) string {
	return `{"name":"` + name + `","recipe":{"version":1,"steps":[]}}`
}

func editBody(drive string) string {
	return `{"source":{"folder":{"driveId":"` + drive +
		`","itemId":"root"}},"recipe":{"version":1,"steps":[{"op":"flip","axis":"horizontal"}]}}`
}

// alike returns an id of the same form that was never given. Of a path it changes the id alone.
func alike(id string) string {
	if path, last, ok := strings.Cut(strings.TrimPrefix(id, "/"), "/"); ok {
		return "/" + path + "/" + alike(last)
	}
	return regexp.MustCompile(`[a-z0-9]`).ReplaceAllStringFunc(id, func(c string) string {
		if c >= "0" && c <= "9" {
			return string('0' + ('9' - c[0]))
		}
		return string('a' + ('z' - c[0]))
	})
}

// passing is what differs between two answers of the same kind.
var passing = regexp.MustCompile(`"invocation":"[^"]*"`)

// TestTenantsAreIsolated drives every route with the token of one tenant and what belongs to another: the answer
// is the one that something gets that was never there.
func TestTenantsAreIsolated(t *testing.T) {
	t.Parallel()
	s, _ := startStack(t, stack.Options{Kind: true})
	c := caller{t, s.Host.URL(), map[string]bool{}}
	s.Sandbox.Entra.Consent(s.Scene.Fabrikam.ID, "", s.Scene.App.ID, s.Scene.App.Scopes...)
	b := c.settle(s, s.Scene.Frida, "fabrikamsecret")
	leaver := directory.User{
		Tenant: s.Scene.Fabrikam.ID,
		ID:     directory.NewID(),
		UPN:    "leaver@fabrikam.onmicrosoft.com",
		Name:   "Leaver",
	}
	if err := s.Sandbox.Directory.PutUser(leaver); err != nil {
		t.Fatal(err)
	}
	leaving, err := s.Token(leaver)
	if err != nil {
		t.Fatal(err)
	}
	b.receipt = c.good("DELETE /me", "/me", leaving, "")
	a := c.settle(s, s.Scene.Adele, "contososecret")
	before := stored(t, s, b.secret)

	tag := b.tab.header.Get("ETag")
	noTag := `"` + base64.RawURLEncoding.EncodeToString([]byte(`W/"datetime'2026-01-01T00%3A00%3A00.0000000Z'"`)) + `"`
	mine := a.tab.place()
	type attempt struct {
		operation, theirs, nobodys string // paths with what is theirs, and what is nobody's
		theirBody, nobodysBody     string
		theirTag, nobodysTag       string
	}
	var attempts []attempt
	theirItem := b.image[strings.LastIndex(b.image, "/")+1:]
	const image, edit = "/images/{driveId}/{itemId}",
		`{"recipe":{"version":1,"steps":[{"op":"flip","axis":"horizontal"}]}}`
	for operation, body := range map[string]string{
		"GET " + image: "", "GET " + image + "/about": "", "GET " + image + "/thumbnails/{size}": "",
		"GET " + image + "/content":  "",
		"GET " + image + "/versions": "", "GET " + image + "/versions/{version}/content": "",
		"GET " + image + "/comparison":                           "",
		"GET " + image + "/versions/{version}/thumbnails/{size}": "",
		"POST " + image + "/versions/{version}/restore":          "",
		"GET " + image + "/properties":                           "", "PATCH " + image + "/properties": `{"title":"x"}`,
		"POST " + image + "/preview": edit, "POST " + image + "/edits": edit, "PUT " + image + "/content": "x",
	} {
		rest := strings.NewReplacer("{size}", "small", "{version}",
			"1.0").Replace(operation[strings.Index(operation, image)+len(image):])
		for _, drives := range [][2]string{{b.site.DriveID, alike(b.site.DriveID)}, {a.site.DriveID, a.site.DriveID}} {
			attempts = append(attempts,
				attempt{operation, "/images/" + drives[0] + "/" + theirItem + rest,
					"/images/" + drives[1] + "/" + alike(theirItem) + rest, body, body, b.tag, b.tag})
		}
	}
	into := func(folder string) string {
		return strings.Replace(edit, `]}}`, `]},"save":{"target":"copy","folderId":"`+folder+`"}}`, 1)
	}
	for _, test := range append(attempts, []attempt{
		{"GET /sites/{siteId}/drives", "/sites/" + b.site.ID + "/drives", "/sites/" + alike(b.site.ID) + "/drives", "",
			"", "", ""},
		{"GET /sites", "/sites?url=" + b.site.WebURL, "/sites?url=" + b.site.WebURL + "x", "", "", "", ""},
		{"GET /drives/{driveId}/items", "/drives/" + b.site.DriveID + "/items",
			"/drives/" + alike(b.site.DriveID) + "/items", "", "", "", ""},
		{"GET /drives/{driveId}/items", "/drives/" + a.site.DriveID + "/items?cursor=" + b.files,
			"/drives/" + a.site.DriveID + "/items?cursor=" + alike(b.files), "", "", "", ""},
		{"GET /drives/{driveId}/changes", "/drives/" + b.site.DriveID + "/changes",
			"/drives/" + alike(b.site.DriveID) + "/changes", "", "", "", ""},
		{"GET /drives/{driveId}/changes", "/drives/" + a.site.DriveID + "/changes?cursor=" + b.changes,
			"/drives/" + a.site.DriveID + "/changes?cursor=" + alike(b.changes), "", "", "", ""},
		{"POST " + image + "/edits", a.image + "/edits", a.image + "/edits", edit, edit, b.tag, `"eA"`},
		{"POST " + image + "/edits", a.image + "/edits", a.image + "/edits", into(theirItem), into(alike(theirItem)),
			a.tag, a.tag},
		{"GET /tabs/{id}", b.tab.place(), alike(b.tab.place()), "", "", "", ""},
		{"PUT /tabs/{id}", b.tab.place(), alike(b.tab.place()), a.tabBody(a.site.DriveID, "root"),
			a.tabBody(a.site.DriveID, "root"), tag, tag},
		{"DELETE /tabs/{id}", b.tab.place(), alike(b.tab.place()), "", "", tag, tag},
		{"DELETE /tabs/{id}", b.tab.place(), alike(b.tab.place()), "", "", "*", "*"},
		{"PUT /tabs/{id}", mine, mine, a.tabBody(a.site.DriveID, "root"), a.tabBody(a.site.DriveID, "root"), tag,
			noTag},
		{"DELETE /tabs/{id}", mine, mine, "", "", tag, noTag},
		{"POST /tabs", "/tabs", "/tabs", a.tabBody(b.site.DriveID, "root"), a.tabBody(alike(b.site.DriveID), "root"),
			"", ""},
		{"PUT /tabs/{id}", mine, mine, a.tabBody(b.site.DriveID, "root"), a.tabBody(alike(b.site.DriveID), "root"),
			a.tab.header.Get("ETag"), a.tab.header.Get("ETag")},
		{"GET /presets/{id}", b.preset.place(), alike(b.preset.place()), "", "", "", ""},
		{"PUT /presets/{id}", b.preset.place(), alike(b.preset.place()), presetBody("x"), presetBody("x"),
			b.preset.header.Get("ETag"), noTag},
		{"DELETE /presets/{id}", b.preset.place(), alike(b.preset.place()), "", "", "*", "*"},
		{"GET /bulk-edits/{id}", b.job.place(), alike(b.job.place()), "", "", "", ""},
		{"GET /bulk-edits/{id}/items", b.job.place() + "/items", alike(b.job.place()) + "/items", "", "", "", ""},
		{"GET /bulk-edits/{id}/events", b.job.place() + "/events", alike(b.job.place()) + "/events", "", "", "", ""},
		{"GET /bulk-edits/{id}/report", b.job.place() + "/report", alike(b.job.place()) + "/report", "", "", "", ""},
		{"GET /bulk-edits/{id}/previews", b.job.place() + "/previews", alike(b.job.place()) + "/previews", "", "", "",
			""},
		{"GET /bulk-edits/{id}/previews/{n}/{side}", b.job.place() + "/previews/0/after",
			alike(b.job.place()) + "/previews/0/after", "", "", "", ""},
		{"POST /bulk-edits/{id}/pause", b.job.place() + "/pause", alike(b.job.place()) + "/pause", "", "", "", ""},
		{"POST /bulk-edits/{id}/resume", b.job.place() + "/resume", alike(b.job.place()) + "/resume", "", "", "", ""},
		{"POST /bulk-edits/{id}/cancel", b.job.place() + "/cancel", alike(b.job.place()) + "/cancel", "", "", "", ""},
		{"POST /bulk-edits/{id}/retry", b.job.place() + "/retry", alike(b.job.place()) + "/retry", "", "", "", ""},
		{"POST /bulk-edits/{id}/apply", b.job.place() + "/apply", alike(b.job.place()) + "/apply", "", "", "", ""},
		{"POST /bulk-edits/{id}/undo", b.job.place() + "/undo", alike(b.job.place()) + "/undo", "", "", "", ""},
		{"GET /bulk-edits/{id}/items", b.job.place() + "/items?cursor=" + b.items,
			alike(b.job.place()) + "/items?cursor=" + alike(b.items), "", "", "", ""},
		{"GET /bulk-edits/{id}/items", a.job.place() + "/items?cursor=" + b.items,
			a.job.place() + "/items?cursor=" + alike(b.items), "", "", "", ""},
		{"GET /tabs", "/tabs?cursor=" + b.tabs, "/tabs?cursor=" + alike(b.tabs), "", "", "", ""},
		{"GET /presets", "/presets?cursor=" + b.presets, "/presets?cursor=" + alike(b.presets), "", "", "", ""},
		{"GET /erasures/{id}", b.receipt.place(), alike(b.receipt.place()), "", "", "", ""},
	}...) {
		theirs := c.call(test.operation, test.theirs, a.token, test.theirBody, "If-Match", test.theirTag)
		nobodys := c.call(test.operation, test.nobodys, a.token, test.nobodysBody, "If-Match", test.nobodysTag)
		want, got := passing.ReplaceAllString(nobodys.text, ""), passing.ReplaceAllString(theirs.text, "")
		if theirs.status < 400 || theirs.status != nobodys.status || got != want {
			t.Errorf("%s %s: %d %s\nwhere nothing is: %d %s", test.operation, test.theirs, theirs.status, theirs.text,
				nobodys.status, nobodys.text)
		}
		delete(theirs.header, "Date")
		delete(nobodys.header, "Date")
		delete(theirs.header, "Content-Length")
		delete(nobodys.header, "Content-Length")
		if diff := cmp.Diff(headerNames(nobodys), headerNames(theirs)); diff != "" {
			t.Errorf("%s %s: the headers tell (-nothing there +theirs):\n%s", test.operation, test.theirs, diff)
		}
	}

	t.Run("a bulk edit of their library ends as one of a library that is not there", func(t *testing.T) {
		end := func(drive string) string {
			job := c.good("POST /bulk-edits", "/bulk-edits", a.token, editBody(drive))
			var body map[string]any
			wait(t, func() bool {
				body = c.good("GET /bulk-edits/{id}", job.place(), a.token, "").body
				return body["finishedAt"] != nil
			})
			return fmt.Sprint(body["state"], body["problem"], body["counts"])
		}
		if theirs, nobodys := end(b.site.DriveID), end(alike(b.site.DriveID)); theirs != nobodys {
			t.Errorf("theirs ends as %s, nobody's as %s", theirs, nobodys)
		}
	})
	t.Run("lists show what is one's own", func(t *testing.T) {
		for _, list := range []string{"/tabs", "/presets"} {
			r := c.good("GET "+list, list+"?limit=500", a.token, "")
			if strings.Contains(r.text, b.secret) || !strings.Contains(r.text, a.secret) {
				t.Errorf("%s: %s", list, r.text)
			}
		}
		r := c.good("GET /bulk-edits/{id}/items", a.job.place()+"/items", a.token, "")
		if strings.Contains(r.text, b.secret) {
			t.Errorf("items: %s", r.text)
		}
	})
	t.Run("what is said of pictures is one's own", func(t *testing.T) {
		for _, query := range []string{"", "?driveId=" + b.site.DriveID} {
			if r := c.good("GET /properties", "/properties"+query, a.token, ""); strings.Contains(r.text, b.secret) {
				t.Errorf("%s: %s", query, r.text)
			}
		}
		if r := c.good("GET /properties", "/properties", b.token, ""); !strings.Contains(r.text, b.secret) {
			t.Errorf("the other tenant sees %s", r.text)
		}
	})
	t.Run("an idempotency key is one's own", func(t *testing.T) {
		first := c.good("POST /bulk-edits", "/bulk-edits", b.token, editBody(b.site.DriveID), "Idempotency-Key", "same")
		mine := c.good("POST /bulk-edits", "/bulk-edits", a.token, editBody(a.site.DriveID), "Idempotency-Key", "same")
		if first.body["id"] == mine.body["id"] {
			t.Error("two tenants share a bulk edit")
		}
	})
	t.Run("a preset's name is free in another tenant", func(t *testing.T) {
		c.good("POST /presets", "/presets", b.token, presetBody("shared name"))
		c.good("POST /presets", "/presets", a.token, presetBody("shared name"))
	})
	t.Run("erasing one's own leaves theirs", func(t *testing.T) {
		c.good("DELETE /organization", "/organization", a.token, "")
		wait(t, func() bool { return len(stored(t, s, a.secret)) == 0 })
		c.good("GET /me", "/me", b.token, "")
	})
	after := stored(t, s, b.secret)
	for line := range before {
		if !after[line] {
			t.Errorf("changed: %s", line)
		}
	}
	if len(before) < 5 {
		t.Errorf("only %d records of the other tenant were looked at", len(before))
	}
}

func headerNames(r reply) []string { return slices.Sorted(maps.Keys(r.header)) }

// stored are the records and blobs that hold a text.
func stored(t *testing.T, s *stack.Stack, text string) map[string]bool {
	t.Helper()
	all, err := dump.Read(t.Context(), s.Azurite.ConnectionString)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, record := range all.Records {
		if line := record.String(); strings.Contains(line, text) {
			found[line] = true
		}
	}
	for _, blob := range all.Blobs {
		if strings.Contains(string(blob.Content), text) {
			found[blob.Name+string(blob.Content)] = true
		}
	}
	return found
}
