package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/api"
	"imagepro/handler/bulk"
	"imagepro/handler/dev/dump"
	"imagepro/handler/dev/photos"
	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/dev/stack"
	"imagepro/handler/org"
	"imagepro/handler/privacy"
)

// The privacy audit: every operation is called with a marked value, a canary, in every field. Then everything
// that is stored or logged is compared with the inventory: what it holds, and where the canaries are.

// canaries are the marked values. Each is found by its text, wherever and in whatever form it is.
var canaries = struct {
	name, mail, upn, file, folder, title, preset, description, caption, copies string
	imageTitle, altText, imageCaption, credit, tag                             string
	channelID, channelName, conversation                                       string
}{
	name:         "Canaryname Vogel",
	mail:         "canarymail@birds.example",
	upn:          "canaryupn@birds.onmicrosoft.com",
	file:         "canaryfile",
	folder:       "canaryfolder",
	title:        "canarytitle",
	preset:       "canarypreset",
	description:  "canarydescription",
	caption:      "canarycaption",
	copies:       "canarycopies",
	imageTitle:   "canaryimagetitle",
	altText:      "canaryalttext",
	imageCaption: "canaryimagecaption",
	credit:       "canarycredit",
	tag:          "canarytag",
	channelID:    "19:canarychannelid@thread.tacv2",
	channelName:  "canarychannelname",
	conversation: "canaryconversation said this",
}

// never are those that may be nowhere at all.
var never = map[string]string{
	"the channel's id": "canarychannelid", "the channel's name": canaries.channelName,
	"a conversation": "canaryconversation",
}

// allowed says where the other canaries may be: the places of the inventory, with the field.
var allowed = map[string][]string{
	canaries.name:        {"ImageProUsers Name"},
	canaries.mail:        {"ImageProUsers Mail"},
	canaries.upn:         {"ImageProUsers UPN"},
	canaries.file:        {"ImageProBulkEdits Facts/name", "ImageProBulkEdits Facts/intent"},
	canaries.folder:      {"ImageProBulkEdits Facts/name"}, // of one that was given for an image
	canaries.title:       {"ImageProTabs D/title", "ImageProSchedules D/name"},
	canaries.preset:      {"ImageProPresets D/name"},
	canaries.description: {"ImageProPresets D/description"},
	canaries.caption: {"ImageProPresets D/recipe", "ImageProTabs D/defaultRecipe", "spec.json recipe",
		"spec.json called", "ImageProImages D/recipes",
		"ImageProSchedules D/recipe", "ImageProBulkEdits Facts/intent", "ImageProBulkEdits Facts/name"},
	canaries.imageTitle:   {"ImageProImages D/title"},
	canaries.altText:      {"ImageProImages D/altText"},
	canaries.imageCaption: {"ImageProImages D/caption"},
	canaries.credit:       {"ImageProImages D/credit"},
	canaries.tag:          {"ImageProImages D/tags", "source.json properties"},
	canaries.copies: {"ImageProBulkEdits Facts/intent", "ImageProBulkEdits Facts/name", "spec.json name",
		"ImageProSchedules D/save"},
}

// audit is a stack whose emulator logs everything, with people of its own.
type audit struct {
	*stack.Stack
	caller
	lines  *output
	log    string // file of the emulator's log
	tenant directory.Tenant
	user   directory.User // does everything
	leaver directory.User // asks to be erased
	site   graph.Site
	folder graph.Item
	logo   graph.Item // one of the pictures, which recipes lay on all
	tokens []string   // that were on the wire

	mu       sync.Mutex
	messages map[string]bool // of queues, as they were seen on the way
}

func newAudit(t *testing.T) *audit {
	t.Helper()
	log := filepath.Join(t.TempDir(), "azurite.log")
	a := newAuditOn(
		t, stack.Options{Kind: true, Azurite: []string{"--debug", log},
			Settings: map[string]string{"IMAGEPRO_LOG_LEVEL": "DEBUG"}})
	a.log = log
	return a
}

