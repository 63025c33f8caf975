package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/dev/stack"
)

// apiDocument is what tests read of the API's document.
type apiDocument struct {
	Paths map[string]map[string]struct {
		Parameters []struct {
			Name, In string
			Required bool
			Schema   jsonSchema
		}
		RequestBody struct {
			Content map[string]struct{ Schema jsonSchema }
		}
		Responses map[string]struct {
			Content map[string]struct{ Schema jsonSchema }
		}
	}
	Components struct{ Schemas map[string]jsonSchema }
}

// jsonSchema is as much of JSON Schema as huma writes.
type jsonSchema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Format               string
	Enum                 []any
	Required             []string
	Properties           map[string]jsonSchema
	Items                *jsonSchema
	AdditionalProperties any
}

func readDocument(t *testing.T, raw []byte) *apiDocument {
	t.Helper()
	var document apiDocument
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	return &document
}

func (s jsonSchema) is(kind string) bool {
	if kinds, ok := s.Type.([]any); ok {
		return slices.Contains(kinds, any(kind))
	}
	return s.Type == kind
}

func (d *apiDocument) resolve(s jsonSchema) jsonSchema {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.Components.Schemas[name]
	}
	return s
}

// holds reports what of a value is not as a schema says.
func (d *apiDocument) holds(at string, s jsonSchema, value any) []string {
	s = d.resolve(s)
	if s.Type == nil {
		return nil // anything
	}
	var wrong []string
	switch v := value.(type) {
	case nil:
		if !s.is("null") {
			wrong = append(wrong, at+" is null")
		}
	case map[string]any:
		if !s.is("object") {
			return []string{at + " is an object"}
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				wrong = append(wrong, at+"/"+name+" is missing")
			}
		}
		for name, member := range v {
			if property, ok := s.Properties[name]; ok {
				wrong = append(wrong, d.holds(at+"/"+name, property, member)...)
			} else if s.AdditionalProperties == false {
				wrong = append(wrong, at+"/"+name+" is not in the document")
			}
		}
	case []any:
		if !s.is("array") {
			return []string{at + " is a list"}
		}
		for i, element := range v {
			wrong = append(wrong, d.holds(fmt.Sprintf("%s/%d", at, i), *s.Items, element)...)
		}
	case string:
		if !s.is("string") || len(s.Enum) > 0 && !slices.Contains(s.Enum, any(v)) {
			wrong = append(wrong, fmt.Sprintf("%s is %q", at, v))
		}
	case float64:
		if !s.is("number") && (!s.is("integer") || v != float64(int64(v))) {
			wrong = append(wrong, fmt.Sprintf("%s is %v", at, v))
		}
	case bool:
		if !s.is("boolean") {
			wrong = append(wrong, at+" is a boolean")
		}
	}
	return wrong
}

// maker makes input: what the document allows, what is there, and now and then anything else.
type maker struct {
	*rand.Rand
	document *apiDocument
	known    map[string][]string // values that name something, by the names of parameters and fields
}

var oddities = []string{"", " ", "0", "-1", "null", "../..", "%00", "a/b", "ä€😀", "<script>", "'; DROP TABLE",
	strings.Repeat("x", 3000), "\u202e", "9999999999999999999999", "{}", "root", "*"}

func (m *maker) text(name string, s jsonSchema) string {
	switch {
	case m.IntN(6) == 0:
		return oddities[m.IntN(len(oddities))]
	case len(m.known[name]) > 0:
		return m.known[name][m.IntN(len(m.known[name]))]
	case len(s.Enum) > 0:
		return fmt.Sprint(s.Enum[m.IntN(len(s.Enum))])
	case s.Format == "date-time":
		return "2026-03-01T12:00:00Z"
	case s.is("integer"), s.is("number"):
		return fmt.Sprint(m.IntN(600) - 20)
	case s.is("boolean"):
		return fmt.Sprint(m.IntN(2) == 0)
	}
	return []string{"Beach", "x", "2026-03-01T12:00:00", "FREQ=DAILY", "Europe/Berlin"}[m.IntN(5)]
}

func (m *maker) value(name string, s jsonSchema, depth int) any {
	s = m.document.resolve(s)
	if m.IntN(15) == 0 { // of another type
		return []any{nil, true, -1.5, "x", []any{}, map[string]any{"x": 1}}[m.IntN(6)]
	}
	switch {
	case name == "recipe" || name == "defaultRecipe":
		return []any{
			map[string]any{"version": 1, "steps": []any{map[string]any{"op": "flip", "axis": "horizontal"}}},
			map[string]any{"version": 1, "steps": []any{map[string]any{"op": "resize", "width": m.IntN(3000) - 10}}},
			map[string]any{"version": 2}, "x",
		}[m.IntN(4)]
	case s.is("object") && depth < 6:
		object := map[string]any{}
		for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
			if slices.Contains(s.Required, field) && m.IntN(20) > 0 || m.IntN(2) == 0 {
				object[field] = m.value(field, s.Properties[field], depth+1)
			}
		}
		if m.IntN(15) == 0 {
			object["unknown"] = 1
		}
		return object
	case s.is("array") && s.Items != nil:
		list := []any{}
		for range m.IntN(4) {
			list = append(list, m.value(name, *s.Items, depth+1))
		}
		return list
	case s.is("boolean"):
		return m.IntN(2) == 0
	case s.is("integer"), s.is("number"):
		return m.IntN(3000) - 10
	}
	return m.text(name, s)
}

