package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/tab"
)

func (a *API) installPresets() {
	huma.Register(a.huma, signedIn("presets", http.MethodGet, "/presets", "Lists the organization's presets"),
		a.presets)
	// A repeat is refused: the name is taken.
	huma.Register(a.huma,
		created(signedIn("createPreset", http.MethodPost, "/presets", "Adds a preset: a recipe with a name")),
		a.createPreset)
	huma.Register(a.huma, signedIn("preset", http.MethodGet, "/presets/{id}", "Shows a preset"), a.preset)
	// A repeat is refused: the version is another.
	huma.Register(a.huma, signedIn("updatePreset", http.MethodPut, "/presets/{id}", "Replaces a preset"),
		a.updatePreset)
	// A repeat finds nothing.
	huma.Register(a.huma, signedIn("deletePreset", http.MethodDelete, "/presets/{id}", "Deletes a preset"),
		a.deletePreset)
}

// PresetFields is what a client says of a preset, and is told.
type PresetFields struct {
	Name        string          `json:"name" minLength:"1" maxLength:"128" doc:"Unique in the organization, in any case"`
	Description string          `json:"description,omitempty" maxLength:"1000"`
	Recipe      json.RawMessage `json:"recipe"`
}

func (f PresetFields) preset() tab.Preset {
	return tab.Preset{Name: f.Name, Description: f.Description, Recipe: f.Recipe}
}

type presetBody struct {
	ID  string `json:"id"`
	Tag string `json:"etag" doc:"For If-Match"`
	PresetFields
	CreatedAt time.Time `json:"createdAt"`
	ChangedAt time.Time `json:"changedAt"`
}

func presetAnswer(p tab.Preset) presetBody {
	return presetBody{
		ID:           p.ID,
		Tag:          entityTag(p.Version),
		CreatedAt:    p.CreatedAt,
		ChangedAt:    p.ChangedAt,
		PresetFields: PresetFields{Name: p.Name, Description: p.Description, Recipe: p.Recipe},
	}
}

type presetOutput struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location" doc:"Of the preset, when it was created"`
	Body     presetBody
}

func presetOut(p tab.Preset) *presetOutput {
	return &presetOutput{ETag: entityTag(p.Version), Body: presetAnswer(p)}
}

type createPresetInput struct{ Body PresetFields }

func (a *API) createPreset(ctx context.Context, in *createPresetInput) (*presetOutput, error) {
	p, err := a.options.Tabs.CreatePreset(ctx, callerOf(ctx), in.Body.preset())
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := presetOut(p)
	out.Location = Prefix + "/presets/" + p.ID
	return out, nil
}

func (a *API) preset(ctx context.Context, in *RecordID) (*presetOutput, error) {
	p, err := a.options.Tabs.Preset(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return presetOut(p), nil
}

type updatePresetInput struct {
	RecordID
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"ETag of the preset as it was read"`
	Body    PresetFields
}

func (a *API) updatePreset(ctx context.Context, in *updatePresetInput) (*presetOutput, error) {
	version, err := matched(in.IfMatch)
	if err != nil {
		return nil, failed(ctx, err)
	}
	p, err := a.options.Tabs.UpdatePreset(ctx, callerOf(ctx), in.ID, version, in.Body.preset())
	if err != nil {
		return nil, failed(ctx, err)
	}
	return presetOut(p), nil
}

func (a *API) deletePreset(ctx context.Context, in *deleteInput) (*struct{}, error) {
	version, err := matchedOrAny(in.IfMatch)
	if err == nil {
		err = a.options.Tabs.DeletePreset(ctx, callerOf(ctx), in.ID, version)
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	return nil, nil
}

type presetsOutput struct {
	Body struct {
		Presets []presetBody `json:"presets"`
		Next    string       `json:"next,omitempty" doc:"Cursor of the next page"`
	}
}

func (a *API) presets(ctx context.Context, in *Page) (*presetsOutput, error) {
	who := callerOf(ctx)
	cursor, err := a.openCursor(in.Cursor, who.Tenant, "presets")
	if err != nil {
		return nil, failed(ctx, err)
	}
	presets, next, err := a.options.Tabs.Presets(ctx, who, cursor, in.Limit)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &presetsOutput{}
	out.Body.Presets, out.Body.Next = []presetBody{}, a.sealCursor(next, who.Tenant, "presets")
	for _, p := range presets {
		out.Body.Presets = append(out.Body.Presets, presetAnswer(p))
	}
	return out, nil
}
