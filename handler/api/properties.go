package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/library"
)

func (a *API) installProperties() {
	// Images
	huma.Register(a.huma,
		signedIn("properties", http.MethodGet, images+"/properties", "Shows what is said of a picture"), a.properties)
	// A repeat is refused: the version is another.
	huma.Register(a.huma,
		signedIn("patchProperties", http.MethodPatch, images+"/properties", "Changes what is said of a picture"),
		a.patchProperties)

	// Properties
	huma.Register(a.huma, signedIn("listProperties", http.MethodGet, "/properties", "Lists what is said of pictures"),
		a.listProperties)
}

// propertiesBody is what is said of a picture, as it is sent.
type propertiesBody struct {
	Drive     string        `json:"driveId"`
	Item      string        `json:"itemId"`
	Name      string        `json:"name,omitempty" doc:"Of the file; in lists"`
	Tag       string        `json:"etag" doc:"For If-Match"`
	Title     string        `json:"title"`
	AltText   string        `json:"altText"`
	Caption   string        `json:"caption"`
	Credit    string        `json:"credit"`
	Tags      []string      `json:"tags"`
	Focal     *pointBody    `json:"focalPoint,omitempty"`
	Recipes   []appliedBody `json:"recipes,omitempty" doc:"That were carried out here, the latest last"`
	ChangedAt *time.Time    `json:"changedAt,omitempty"`
	ChangedBy string        `json:"changedBy,omitempty" doc:"Object id of the user"`
}

type pointBody struct {
	X float64 `json:"x" minimum:"0" maximum:"1" doc:"Share of the width"`
	Y float64 `json:"y" minimum:"0" maximum:"1" doc:"Share of the height"`
}

type appliedBody struct {
	Hash   string          `json:"hash"`
	Recipe json.RawMessage `json:"recipe,omitempty" doc:"Missing of older ones that are long"`
	At     time.Time       `json:"at"`
}

func propertiesAnswer(p library.Properties) propertiesBody {
	body := propertiesBody{
		Drive:     p.Drive,
		Item:      p.Ref.Item,
		Tag:       propertiesTag(p.Version),
		Title:     p.Title,
		AltText:   p.AltText,
		Caption:   p.Caption,
		Credit:    p.Credit,
		Tags:      append([]string{}, p.Tags...),
		ChangedAt: timeOrNone(p.ChangedAt),
		ChangedBy: p.ChangedBy,
	}
	if p.Focal != nil {
		body.Focal = &pointBody{p.Focal.X, p.Focal.Y}
	}
	for _, r := range p.Recipes {
		body.Recipes = append(body.Recipes, appliedBody{r.Hash, r.Recipe, r.At})
	}
	return body
}

// noVersion stands for that of properties of which nothing is stored yet.
const noVersion = "none"

func propertiesTag(version string) string {
	if version == "" {
		version = noVersion
	}
	return entityTag(version)
}

type propertiesOutput struct {
	ETag string `header:"ETag"`
	Body propertiesBody
}

func (a *API) properties(ctx context.Context, in *ImageRef) (*propertiesOutput, error) {
	p, err := a.options.Library.Properties(ctx, callerOf(ctx), in.ref())
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &propertiesOutput{propertiesTag(p.Version), propertiesAnswer(p)}, nil
}

// merged is a member of a merge patch (RFC 7396): left out, null, or a value.
type merged[T any] struct {
	sent  bool
	value *T // nil for null
}

// UnmarshalJSON is called for members that are there.
func (m *merged[T]) UnmarshalJSON(text []byte) error {
	m.sent = true
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	m.value = new(T)
	return json.Unmarshal(text, m.value)
}

// Schema is that of the value, or null.
func (m merged[T]) Schema(r huma.Registry) *huma.Schema {
	s := *huma.SchemaFromType(r, reflect.TypeFor[T]())
	s.Nullable = true
	return &s
}

// orZero returns the value to set, with null as nothing; nil for a member that was left out.
func (m merged[T]) orZero() *T {
	if !m.sent {
		return nil
	}
	if m.value == nil {
		return new(T)
	}
	return m.value
}

