package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/editor"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

func (a *API) installRecipes() {
	huma.Register(a.huma, open("recipeSchema", http.MethodGet, "/recipes/schema", "The JSON Schema of a recipe"),
		a.recipeSchema)
	huma.Register(a.huma,
		open("letters", http.MethodGet, "/recipes/letters", "The letters that texts can be written with"), a.letters)
	fromEditor := signedIn("fromEditor", http.MethodPost, "/recipes/from-editor",
		"Makes a recipe of what was done in the editor")
	fromEditor.MaxBodyBytes = editor.MaxBytes
	huma.Register(a.huma, fromEditor, a.fromEditor)
}

const schemaType = "application/schema+json"

type schemaOutput struct {
	Type  string `header:"Content-Type"`
	Cache string `header:"Cache-Control"`
	Body  []byte
}

func (a *API) recipeSchema(context.Context, *struct{}) (*schemaOutput, error) {
	return &schemaOutput{Type: schemaType, Cache: "public, max-age=3600", Body: recipe.Schema()}, nil
}

type lettersOutput struct {
	Cache string `header:"Cache-Control"`
	Body  struct {
		Letters [][2]int32 `json:"letters" doc:"Ranges of characters, both ends included, that a text may hold once it is normalized (NFC): those that are drawn, and those that nobody sees"`
	}
}

func (a *API) letters(ctx context.Context, _ *struct{}) (*lettersOutput, error) {
	ranges, err := imaging.Letters()
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &lettersOutput{Cache: "public, max-age=3600"}
	for _, r := range ranges {
		out.Body.Letters = append(out.Body.Letters, [2]int32{r.First, r.Last})
	}
	return out, nil
}

type fromEditorInput struct {
	Body json.RawMessage `doc:"The state of the editor: what canvas.toJSON gives, or width, height and epochs of it"`
}

type fromEditorOutput struct {
	Body struct {
		Recipe json.RawMessage `json:"recipe" doc:"What was done to the picture"`
		Hash   string          `json:"recipeHash"`
		Notes  []noteBody      `json:"notes" doc:"What the recipe does not say, or says otherwise"`
	}
}

type noteBody struct {
	Path    string `json:"path" doc:"JSON pointer into the state"`
	Message string `json:"message"`
}

func (a *API) fromEditor(ctx context.Context, in *fromEditorInput) (*fromEditorOutput, error) {
	result, err := editor.Convert(in.Body)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &fromEditorOutput{}
	out.Body.Recipe, out.Body.Hash, out.Body.Notes = result.Recipe, result.Hash, []noteBody{}
	for _, n := range result.Notes {
		out.Body.Notes = append(out.Body.Notes, noteBody(n))
	}
	return out, nil
}
