package api

import (
	"context"

	"imagepro/handler/recipe"
)

type schemaOutput struct {
	Type  string `header:"Content-Type"`
	Cache string `header:"Cache-Control"`
	Body  []byte
}

func (a *API) recipeSchema(context.Context, *struct{}) (*schemaOutput, error) {
	return &schemaOutput{Type: "application/schema+json", Cache: "public, max-age=3600", Body: recipe.Schema()}, nil
}
