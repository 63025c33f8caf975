package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/dev/stack"
)

// TestTheExamplesOfTheDocumentWork carries out every example of the API's document, with what is in the sandbox in the
// place of what the examples name.
func TestTheExamplesOfTheDocumentWork(t *testing.T) {
	t.Parallel()
	s, _ := startStack(t, stack.Options{Kind: true})
	c := caller{t, s.Host.URL(), map[string]bool{}}
	h := c.settle(s, s.Scene.Adele, "shown")
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Example  string
			}
			RequestBody struct {
				Content map[string]struct {
					Examples map[string]struct{ Value json.RawMessage }
				}
			}
			Responses map[string]any
		}
	}
	if err := json.Unmarshal([]byte(c.good("GET /openapi.json", "/openapi.json", "", "").text), &document); err != nil {
		t.Fatal(err)
	}
	_, item, _ := strings.Cut(strings.TrimPrefix(h.image, "/images/"), "/")
	// in the place of examples
	real := map[string]string{"siteId": h.site.ID, "driveId": h.site.DriveID, "itemId": item}
	made := map[string]string{"tabs": idOf(h.tab), "presets": idOf(h.preset)} // what {id} of a resource stands for
	done := 0
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range []string{"post", "put", "patch"} { // something is made before it is changed
			operation, ok := document.Paths[path][method]
			if !ok || len(operation.RequestBody.Content) == 0 {
				continue
			}
			name := strings.ToUpper(method) + " " + path
			resource := strings.Split(path, "/")[1]
			address := strings.ReplaceAll(path, "{id}", made[resource])
			replaced := []string{}
			for _, p := range operation.Parameters {
				if value := real[p.Name]; value != "" {
					if p.Example == "" {
						t.Errorf("%s: %s has no example", name, p.Name)
					}
					address = strings.ReplaceAll(address, "{"+p.Name+"}", value)
				}
			}
			for _, parameters := range document.Paths { // bodies name what is a parameter elsewhere
				for _, other := range parameters {
					for _, p := range other.Parameters {
						if value := real[p.Name]; value != "" && p.Example != "" {
							replaced = append(replaced, p.Example, value)
						}
					}
				}
			}
			for kind, content := range operation.RequestBody.Content {
				if strings.HasPrefix(kind, "image/") {
					if kind == "image/jpeg" { // the picture is one
						done += c.example(t, name, address, h.token, kind, drawn(t), operation.Responses)
					}
					continue
				}
				if len(content.Examples) == 0 {
					t.Errorf("%s has no example", name)
				}
				for _, which := range slices.Sorted(maps.Keys(content.Examples)) {
					body := strings.NewReplacer(replaced...).Replace(string(content.Examples[which].Value))
					done += c.example(t, name+", "+which, address, h.token, kind, body, operation.Responses)
				}
			}
			if resource == "schedules" && method == "post" {
				list := c.good("GET /schedules", "/schedules", h.token, "").body["schedules"].([]any)
				made[resource] = list[0].(map[string]any)["id"].(string)
			}
		}
	}
	if done < 16 {
		t.Errorf("only %d examples were carried out", done)
	}
}

// example carries one out, for what is there now, and returns 1.
func (c caller) example(t *testing.T, name, address, token, kind, body string, responses map[string]any) int {
	t.Helper()
	header := []string{"Content-Type", kind}
	if at := strings.TrimSuffix(strings.TrimSuffix(address, "/edits"), "/content"); strings.Count(address, "/") > 1 {
		if now := c.call("", at, token, ""); now.status == http.StatusOK {
			header = append(header, "If-Match", now.header.Get("ETag"))
		}
	}
	r := c.call(strings.Split(name, ",")[0], address, token, body, header...)
	if _, documented := responses[fmt.Sprint(r.status)]; !documented || r.status >= 300 {
		t.Errorf("%s: %d %s\n%s", name, r.status, r.text, body)
	}
	return 1
}

// drawn is a small photograph.
func drawn(t *testing.T) string {
	t.Helper()
	for _, photo := range drawSmall(t, 4) {
		if strings.HasSuffix(photo.Name, ".jpg") {
			content, err := os.ReadFile(photo.Path)
			if err != nil {
				t.Fatal(err)
			}
			return string(content)
		}
	}
	t.Fatal("no JPEG file was drawn")
	return ""
}
