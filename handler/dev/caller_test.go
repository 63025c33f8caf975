package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// caller calls the API of a stack and notes which operations were answered well.
type caller struct {
	t    *testing.T
	base string
	done map[string]bool // by method and path of the OpenAPI document
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

// call calls an operation, which is named as in the OpenAPI document, at a path.
func (c caller) call(operation, path, token, body string, header ...string) reply {
	c.t.Helper()
	method, _, _ := strings.Cut(operation, " ")
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.base+"/api"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := reply{status: response.StatusCode, header: response.Header, text: string(raw)}
	_ = json.Unmarshal(raw, &r.body) // 204 has none
	if r.status < 300 {
		c.done[operation] = true
	}
	return r
}

// good is call for what must go well.
func (c caller) good(operation, path, token, body string, header ...string) reply {
	c.t.Helper()
	r := c.call(operation, path, token, body, header...)
	if r.status >= 300 {
		c.t.Fatalf("%s %s: %d %s", operation, path, r.status, r.text)
	}
	return r
}

// place is the path that an answer's Location names.
func (r reply) place() string { return strings.TrimPrefix(r.header.Get("Location"), "/api") }