// TestEveryOperationAnswersAsTheDocumentSays sends made-up input to every operation of the document: no answer is a
// failure of the program, and each has a status, a type and a body that the document names.
func TestEveryOperationAnswersAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	s, _ := startStack(t, stack.Options{Kind: true, Settings: map[string]string{"IMAGEPRO_TENANT_UNITS": "0"}})
	c := caller{t, s.Host.URL(), map[string]bool{}}
	h := c.settle(s, s.Scene.Adele, "made")
	document := readDocument(t, []byte(c.good("GET /openapi.json", "/openapi.json", "", "").text))
	images := c.good("GET /drives/{driveId}/items", "/drives/"+h.site.DriveID+"/items", h.token,
		"").body["items"].([]any)
	known := map[string][]string{
		"driveId": {h.site.DriveID}, "siteId": {h.site.ID}, "folder": {"root"}, "folderId": {"root"},
		"version": {"1.0", "2.0"}, "before": {"1.0"}, "after": {"2.0"},
		"id": {idOf(h.job), idOf(h.tab), idOf(h.preset)}, "n": {"0"},
		"If-Match": {h.tag, h.tab.header.Get("ETag"), h.preset.header.Get("ETag"), "*"},
		"cursor":   {h.files, h.items, h.tabs}, "since": {h.changes, idOf(h.job)},
	}
	for _, image := range images {
		known["itemId"] = append(known["itemId"], image.(map[string]any)["itemId"].(string))
		known["If-Match"] = append(known["If-Match"], image.(map[string]any)["etag"].(string))
	}
	const rounds = 40
	m := &maker{rand.New(rand.NewPCG(1, 2)), document, known}
	statuses := map[int]int{}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			if method == "delete" && (path == "/me" || path == "/organization") {
				continue // what follows would find nothing but the erasure; see the erasure's own tests
			}
			for range rounds {
				status := m.try(t, s.Host.URL(), h.token, method, path)
				statuses[status]++
			}
		}
	}
	t.Logf("answers by status: %v", statuses)
	if statuses[200] < 200 || statuses[422] < 200 {
		t.Errorf("too few of the answers are good, or refusals: %v", statuses)
	}
}

func idOf(r reply) string { return r.body["id"].(string) }

// try sends one request and checks its answer.
func (m *maker) try(t *testing.T, host, token, method, path string) int {
	t.Helper()
	operation := m.document.Paths[path][method]
	address, query, header := path, url.Values{}, http.Header{}
	for _, p := range operation.Parameters {
		if !p.Required && m.IntN(2) == 0 {
			continue
		}
		value := m.text(p.Name, m.document.resolve(p.Schema))
		switch p.In {
		case "path":
			if value == "" {
				value = "x"
			}
			address = strings.ReplaceAll(address, "{"+p.Name+"}", url.PathEscape(value))
		case "query":
			query.Set(p.Name, value)
		case "header":
			header.Set(p.Name, strings.Map(func(r rune) rune {
				if r < ' ' || r > '~' {
					return -1
				}
				return r
			}, value))
		}
	}
	var body []byte
	for kind, content := range operation.RequestBody.Content {
		header.Set("Content-Type", kind)
		body, _ = json.Marshal(m.value("", content.Schema, 0)) // of plain values
		break
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, strings.ToUpper(method), host+"/api"+address+"?"+query.Encode(),
		strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	header.Set("Authorization", "Bearer "+token)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Errorf("%s %s?%s: %v", method, address, query.Encode(), err)
		return 0
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	if response.StatusCode == http.StatusNotFound &&
		!strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		return response.StatusCode // the host's own: no function has such an address
	}
	m.judge(t, method+" "+path, fmt.Sprintf("%s?%s %s", address, query.Encode(), body), response, text)
	return response.StatusCode
}

func (m *maker) judge(t *testing.T, name, sent string, response *http.Response, text []byte) {
	t.Helper()
	if len(sent) > 600 {
		sent = sent[:600]
	}
	responses := m.document.Paths[strings.SplitN(name, " ", 2)[1]][strings.SplitN(name, " ", 2)[0]].Responses
	documented, ok := responses[fmt.Sprint(response.StatusCode)]
	if !ok && response.StatusCode >= 400 {
		documented, ok = responses["default"]
	}
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	content, known := documented.Content[kind]
	if _, any := documented.Content["*/*"]; any {
		known = true
	}
	switch {
	case response.StatusCode >= 500:
		t.Errorf("%s, sent %s: %d %s", name, sent, response.StatusCode, text)
	case !ok:
		t.Errorf("%s answers %d, which is not in the document; sent %s", name, response.StatusCode, sent)
	case len(text) > 0 && !known && len(documented.Content) > 0:
		t.Errorf("%s answers %d with %q, which is not in the document", name, response.StatusCode, kind)
	case strings.HasSuffix(kind, "json") && len(text) > 0:
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Errorf("%s answers no JSON: %v", name, err)
		}
		for _, wrong := range m.document.holds("", content.Schema, value) {
			t.Errorf("%s answers %d: %s", name, response.StatusCode, wrong)
		}
	}
}
