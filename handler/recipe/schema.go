package recipe

import _ "embed" // the schema

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of a recipe, for editors and other programs. Parse alone decides: it
// refuses some documents that the schema, which says so, lets pass. The caller must not change it.
func Schema() []byte { return schema }
