package api

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

type openAPIOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// OpenAPI returns the document of all operations (OpenAPI 3.1, JSON).
func (a *API) OpenAPI() ([]byte, error) { return a.document() }

func (a *API) openAPI(context.Context, *struct{}) (*openAPIOutput, error) {
	document, err := a.document()
	return &openAPIOutput{"application/json", document}, err
}

// bodies are the types of answers that huma cannot see: those whose bodies are no JSON of a Go type. more are further
// statuses.
var (
	bodies = map[string][]string{
		"openapi": {"application/json"}, "recipeSchema": {schemaType}, "content": {anyType},
		"versionContent": {anyType},
		"thumbnail":      {jpegType}, "versionThumbnail": {jpegType}, "bulkEditPreview": {jpegType},
		"preview": {jpegType, "image/png", "image/gif", "image/webp", "image/tiff", "image/bmp",
			"application/json"},
		"bulkEditReport": {"text/csv", "application/json"}, "bulkEditEvents": {"text/event-stream"},
	}
	more = map[string]map[string]string{
		"content":        {"206": "The part that Range asks for", "304": "It is as If-None-Match says"},
		"versionContent": {"206": "The part that Range asks for", "304": "It is as If-None-Match says"},
		"edit":           {"201": "A copy was made"},
		"ready":          {"503": "Something cannot be reached"},
	}
)

const anyType = "*/*"

// describe makes the document: what huma has gathered, with our own problem documents in the place of its errors.
func (a *API) describe() ([]byte, error) {
	document := a.huma.OpenAPI()
	problem := document.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for path, item := range document.Paths {
		tag, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			op.Tags = []string{tag}
			describeBodies(op)
			exemplify(op)
			op.Responses["default"] = &huma.Response{
				Description: "A problem (RFC 9457); its type says which",
				Content:     map[string]*huma.MediaType{new(Problem).ContentType(""): {Schema: problem}},
			}
		}
	}
	delete(document.Components.Schemas.Map(), "ErrorModel")
	delete(document.Components.Schemas.Map(), "ErrorDetail")
	return json.Marshal(document)
}

func describeBodies(op *huma.Operation) {
	good := op.Responses["200"]
	if types := bodies[op.OperationID]; types != nil {
		good.Content = map[string]*huma.MediaType{}
		for _, kind := range types {
			good.Content[kind] = &huma.MediaType{}
		}
	}
	if op.OperationID == "putContent" {
		op.RequestBody = binary("The picture's file", jpegType, "image/png", "image/gif", "image/webp", "image/tiff",
			"image/bmp")
	}
	for status, says := range more[op.OperationID] {
		op.Responses[status] = &huma.Response{Description: says, Headers: good.Headers, Content: good.Content}
	}
}