type patchPropertiesInput struct {
	ImageRef
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"ETag of the properties as they were read"`
	Columns bool   `query:"columns" doc:"Write title and caption to the columns of the file in SharePoint as well"`
	Body    struct {
		Title   merged[string]       `json:"title,omitempty" doc:"At most 255 characters"`
		AltText merged[string]       `json:"altText,omitempty" doc:"At most 2000 characters"`
		Caption merged[string]       `json:"caption,omitempty" doc:"At most 2000 characters"`
		Credit  merged[string]       `json:"credit,omitempty" doc:"At most 255 characters"`
		Tags    merged[[]string]     `json:"tags,omitempty" doc:"At most 50, of at most 64 characters"`
		Focal   merged[focalPointIn] `json:"focalPoint,omitempty"`
	} `contentType:"application/merge-patch+json"`
}

// focalPointIn is a point whose members must both be there.
type focalPointIn struct {
	X float64 `json:"x" minimum:"0" maximum:"1"`
	Y float64 `json:"y" minimum:"0" maximum:"1"`
}

func (a *API) patchProperties(ctx context.Context, in *patchPropertiesInput) (*propertiesOutput, error) {
	version, err := matched(in.IfMatch)
	if err != nil {
		return nil, failed(ctx, err)
	}
	if version == noVersion {
		version = ""
	}
	if err := a.options.Org.Present(ctx, callerOf(ctx)); err != nil {
		return nil, failed(ctx, err)
	}
	changes := library.Changes{
		Title:   in.Body.Title.orZero(),
		AltText: in.Body.AltText.orZero(),
		Caption: in.Body.Caption.orZero(),
		Credit:  in.Body.Credit.orZero(),
		Tags:    in.Body.Tags.orZero(),
		Columns: in.Columns,
	}
	if focal := in.Body.Focal; focal.sent {
		var point *library.Point
		if focal.value != nil {
			point = &library.Point{X: focal.value.X, Y: focal.value.Y}
		}
		changes.Focal = &point
	}
	p, err := a.options.Library.Describe(ctx, callerOf(ctx), in.ref(), version, changes)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &propertiesOutput{propertiesTag(p.Version), propertiesAnswer(p)}, nil
}

type listPropertiesInput struct {
	Drive        string    `query:"driveId" maxLength:"256" doc:"Of this library"`
	Folder       string    `query:"folderId" maxLength:"256" doc:"Of this folder, without those in it; with driveId"`
	Tag          string    `query:"tag" maxLength:"64" doc:"With this tag"`
	MissingAlt   bool      `query:"missingAltText" doc:"Without an alternative text"`
	ChangedSince time.Time `query:"changedSince"`
	ChangedBy    string    `query:"changedBy" maxLength:"64" doc:"Object id of a user, or me"`
	Cursor       string    `query:"cursor" maxLength:"1024" doc:"next of the page before"`
	Limit        int       `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

type listPropertiesOutput struct {
	Body struct {
		Images []propertiesBody `json:"images" doc:"May be few, or none, though more follow"`
		Next   string           `json:"next,omitempty" doc:"Cursor of the next page"`
	}
}

func (a *API) listProperties(ctx context.Context, in *listPropertiesInput) (*listPropertiesOutput, error) {
	who := callerOf(ctx)
	filter := library.Filter{
		Drive:        in.Drive,
		Folder:       in.Folder,
		Tag:          in.Tag,
		MissingAlt:   in.MissingAlt,
		ChangedSince: in.ChangedSince,
		ChangedBy:    in.ChangedBy,
	}
	if filter.ChangedBy == "me" {
		filter.ChangedBy = who.User
	}
	owner := []string{who.Tenant, who.User, "properties", in.Drive}
	cursor, err := a.openCursor(in.Cursor, owner...)
	if err != nil {
		return nil, failed(ctx, err)
	}
	found, next, err := a.options.Library.Describing(ctx, who, filter, cursor, in.Limit)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &listPropertiesOutput{}
	out.Body.Images, out.Body.Next = []propertiesBody{}, a.sealCursor(next, owner...)
	for _, one := range found {
		body := propertiesAnswer(one.Properties)
		body.Name = one.Item.Name
		out.Body.Images = append(out.Body.Images, body)
	}
	return out, nil
}