func newAuditOn(t *testing.T, o stack.Options) *audit {
	t.Helper()
	a := &audit{messages: map[string]bool{}}
	a.Stack, a.lines = startStack(t, o)
	a.caller = caller{t, a.Host.URL(), map[string]bool{}}
	a.tenant = directory.Tenant{ID: directory.NewID(), Name: "Birds", Domain: "birds"}
	a.Sandbox.Directory.PutTenant(a.tenant)
	a.user = directory.User{
		Tenant: a.tenant.ID,
		ID:     directory.NewID(),
		UPN:    canaries.upn,
		Name:   canaries.name,
		Mail:   canaries.mail,
		Locale: "de-DE",
	}
	a.leaver = directory.User{
		Tenant: a.tenant.ID,
		ID:     directory.NewID(),
		UPN:    "x" + canaries.upn,
		Name:   canaries.name,
		Mail:   "x" + canaries.mail,
	}
	for _, user := range []directory.User{a.user, a.leaver} {
		if err := a.Sandbox.Directory.PutUser(user); err != nil {
			t.Fatal(err)
		}
	}
	a.Sandbox.Entra.Consent(a.tenant.ID, "", a.Scene.App.ID, a.Scene.App.Scopes...)
	var err error
	if a.site, err = a.Sandbox.Graph.AddSite(a.tenant.ID, "Nest", a.user.ID); err != nil {
		t.Fatal(err)
	}
	drawn, err := photos.Draw(t.TempDir(), photos.Options{Count: 3, Seed: 9, MinMegapixels: 0.05, MaxMegapixels: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	for i, photo := range drawn {
		file, err := os.Open(photo.Path)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%s/%s %d%s", canaries.folder, canaries.file, i, filepath.Ext(photo.Name))
		if a.logo, err = a.Sandbox.Graph.PutFile(a.site.DriveID, name, file, a.user.ID); err != nil {
			t.Fatal(err)
		}
		_ = file.Close()
	}
	if _, err := a.Sandbox.Graph.PutFile(a.site.DriveID, canaries.folder+"/"+canaries.file+".txt",
		strings.NewReader("x"), a.user.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sandbox.Graph.PutFile(a.site.DriveID, canaries.folder+"/deeper/"+canaries.file+".txt",
		strings.NewReader("x"), a.user.ID); err != nil {
		t.Fatal(err)
	}
	if a.folder, err = a.Sandbox.Graph.Item(a.site.DriveID, canaries.folder); err != nil {
		t.Fatal(err)
	}
	return a
}

// token returns a fresh token of a user's, and remembers it.
func (a *audit) token(user directory.User) string {
	a.t.Helper()
	token, err := a.Token(user)
	if err != nil {
		a.t.Fatal(err)
	}
	a.tokens = append(a.tokens, token)
	return token
}

// bodies are the bodies of requests with a canary in every text field.
func (a *audit) bodies() map[string]string {
	recipe := `{"version":1,"name":"` + canaries.caption +
		`","steps":[{"op":"resize","width":40},{"op":"text","text":"` + canaries.caption + ` ☺"},
		{"op":"watermark","image":{"drive":"` + a.site.DriveID + `","item":"` + a.logo.ID + `"}}]}`
	withWarning := strings.TrimSuffix(recipe, "}") + `,"output":{"format":"gif"}}` // colorsReduced
	return map[string]string{
		"POST /token": `{"scopes":["User.Read"],"claims":"{\"access_token\":{\"canary\":{\"value\":\"` +
			canaries.conversation + `\"}}}"}`,
		"POST /tabs": `{"title":"` + canaries.title + `","siteId":"` + a.site.ID + `","driveId":"` + a.site.DriveID +
			`","folderId":"` + a.folder.ID + `",
			"layout":"list","sort":{"by":"taken","descending":true},"captions":"title","defaultRecipe":` + recipe + `,
			"channel":{"id":"` + canaries.channelID + `","name":"` + canaries.channelName + `"}}`,
		"PUT /tabs/{id}": `{"title":"` + canaries.title + ` 2","siteId":"` + a.site.ID + `","driveId":"` +
			a.site.DriveID + `","folderId":"root","defaultRecipe":` + recipe + `}`,
		"POST /presets": `{"name":"` + canaries.preset + `","description":"` + canaries.description +
			`","recipe":` + recipe + `}`,
		"PUT /presets/{id}": `{"name":"` + canaries.preset + ` 2","description":"` + canaries.description +
			`","recipe":` + recipe + `}`,
		"POST /recipes/from-editor": `{"backgroundImage":{"width":40,"height":30},` +
			`"objects":[{"type":"i-text","text":"` + canaries.caption + `","fontFamily":"` + canaries.title + `"}]}`,
		"POST /bulk-edits": `{"source":{"folder":{"driveId":"` + a.site.DriveID + `","itemId":"root","recursive":true}},
			"recipe":` + withWarning + `,"save":{"target":"copy","name":"{name} {recipe} ` + canaries.copies + `"}}`,
		"POST /schedules": `{"name":"` + canaries.title +
			`","start":"2099-01-01T00:00:00","rule":"FREQ=DAILY","timeZone":"UTC",` +
			`"edit":{"source":{"folder":{"driveId":"` + a.site.DriveID + `","itemId":"root"}},
			"recipe":` + recipe + `,"save":{"target":"copy","name":"{name} ` + canaries.copies + `"}}}`,
		"PUT /schedules/{id}": `{"name":"` + canaries.title +
			`","start":"2099-01-01T00:00:00","rule":"FREQ=DAILY","timeZone":"UTC",` +
			`"edit":{"source":{"folder":{"driveId":"` + a.site.DriveID + `","itemId":"root"}},
			"recipe":` + recipe + `,"save":{"target":"copy","name":"{name} ` + canaries.copies + `"}}}`,
		"POST /images/{driveId}/{itemId}/preview": `{"recipe":` + recipe + `,"size":64}`,
		"POST /images/{driveId}/{itemId}/edits": `{"recipe":` + recipe + `,"save":{"target":"copy","name":"{name} ` +
			canaries.copies + `","folderId":"` +
			a.folder.ID + `","onConflict":"rename"}}`,
		"PATCH /images/{driveId}/{itemId}/properties": `{"title":"` + canaries.imageTitle + `","altText":"` +
			canaries.altText + `","caption":"` + canaries.imageCaption + `",
			"credit":"` + canaries.credit + `","tags":["` + canaries.tag + `"],"focalPoint":{"x":0.5,"y":0.25}}`,
	}
}

// act calls every operation, rightly and wrongly.
func (a *audit) act() {
	a.t.Helper()
	token, bodies := a.token(a.user), a.bodies()
	a.good("GET /health", "/health", "", "")
	a.good("GET /privacy", "/privacy", "", "")
	a.good("GET /openapi.json", "/openapi.json", "", "")
	a.good("GET /health/ready", "/health/ready", "", "")
	a.good("GET /recipes/schema", "/recipes/schema", "", "")
	a.good("GET /recipes/letters", "/recipes/letters", "", "")
	a.good("GET /me", "/me", token, "")
	a.tokens = append(a.tokens,
		a.good("POST /token", "/token", token, bodies["POST /token"]).body["accessToken"].(string))

	tab := a.good("POST /tabs", "/tabs", token, bodies["POST /tabs"])
	place := tab.place()
	a.good("GET /tabs/{id}", place, token, "")
	a.good("PUT /tabs/{id}", place, token, bodies["PUT /tabs/{id}"], "If-Match", tab.header.Get("ETag"))
	a.good("POST /tabs", "/tabs", token, bodies["POST /tabs"])
	a.good("GET /tabs", "/tabs?cursor="+a.good("GET /tabs", "/tabs?limit=1", token, "").body["next"].(string), token,
		"")

	preset := a.good("POST /presets", "/presets", token, bodies["POST /presets"])
	place = preset.place()
	a.good("GET /presets/{id}", place, token, "")
	changed := a.good("PUT /presets/{id}", place, token, bodies["PUT /presets/{id}"], "If-Match",
		preset.header.Get("ETag"))
	a.good("POST /presets", "/presets", token, bodies["POST /presets"])
	a.good("GET /presets", "/presets?limit=500", token, "")
	a.good("POST /recipes/from-editor", "/recipes/from-editor", token, bodies["POST /recipes/from-editor"])
	a.good("DELETE /presets/{id}", place, token, "", "If-Match", changed.header.Get("ETag"))
	spare := a.good("POST /tabs", "/tabs", token, bodies["POST /tabs"])
	a.good("DELETE /tabs/{id}", spare.place(), token, "", "If-Match", "*")

	a.look(token)
	for _, source := range []string{"",
		`{"images":[{"driveId":"` + a.site.DriveID + `","itemId":"` + a.folder.ID + `"}]}`} {
		body := bodies["POST /bulk-edits"]
		if source != "" {
			body = regexp.MustCompile(`"source":\{.*?\}\}`).ReplaceAllString(body, `"source":`+source)
		}
		job := a.good("POST /bulk-edits", "/bulk-edits", token, body, "Idempotency-Key",
			canaries.conversation+source[:min(3, len(source))])
		place := "/bulk-edits/" + job.body["id"].(string)
		wait(a.t, func() bool {
			a.peek()
			return a.good("GET /bulk-edits/{id}", place, token, "").body["state"] == "done"
		})
		a.good("GET /bulk-edits/{id}/items", place+"/items?limit=500", token, "")
	}
	a.bulk(token)
	a.schedules(token)
	a.wrongly(token)
	a.parked()
	a.leave()
}

// bulk does with bulk edits what is done beside starting them.
func (a *audit) bulk(token string) {
	a.t.Helper()
	done := func(r reply) string {
		a.t.Helper()
		place := "/bulk-edits/" + r.body["id"].(string)
		wait(a.t, func() bool { return a.good("GET /bulk-edits/{id}", place, token, "").body["state"] == "done" })
		return place
	}
	submit := func(body string) reply {
		a.t.Helper()
		return a.good("POST /bulk-edits", "/bulk-edits", token, body)
	}
	// other contents than those that are there
	copies := strings.Replace(a.bodies()["POST /bulk-edits"], `"width":40`, `"width":41`, 1)
	taken := done(submit(copies)) // the names of the copies are
	done(a.good("POST /bulk-edits/{id}/retry", taken+"/retry?states=conflict", token, ""))
	a.good("GET /bulk-edits", "/bulk-edits?limit=500", token, "")
	a.good("GET /bulk-edits/{id}/events", taken+"/events", token, "")
	a.good("GET /bulk-edits/{id}/report", taken+"/report", token, "")

	images := `{"source":{"images":[{"driveId":"` + a.site.DriveID + `","itemId":"` + a.logo.ID +
		`"}]},"recipe":{"version":1,"steps":[{"op":"filter","name":"invert"}]}`
	edit := done(submit(images + `}`))
	// an answer that is not known, at the second look: the message comes again
	_, err := a.Sandbox.Trouble.Add(trouble.Rule{
		Service: "graph",
		Method:  "GET",
		Path:    regexp.QuoteMeta(a.logo.ID) + "$",
		Skip:    1,
		Times:   1,
		Action:  trouble.Fail,
		Status:  http.StatusTeapot,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	done(submit(images + `}`))
	done(submit(strings.Replace(images, `"images"`, `"since":"`+path.Base(edit)+`","images"`, 1) + `}`))
	done(submit(`{"source":{"properties":{"tag":"` + canaries.tag + `"}},"recipe":{"version":1,"steps":[]}}`))
	done(a.good("POST /bulk-edits/{id}/undo", edit+"/undo", token, ""))

	dry := done(submit(images + `,"dryRun":true}`))
	for _, one := range a.good("GET /bulk-edits/{id}/previews", dry+"/previews", token, "").body["previews"].([]any) {
		a.good("GET /bulk-edits/{id}/previews/{n}/{side}",
			strings.TrimPrefix(one.(map[string]any)["afterUrl"].(string), "/api"), token, "")
	}
	done(a.good("POST /bulk-edits/{id}/apply", dry+"/apply", token, ""))
	place := ""
	for paused := false; !paused; { // unless it was over already
		place = submit(images + `}`).place()
		paused = a.call("POST /bulk-edits/{id}/pause", place+"/pause", token, "").status == http.StatusOK
	}
	a.good("POST /bulk-edits/{id}/cancel", place+"/cancel", token, "")
	for paused := false; !paused; { // and stays so
		place = submit(images + `,"save":{"target":"copy","keepDates":true,"folderId":"` + a.folder.ID + `"}}`).place()
		paused = a.call("POST /bulk-edits/{id}/pause", place+"/pause", token, "").status == http.StatusOK
	}
	for resumed := false; !resumed; {
		place = submit(images + `}`).place()
		resumed = a.call("POST /bulk-edits/{id}/resume", place+"/resume", token, "").status == http.StatusOK
	}
}

// schedules adds one, changes it and deletes a second.
func (a *audit) schedules(token string) {
	a.t.Helper()
	bodies := a.bodies()
	one := a.good("POST /schedules", "/schedules", token, bodies["POST /schedules"])
	a.good("GET /schedules/{id}", one.place(), token, "")
	a.good("PUT /schedules/{id}", one.place(), token, bodies["PUT /schedules/{id}"], "If-Match", one.header.Get("ETag"))
	other := a.good("POST /schedules", "/schedules", token, bodies["POST /schedules"])
	a.good("GET /schedules", "/schedules", token, "")
	a.good("DELETE /schedules/{id}", other.place(), token, "", "If-Match", "*")
}

// look does with a picture all that one person can do with it.
func (a *audit) look(token string) {
	a.t.Helper()
	bodies, conversation := a.bodies(), url.QueryEscape(canaries.conversation)
	a.good("GET /sites", "/sites?search="+conversation, token, "")
	a.good("GET /sites", "/sites?url="+url.QueryEscape(a.site.WebURL+"/"+canaries.conversation), token, "")
	a.good("GET /sites/{siteId}/drives", "/sites/"+a.site.ID+"/drives", token, "")
	a.good("GET /drives/{driveId}/items", "/drives/"+a.site.DriveID+"/items?name="+conversation, token, "")
	a.good("GET /drives/{driveId}/changes", "/drives/"+a.site.DriveID+"/changes", token, "")
	list := a.good("GET /drives/{driveId}/items",
		"/drives/"+a.site.DriveID+"/items?thumbnails=true&folder="+a.folder.ID, token, "")
	var place, tag string
	for _, item := range list.body["items"].([]any) {
		if item := item.(map[string]any); item["mimeType"] == "image/jpeg" {
			place, tag = "/images/"+a.site.DriveID+"/"+item["itemId"].(string), item["etag"].(string)
		}
	}
	const image = "/images/{driveId}/{itemId}"
	a.good("GET "+image, place, token, "")
	a.good("GET "+image+"/about", place+"/about", token, "")
	a.good("GET "+image+"/thumbnails/{size}", place+"/thumbnails/small", token, "")
	a.good("GET "+image+"/content", place+"/content", token, "", "Range", "bytes=0-99")
	a.good("POST "+image+"/edits", place+"/edits", token, bodies["POST "+image+"/edits"], "If-Match", tag)
	preview := a.good("POST "+image+"/preview", place+"/preview", token, bodies["POST "+image+"/preview"])
	saved := a.good("PUT "+image+"/content", place+"/content", token, preview.text, "If-Match", tag, "Content-Type",
		"image/jpeg")
	versions := a.good("GET "+image+"/versions", place+"/versions", token, "").body["versions"].([]any)
	version := place + "/versions/" + versions[len(versions)-1].(map[string]any)["id"].(string)
	a.good("GET "+image+"/versions/{version}/content", version+"/content", token, "")
	a.good("GET "+image+"/versions/{version}/thumbnails/{size}", version+"/thumbnails/small", token, "")
	a.good("GET "+image+"/comparison", place+"/comparison", token, "")
	said := a.good("GET "+image+"/properties", place+"/properties", token, "")
	a.good("PATCH "+image+"/properties", place+"/properties?columns=true", token, bodies["PATCH "+image+"/properties"],
		"If-Match", said.header.Get("ETag"))
	a.good("GET /properties", "/properties?tag="+canaries.tag+"&changedBy=me", token, "")
	a.good("POST "+image+"/versions/{version}/restore", version+"/restore", token, "", "If-Match",
		saved.header.Get("ETag"))
}

// wrongly sends what is refused, with canaries wherever a request has room.
func (a *audit) wrongly(token string) {
	a.t.Helper()
	said := url.QueryEscape(canaries.conversation)
	for _, test := range []struct{ operation, path, body, header string }{
		{"GET /me", "/me?conversation=" + said, "", ""},
		{"GET /tabs", "/tabs?cursor=" + said, "", ""},
		{"GET /tabs/{id}", "/tabs/" + said, "", ""},
		{"GET /nothing", "/" + said + "/" + url.PathEscape(canaries.channelID), "", ""},
		{"POST /tabs", "/tabs", `{"conversation":"` + canaries.conversation + `"}`, ""},
		{"POST /tabs", "/tabs", `{"` + canaries.conversation + `":1}`, ""}, // whose answer names the field
		{"POST /tabs", "/tabs",
			`{"title":["` + canaries.conversation + `"],"siteId":"` + canaries.channelID + `","driveId":"` +
				canaries.channelName + `"}`, ""},
		{"POST /tabs", "/tabs",
			`{"title":"` + canaries.title + `","siteId":"s","driveId":"` + canaries.channelName +
				`","channel":{"id":"` + canaries.channelID + `","text":"` + canaries.conversation + `"}}`, ""},
		{"POST /tabs", "/tabs",
			`{"title":"` + canaries.title + `","siteId":"s","driveId":"` + canaries.channelName + `"}`, ""},
		{"POST /tabs", "/tabs", canaries.conversation, ""},
		{"PUT /tabs/{id}", "/tabs/x", `{"title":"` + canaries.title + `","siteId":"s","driveId":"d"}`,
			canaries.conversation},
		{"POST /presets", "/presets",
			`{"name":"` + canaries.conversation + `","recipe":{"version":1,"steps":[{"op":"` + canaries.conversation +
				`"}]}}`, ""},
		{"POST /presets", "/presets",
			`{"name":"x","recipe":{"version":1,"steps":[{"op":"mask","image":{"drive":"` + canaries.channelID +
				`","item":"` + canaries.conversation + `"}}]}}`, ""},
		{"POST /recipes/from-editor", "/recipes/from-editor",
			`{"epochs":[{"background":"` + canaries.conversation + `","objects":["` + canaries.channelName + `"]}]}`,
			""},
		{"POST /bulk-edits", "/bulk-edits",
			`{"source":{"folder":{"driveId":"` + canaries.channelName + `","itemId":"` + canaries.conversation +
				`"}},"recipe":{"version":"` + canaries.conversation + `"}}`, ""},
		{"POST /token", "/token", `{"scopes":["` + canaries.conversation + `"]}`, ""},
		{"POST /token", "/token", `{"claims":"` + canaries.conversation + `"}`, ""},
		{"GET /erasures/{id}", "/erasures/" + said, "", ""},
		{"GET /sites", "/sites?url=" + said, "", ""},
		{"GET /sites/{siteId}/drives", "/sites/" + said + "/drives", "", ""},
		{"GET /drives/{driveId}/items", "/drives/" + said + "/items?folder=" + url.QueryEscape(canaries.channelID), "",
			""},
		{"GET /drives/{driveId}/changes", "/drives/" + a.site.DriveID + "/changes?cursor=" + said, "", ""},
		{"GET /images/{driveId}/{itemId}", "/images/" + said + "/" + url.PathEscape(canaries.channelID), "", ""},
		{"GET /properties", "/properties?driveId=" + said + "&changedBy=" + said, "", ""},
		{"PATCH /images/{driveId}/{itemId}/properties", "/images/" + a.site.DriveID + "/" + a.folder.ID + "/properties",
			`{"title":["` + canaries.conversation + `"]}`, `"eA"`},
		{"GET /images/{driveId}/{itemId}/content", "/images/" + a.site.DriveID + "/" + said + "/content", "", ""},
		{"PUT /images/{driveId}/{itemId}/content", "/images/" + a.site.DriveID + "/" + a.folder.ID + "/content",
			canaries.conversation, `"` + base64.RawURLEncoding.EncodeToString([]byte(canaries.conversation)) + `"`},
		{"POST /images/{driveId}/{itemId}/edits", "/images/" + a.site.DriveID + "/" + a.folder.ID + "/edits",
			`{"recipe":{"version":1,"steps":[]},"save":{"target":"copy","name":"` + canaries.conversation +
				`","folderId":"` + canaries.channelName + `"}}`, `"eA"`},
		{"POST /images/{driveId}/{itemId}/preview", "/images/" + a.site.DriveID + "/" + said + "/preview",
			`{"recipe":"` + canaries.conversation + `"}`, ""},
		{"POST /images/{driveId}/{itemId}/versions/{version}/restore",
			"/images/" + a.site.DriveID + "/" + a.folder.ID + "/versions/" + said + "/restore", "",
			canaries.conversation},
		{"DELETE /organization", "/organization", "", ""},
		{"GET /bulk-edits/{id}", "/bulk-edits/" + said, "", ""},
	} {
		r := a.call(test.operation, test.path, token, test.body, "If-Match", test.header, "X-Conversation",
			canaries.conversation, "X-Channel", canaries.channelID)
		if r.status < 400 || r.status > 499 {
			a.t.Errorf("%s %s %s: %d %s, want a refusal", test.operation, test.path, test.body, r.status, r.text)
		}
		for what, canary := range never {
			if strings.Contains(r.text, canary) && !strings.Contains(test.body, canary+`":1`) &&
				!strings.Contains(test.body, canary+` said this":1`) {
				a.t.Errorf("%s %s: the answer repeats %s: %s", test.operation, test.path, what, r.text)
			}
		}
	}
	if r := a.call("GET /me", "/me", token+canaries.conversation, ""); r.status != http.StatusUnauthorized {
		a.t.Errorf("a bad token: %d", r.status)
	}
}

// parked lets a bulk edit meet a dead session.
func (a *audit) parked() {
	a.t.Helper()
	token := a.token(a.user)
	job := a.good("POST /bulk-edits", "/bulk-edits", token,
		strings.Replace(a.bodies()["POST /bulk-edits"], `{name} `, `{name} again `, 1))
	a.Sandbox.Entra.Revoke(a.tenant.ID, a.user.ID)
	time.Sleep(time.Second) // a token of the second of the revocation would count as older
	again := a.token(a.user)
	place := "/bulk-edits/" + job.body["id"].(string)
	state := func() any { return a.good("GET /bulk-edits/{id}", place, again, "").body["state"] }
	wait(a.t, func() bool { return state() == "waitingForSignIn" || state() == "done" })
	a.good("GET /me", "/me", again, "")
	wait(a.t, func() bool { return state() == "done" })
}

// leave erases a user, as far as that goes before everything has settled, and then nobody: only an administrator
// may.
func (a *audit) leave() {
	a.t.Helper()
	token := a.token(a.leaver)
	a.good("GET /me", "/me", token, "")
	body := `{"source":{"images":[{"driveId":"` + a.site.DriveID + `","itemId":"` + a.folder.ID +
		`"}]},"recipe":{"version":1,"steps":[]}}`
	a.good("POST /bulk-edits", "/bulk-edits", token, body)
	accepted := a.good("DELETE /me", "/me", token, "")
	place := accepted.place()
	wait(a.t, func() bool {
		counts, _ := a.good("GET /erasures/{id}", place, token, "").body["counts"].(map[string]any)
		return len(counts) > 0
	})
}

// peek notes what is in the queues now.
func (a *audit) peek() {
	all, err := dump.Read(a.t.Context(), a.Azurite.ConnectionString)
	if err != nil {
		return // a table was just being made
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, queue := range all.Queues {
		for _, message := range queue.Messages {
			a.messages[queue.Name+" "+message] = true
		}
	}
}

func TestPrivacyAudit(t *testing.T) {
	t.Parallel()
	a := newAudit(t)
	a.act()
	all, err := dump.Read(t.Context(), a.Azurite.ConnectionString)
	if err != nil {
		t.Fatal(err)
	}
	leaves := a.leavesOf(all)
	t.Run("every operation was called, and every text field has a canary", func(t *testing.T) { a.checkOperations(t) })
	t.Run("nothing is stored that the inventory does not declare", func(t *testing.T) { checkDeclared(t, leaves) })
	t.Run("all that the inventory declares is there", func(t *testing.T) { checkNothingElseDeclared(t, leaves) })
	t.Run("the canaries are where they may be", func(t *testing.T) { a.checkCanaries(t, leaves) })
	t.Run("messages hold what the inventory declares", func(t *testing.T) { a.checkMessages(t, all) })
	t.Run("the log holds what the inventory declares", func(t *testing.T) { a.checkLog(t) })
	t.Run("no token and nothing of Teams is in the emulator's files or log", func(t *testing.T) { a.checkRaw(t) })
	t.Run("nothing was asked for that is promised never to be", func(t *testing.T) { a.checkCalls(t) })
}

// leaf is a value that is stored, with its place in the words of the inventory.
type leaf struct {
	place privacy.Place
	entry string // table, or form of a blob's name
	field string
	value string
	whole string // record or blob, for messages
}

// documents are properties that hold JSON whose members the inventory lists.
var documents = map[string]bool{"Facts": true, "D": true}

var documentPart = regexp.MustCompile(`^D\d+$`)

// leavesOf takes an account apart.
func (a *audit) leavesOf(all dump.Account) []leaf {
	var leaves []leaf
	for _, record := range all.Records {
		texts := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(record.Properties)) {
			text := fmt.Sprint(record.Properties[name])
			if documentPart.MatchString(name) {
				name = "D"
			}
			texts[name] += text
		}
		for name, text := range texts {
			if !documents[name] {
				leaves = append(leaves, leaf{privacy.Table, record.Table, name, text, record.String()})
				continue
			}
			for member, value := range members(a.t, []byte(text)) {
				leaves = append(leaves, leaf{privacy.Table, record.Table, name + "/" + member, value, record.String()})
			}
		}
	}
	for _, blob := range all.Blobs {
		form := formOf(blob.Name)
		if !strings.HasSuffix(blob.Name, ".json") {
			leaves = append(leaves, leaf{privacy.Blob, form, "<anything>", string(blob.Content), blob.Name})
			continue
		}
		for member, value := range members(a.t, blob.Content) {
			leaves = append(leaves, leaf{privacy.Blob, form, member, value, blob.Name})
		}
	}
	return leaves
}

func members(t *testing.T, text []byte) map[string]string {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatalf("no JSON object: %v: %s", err, text)
	}
	found := map[string]string{}
	for name, value := range object {
		found[name] = string(value)
	}
	return found
}

// formOf is the name of a blob in the words of the inventory.
func formOf(name string) string {
	if strings.HasPrefix(name, "azure-webjobs-hosts/") {
		return "azure-webjobs-hosts/<anything>"
	}
	parts := strings.Split(name, "/")
	if len(parts) == 6 {
		parts[1], parts[2], parts[4] = "<tenant id>", "<object id>", "<bulk edit>"
		if number, side, ok := strings.Cut(parts[5], "-"); ok && len(number) == 8 {
			parts[5] = "<number>-" + side
		}
	}
	return strings.Join(parts, "/")
}

// declared is the inventory of what is stored: place, entry and field.
func declared() map[string]bool {
	all := map[string]bool{}
	for _, entry := range privacy.Inventory() {
		for _, field := range entry.Fields {
			all[string(entry.Place)+" "+entry.Name+" "+field.Name] = true
		}
	}
	return all
}

// constant are keys that say nothing: the one partition of a table that has only one.
var constant = map[string]string{"ImageProOrganizations PartitionKey": "org",
	"ImageProErasures PartitionKey": "erasure"}

func checkDeclared(t *testing.T, leaves []leaf) {
	known := declared()
	for _, l := range leaves {
		if constant[l.entry+" "+l.field] == l.value && l.value != "" {
			continue
		}
		if !known[string(l.place)+" "+l.entry+" "+l.field] {
			t.Errorf("not declared: %s %s, field %s: %s", l.place, l.entry, l.field, l.whole)
		}
	}
}

func checkNothingElseDeclared(t *testing.T, leaves []leaf) {
	seen := map[string]bool{}
	for _, l := range leaves {
		seen[string(l.place)+" "+l.entry+" "+l.field] = true
	}
	for _, entry := range privacy.Inventory() {
		if entry.Place != privacy.Table && entry.Place != privacy.Blob || strings.Contains(entry.Name, "webjobs") {
			continue
		}
		for _, field := range entry.Fields {
			if !seen[string(entry.Place)+" "+entry.Name+" "+field.Name] {
				t.Errorf("declared, but never seen: %s %s, field %s", entry.Place, entry.Name, field.Name)
			}
		}
	}
}

func (a *audit) checkCanaries(t *testing.T, leaves []leaf) {
	found := map[string]bool{}
	for _, l := range leaves {
		short := l.entry[strings.LastIndexByte(l.entry, '/')+1:] + " " + l.field
		for canary, places := range allowed {
			if !strings.Contains(l.value, canary) {
				continue
			}
			found[canary] = true
			if !slices.Contains(places, short) {
				t.Errorf("%q is in %s: %s", canary, short, l.whole)
			}
		}
		for what, canary := range never {
			if strings.Contains(l.value+l.whole, canary) {
				t.Errorf("%s is in %s: %s", what, short, l.whole)
			}
		}
	}
	for canary := range allowed {
		if !found[canary] {
			t.Errorf("%q was never stored: the audit did not reach it", canary)
		}
	}
}

func (a *audit) checkMessages(t *testing.T, all dump.Account) {
	known := declared()
	for _, queue := range all.Queues {
		for _, message := range queue.Messages {
			a.messages[queue.Name+" "+message] = true
		}
	}
	for seen := range a.messages {
		name, message, _ := strings.Cut(seen, " ")
		for member := range members(t, []byte(message)) {
			if !known["queue "+strings.TrimSuffix(name, "-poison")+" "+member] {
				t.Errorf("not declared: queue %s: %s", name, message)
			}
		}
	}
	if len(a.messages) == 0 {
		t.Error("no message was ever seen")
	}
	for name, message := range map[string]any{bulk.PlanQueue: bulk.PlanMessage{}, bulk.ItemQueue: bulk.ItemMessage{},
		org.ErasureQueue: org.ErasureMessage{}} {
		for field := range reflect.TypeOf(message).Fields() {
			member, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !known["queue "+name+" "+member] {
				t.Errorf("not declared: queue %s, field %s", name, member)
			}
			delete(known, "queue "+name+" "+member)
		}
	}
	for left := range known {
		if strings.HasPrefix(left, "queue ") {
			t.Errorf("declared, but in no message: %s", left)
		}
	}
}

func (a *audit) checkLog(t *testing.T) {
	known := declared()
	text := a.lines.text()
	for line := range strings.Lines(text) {
		var record map[string]json.RawMessage
		if json.Unmarshal([]byte(line), &record) != nil {
			t.Errorf("a line that is no record: %s", line)
			continue
		}
		for key := range record {
			if !known["log standard output "+key] {
				t.Errorf("not declared: the key %s in the log: %s", key, line)
			}
		}
	}
	for what, canary := range never {
		a.wantAbsent(t, "the log", text, what, canary)
	}
	for canary := range allowed {
		a.wantAbsent(t, "the log", text, "a user's text", canary)
	}
	for _, user := range []directory.User{a.user, a.leaver} {
		a.wantAbsent(t, "the log", text, "a user's id", user.ID)
	}
	for _, token := range a.secrets() {
		a.wantAbsent(t, "the log", text, "a token", token)
	}
	for _, want := range []string{`"msg":"request failed"`, `"msg":"request"`, `"msg":"image is edited"`,
		`"msg":"erasing"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %s: the audit did not reach it", want)
		}
	}
}

// wantAbsent looks for a text in the forms that it may take.
func (a *audit) wantAbsent(t *testing.T, where, text, what, hidden string) {
	t.Helper()
	for _, form := range forms(hidden) {
		if at := strings.Index(text, form); at >= 0 {
			t.Errorf("%s is in %s: ...%s...", what, where, text[max(0, at-100):min(len(text), at+100)])
			return
		}
	}
}

// forms are a text as it is, escaped for an address or JSON, and within base64, at each of the three places that
// a text may begin at there.
func forms(text string) []string {
	all := []string{text, url.QueryEscape(text), url.PathEscape(text)}
	quoted, _ := json.Marshal(text)
	all = append(all, string(quoted[1:len(quoted)-1]))
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + text))
		begin := (shift*8 + 5) / 6
		end := (shift + len(text)) * 8 / 6
		all = append(all, encoded[begin:end], strings.NewReplacer("+", "-", "/", "_").Replace(encoded[begin:end]))
	}
	return all
}

// secrets are all tokens that were given out, the refresh tokens among them.
func (a *audit) secrets() []string {
	return append(a.Sandbox.Entra.RefreshTokens(), a.tokens...)
}

func (a *audit) checkRaw(t *testing.T) {
	secrets := a.secrets()
	if len(secrets) < 6 {
		t.Errorf("only %d tokens are known: the audit did not reach them", len(secrets))
	}
	files := 0
	read := func(file string) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			return
		}
		files++
		text := string(raw)
		for what, canary := range never {
			a.wantAbsent(t, filepath.Base(file), text, what, canary)
		}
		for _, token := range secrets {
			a.wantAbsent(t, filepath.Base(file), text, "a token", token)
		}
		if bytes.Contains(raw, []byte("eyJhbGciOi")) {
			t.Errorf("%s holds a JSON web token", filepath.Base(file))
		}
	}
	err := filepath.WalkDir(a.Azurite.Dir, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			read(file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	read(a.log)
	if files < 4 {
		t.Errorf("only %d files were read", files)
	}
}

// checkOperations compares what was called with the OpenAPI document: every operation, and in every body a
// canary (or an id of SharePoint's) in each text field that is not a choice.
func (a *audit) checkOperations(t *testing.T) {
	raw, err := api.New(api.Options{}).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	document := readDocument(t, raw)
	bodies := a.bodies()
	for path, item := range document.Paths {
		for method, operation := range item {
			name := strings.ToUpper(method) + " " + path
			if !a.done[name] && name != "DELETE /organization" { // administrators only; see the erasure's own test
				t.Errorf("%s was not called", name)
			}
			schema := operation.RequestBody.Content["application/json"].Schema
			if schema.Ref == "" && schema.Properties == nil {
				continue
			}
			if bodies[name] == "" {
				t.Errorf("%s takes a body, but none with canaries is known", name)
				continue
			}
			var body any
			if err := json.Unmarshal([]byte(bodies[name]), &body); err != nil {
				t.Fatal(err)
			}
			document.check(t, name, schema, body)
		}
	}
}

// inForm are text fields that take nothing but what has their form.
var inForm = []string{"start", "rule", "timeZone"}

// check walks a schema: each of its text fields must be in the body. Lists and alternatives (folder, images)
// count as there when one of them is.
func (d *apiDocument) check(t *testing.T, path string, s jsonSchema, body any) {
	s = d.resolve(s)
	object, _ := body.(map[string]any)
	for name, property := range s.Properties {
		if name == "$schema" {
			continue
		}
		value, there := object[name]
		if !there && strings.HasSuffix(path, "/source") {
			continue
		}
		kind := fmt.Sprint(property.Type)
		if len(property.Enum) == 0 && property.Format != "date-time" && !slices.Contains(inForm, name) &&
			strings.Contains(kind, "string") || kind == "<nil>" && property.Ref == "" {
			text, _ := json.Marshal(value)
			if !strings.Contains(string(text), "canary") && !strings.HasSuffix(name, "Id") {
				t.Errorf("%s: no canary in %s: %s", path, name, text)
			}
		}
		d.check(t, path+"/"+name, property, value)
	}
}

func (a *audit) checkCalls(t *testing.T) {
	promised := regexp.MustCompile(
		`(?i)/(teams|chats|communications)\b|/me/(drive|messages|chats|joinedteams)|` +
			`/users/[^/]+/(drive|messages|chats)`)
	calls := a.Sandbox.Trouble.History(trouble.Filter{})
	for _, call := range calls {
		if call.Service != "entra" && promised.MatchString(call.Path) {
			t.Errorf("asked: %s %s", call.Method, call.Path)
		}
	}
	if refused := a.Sandbox.Graph.Refused(); len(refused) > 0 {
		t.Errorf("refused by the sandbox: %q", refused)
	}
	asked := a.Sandbox.Entra.Requested()
	for _, scope := range asked {
		if short := strings.TrimPrefix(scope, "https://graph.microsoft.com/"); !slices.Contains(org.Scopes, short) {
			t.Errorf("the scope %s was asked for", scope)
		}
	}
	if len(calls) < 20 || len(asked) < 3 {
		t.Errorf("%d calls and the scopes %q: the audit did not reach them", len(calls), asked)
	}
}
