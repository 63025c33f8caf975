package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"imagepro/handler/fault"
)

// maxFields is how many wrong things an answer lists; a body may hold very many.
const maxFields = 20

// ofLibrary turns what huma itself refuses (a body that is no JSON, a value out of range) into a Problem. It
// drops the values, which may be secrets, and the texts of Go's decoder, which may quote them.
func ofLibrary(ctx huma.Context, _ string, body any) (any, error) {
	e, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	kind, detail := refusal(ctx.Operation(), e)
	p := newProblem(ctx.Context(), kind, detail)
	if kind == fault.TooLarge {
		p.Limit = string(fault.LimitBodyBytes)
	}
	p.Status = e.Status // huma has decided on it; it says more closely what is wrong
	if len(e.Errors) == 1 {
		if field, ok := strings.CutPrefix(e.Errors[0].Message, saysTwice); ok {
			p.Field, p.Detail = field, "This field is given twice."
			return p, nil
		}
	}
	if e.Status != http.StatusUnprocessableEntity || len(e.Errors) == 0 {
		return p, nil
	}
	var fields []FieldProblem
	for _, one := range e.Errors[:min(len(e.Errors), maxFields)] {
		fields = append(fields, fieldProblem(one))
	}
	p.Field, p.Detail = fields[0].Field, fields[0].Detail
	if len(fields) > 1 {
		p.Fields = fields
	}
	return p, nil
}

// refusal returns the kind and the sentence of what huma refuses.
func refusal(op *huma.Operation, e *huma.ErrorModel) (fault.Kind, string) {
	switch e.Status {
	case http.StatusBadRequest:
		return fault.Invalid, notJSON
	case http.StatusRequestTimeout:
		return fault.Busy, "The body of the request did not arrive in time."
	case http.StatusRequestEntityTooLarge:
		return fault.TooLarge, fmt.Sprintf("The body of the request must have less than %d bytes.", op.MaxBodyBytes)
	case http.StatusUnsupportedMediaType:
		return fault.Unsupported, "The body of the request must be application/json."
	case http.StatusUnprocessableEntity:
		return fault.Invalid, "The request is not valid."
	}
	return fault.Internal, somethingWrong
}

const notJSON = "The body of the request is missing or no valid JSON."

func fieldProblem(e *huma.ErrorDetail) FieldProblem {
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if name, ok := strings.CutPrefix(e.Message, before); ok { // huma names what it lies in
		return FieldProblem{Field: pointer(e.Location + "." + strings.TrimSuffix(name, after)),
			Detail: "This field is missing."}
	}
	if strings.HasPrefix(e.Message, "json: ") { // the decoder's text, which may quote a value
		return FieldProblem{Field: pointer(e.Location), Detail: "A value in the body does not fit its field."}
	}
	return FieldProblem{Field: pointer(e.Location), Detail: e.Message}
}

// pointer turns a location of huma's, such as body.source.images[2].item, into a JSON pointer into the body,
// empty for the whole of it; other locations (path.id, query.limit) become the bare name. A name that is too
// long to be one of ours is shortened.
func pointer(location string) string {
	place, rest, ok := strings.Cut(location, ".")
	if place != "body" {
		if ok {
			return rest
		}
		return location
	}
	if !ok {
		return ""
	}
	parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	return pointerOf(parts)
}

// pointerOf returns a path as a JSON pointer, as far as one of ours may go.
func pointerOf(path []string) string {
	path = slices.Clone(path[:min(len(path), maxPointer)])
	for i, name := range path {
		if len(name) > maxName {
			name = strings.ToValidUTF8(name[:maxName], "") + "..."
		}
		path[i] = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	return "/" + strings.Join(path, "/")
}

// No field of ours has a longer name, or lies deeper.
const (
	maxName    = 64
	maxPointer = 16
)
