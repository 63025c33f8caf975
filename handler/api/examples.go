package api

import (
	"encoding/json"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// What examples name. Whoever tries one puts what is theirs in its place.
const (
	exampleSite  = "contoso.sharepoint.com,8a9f6f1c-5e3b-4b1e-9a5d-2f6d1c0b7e11,0d4c2b9a-7e61-4f58-8c3d-6a1b5e9f2d70"
	exampleDrive = "b!HG-fijtXHkuaXS9tHAt-EZorTA1hflhPjD1qG16fLXC1w2mVb3xBQZk0rT5aYd9f"
	exampleItem  = "01KDJMOTOM62V5F4WQZRGJ2T7LSXYQ4A3B"
)

// example is a body that an operation takes.
type example struct {
	name, summary, body string
}

// smaller is a recipe that many examples have.
const smaller = `{"version":1,"steps":[{"op":"resize","fit":"inside","width":1600,"height":1600,` +
	`"withoutEnlargement":true}]}`

// examples are bodies by operation. A test carries all of them out.
var examples = map[string][]example{
	"fromEditor": {{"brighter", "A picture that was made brighter",
		`{"width":40,"height":30,"epochs":[{"background":{"type":"image","width":40,"height":30,"left":20,"top":15,` +
			`"originX":"center","originY":"center","scaleX":1,"scaleY":1,"angle":0,"filters":[{"type":"Brightness",` +
			`"brightness":0.13}]},"objects":[]}]}`}},
	"token": {
		{"everything", "A token for all that Image Pro may do", `{}`},
		{"profile", "A token for the profile alone", `{"scopes":["User.Read"]}`},
	},
	"createTab": {{"library", "All pictures of a library, the latest first",
		`{"title":"Summer fair","siteId":"` + exampleSite + `","driveId":"` + exampleDrive +
			`","layout":"masonry","sort":{"by":"taken","descending":true},"captions":"title"}`}},
	"updateTab": {{"renamed", "Another title and layout",
		`{"title":"Summer fair 2026","siteId":"` + exampleSite + `","driveId":"` + exampleDrive +
			`","folderId":"root","layout":"grid"}`}},
	"createPreset": {
		{"web", "Smaller pictures for a web page",
			`{"name":"For the web","description":"At most 1600 pixels","recipe":` + smaller + `}`}},
	"updatePreset": {{"sharper", "The same, and sharper",
		`{"name":"For the web, sharper","recipe":{"version":1,"steps":[{"op":"resize","fit":"inside","width":1600,` +
			`"height":1600},{"op":"sharpen","sigma":0.8,"amount":0.6}],"output":{"quality":85}}}`}},
	"preview": {{"signed", "How a signature would look",
		`{"recipe":{"version":1,"steps":[{"op":"text","text":"© Contoso {year}","size":"3%","color":"#ffffffcc",` +
			`"gravity":"southeast"}]},"size":600}`}},
	"edit": {
		{"newVersion", "A new version of the picture", `{"recipe":` + smaller + `}`},
		{"copy", "A copy in WebP beside it",
			`{"recipe":{"version":1,"steps":[{"op":"rotate","angle":90}],"output":{"format":"webp"}},` +
				`"save":{"target":"copy","name":"{name}-turned","onConflict":"rename"}}`},
	},
	"patchProperties": {{"described", "What a picture shows; null takes away what was said",
		`{"title":"Opening","altText":"A brass band on a stage","tags":["fair","music"],"caption":null,` +
			`"focalPoint":{"x":0.5,"y":0.4}}`}},
	"submitBulkEdit": {
		{"folder", "All JPEG files of a folder and of those in it",
			`{"source":{"folder":{"driveId":"` + exampleDrive +
				`","itemId":"root","recursive":true,"types":["jpeg"]}},"recipe":` + smaller + `}`},
		{"chosen", "Copies of chosen pictures, tried without saving",
			`{"source":{"images":[{"driveId":"` + exampleDrive + `","itemId":"` + exampleItem + `"}]},"recipe":` +
				smaller + `,"save":{"target":"copy","name":"{name}-small"},"dryRun":true}`},
	},
	"createSchedule": {{"nightly", "Every night, what is new or changed",
		`{"name":"Nightly","edit":{"source":{"folder":{"driveId":"` + exampleDrive + `","itemId":"root"}},"recipe":` +
			smaller + `},"start":"2030-01-01T02:00:00","rule":"FREQ=DAILY","timeZone":"Europe/Berlin",` +
			`"onlyChanged":true}`}},
	"updateSchedule": {{"paused", "Not for the time being",
		`{"name":"Nightly","edit":{"source":{"folder":{"driveId":"` + exampleDrive + `","itemId":"root"}},"recipe":` +
			smaller + `},"start":"2030-01-01T02:00:00","rule":"FREQ=DAILY","timeZone":"Europe/Berlin","paused":true}`}},
}

// exampleValues are those of parameters.
var exampleValues = map[string]any{"siteId": exampleSite, "driveId": exampleDrive, "itemId": exampleItem}

// exemplify gives an operation its examples.
func exemplify(op *huma.Operation) {
	for _, p := range op.Parameters {
		if value, ok := exampleValues[p.Name]; ok {
			p.Example = value
		}
	}
	if op.RequestBody == nil {
		return
	}
	for _, media := range op.RequestBody.Content {
		for _, one := range examples[op.OperationID] {
			if media.Examples == nil {
				media.Examples = map[string]*huma.Example{}
			}
			media.Examples[one.name] = &huma.Example{Summary: one.summary, Value: json.RawMessage(one.body)}
		}
	}
}

// binary is the body of an operation that takes a picture as it is.
func binary(what string, types ...string) *huma.RequestBody {
	body := &huma.RequestBody{Description: what, Required: true, Content: map[string]*huma.MediaType{}}
	for _, kind := range slices.Sorted(slices.Values(types)) {
		body.Content[kind] = &huma.MediaType{}
	}
	return body
}
