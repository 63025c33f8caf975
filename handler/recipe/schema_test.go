package recipe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// node is a part of a JSON document.
type node = map[string]any

// theSchema is the published schema, as a document and compiled.
type theSchema struct {
	root     node
	compiled *jsonschema.Schema
}

func readSchema(t testing.TB) theSchema {
	t.Helper()
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(recipe.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("recipe.json", root); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("recipe.json")
	if err != nil {
		t.Fatal(err)
	}
	return theSchema{root.(node), compiled}
}

func (s theSchema) takes(t testing.TB, document []byte) bool {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return s.compiled.Validate(value) == nil
}

// at follows a reference; what stands beside it (a default) is kept.
func (s theSchema) at(n node) node {
	ref, ok := n["$ref"].(string)
	if !ok {
		return n
	}
	to := maps.Clone(s.root["$defs"].(node)[strings.TrimPrefix(ref, "#/$defs/")].(node))
	if def, ok := n["default"]; ok {
		to["default"] = def
	}
	return to
}

// forms returns the objects that a schema allows.
func (s theSchema) forms(n node) []node {
	n = s.at(n)
	one, ok := n["oneOf"].([]any)
	if !ok {
		return []node{n}
	}
	var all []node
	for _, o := range one {
		all = append(all, s.forms(o.(node))...)
	}
	return all
}

// sample returns a small value that a schema allows.
func (s theSchema) sample(n node) any {
	n = s.at(n)
	for _, key := range []string{"anyOf", "oneOf"} {
		if of, ok := n[key].([]any); ok && n["properties"] == nil {
			return s.sample(of[0].(node))
		}
	}
	if v, ok := n["const"]; ok {
		return v
	}
	if all, ok := n["enum"].([]any); ok {
		return all[0]
	}
	if all, ok := n["examples"].([]any); ok {
		return all[0]
	}
	switch n["type"] {
	case "number", "integer":
		return n["minimum"]
	case "boolean":
		return true
	case "array":
		list := []any{}
		for range count(n["minItems"]) {
			list = append(list, s.sample(n["items"].(node)))
		}
		return list
	case "object":
		return s.minimal(n)
	}
	return "#123456"
}

func count(n any) int {
	number, _ := n.(json.Number)
	i, _ := strconv.Atoi(string(number))
	return i
}

// minimal returns an object of what is required.
func (s theSchema) minimal(form node) node {
	o := node{}
	required, _ := form["required"].([]any)
	if of, ok := form["anyOf"].([]any); ok { // one of some fields is required
		required = append(slices.Clone(required), of[0].(node)["required"].([]any)...)
	}
	for _, name := range required {
		o[name.(string)] = s.sample(form["properties"].(node)[name.(string)].(node))
	}
	return o
}

// place is where an object stands in a recipe: wrap puts it there.
type place struct {
	name string
	form node
	wrap func(o node) node
}

// places lists all objects of the schema: the recipe, its parts, every form of every step and what they hold.
func (s theSchema) places() (all []place) {
	version := node{"version": json.Number("1")}
	with := func(o node, name string, value any) node {
		o = maps.Clone(o)
		o[name] = value
		return o
	}
	var add func(p place)
	add = func(p place) {
		all = append(all, p)
		least := s.minimal(p.form)
		for name, property := range p.form["properties"].(node) {
			property := s.at(property.(node))
			for _, form := range s.forms(property) {
				if form["type"] == "object" {
					add(place{p.name + "/" + name, form, func(o node) node { return p.wrap(with(least, name, o)) }})
				}
			}
			if items, ok := property["items"].(node); ok && p.name != "" {
				for _, form := range s.forms(items) {
					if form["type"] == "object" {
						add(
							place{p.name + "/" + name, form, func(o node) node {
								return p.wrap(with(least, name, []any{o}))
							}})
					}
				}
			}
		}
	}
	add(place{"", s.root, func(o node) node { return o }})
	steps := s.root["properties"].(node)["steps"].(node)["items"].(node)
	for i, form := range s.forms(steps) {
		op := form["properties"].(node)["op"].(node)["const"].(string)
		add(place{fmt.Sprintf("%s %d", op, i), form, func(o node) node { return with(version, "steps", []any{o}) }})
	}
	return all
}

// TestTheSchemaAndTheParserAgree tries every field of the schema at its limits and beyond.
func TestTheSchemaAndTheParserAgree(t *testing.T) {
	t.Parallel()
	s := readSchema(t)
	if document := every(t); !s.takes(t, document) {
		t.Error("the schema refuses the recipe of all operations")
	}
	tried := 0
	for _, p := range s.places() {
		try := func(what string, o node, want bool) string {
			t.Helper()
			tried++
			document, err := json.Marshal(p.wrap(o))
			if err != nil {
				t.Fatal(err)
			}
			r, err := recipe.Parse(document)
			if taken := s.takes(t, document); taken != want || (err == nil) != want {
				t.Errorf("%s: %s: the schema takes it: %t, the parser says %v, want %t\n%.300s", p.name, what, taken,
					err, want, document)
			}
			if err != nil {
				return fault.From(err).Message
			}
			return r.Hash()
		}
		least := s.minimal(p.form)
		hash := try("what is required", least, len(least) > 0 || p.form["minProperties"] == nil)
		with := func(name string, value any) node {
			o := maps.Clone(least)
			o[name] = value
			return o
		}
		known := try("an unknown field", with("none of these", 1), false)
		_, known, _ = strings.Cut(strings.TrimSuffix(known, "."), "Known here: ")
		names := slices.Sorted(maps.Keys(p.form["properties"].(node)))
		if p.name != "" { // at the top $schema and name stand among them
			for _, name := range names {
				if !slices.Contains(strings.Split(known, ", "), name) {
					t.Errorf("%s: the parser knows %s, and not %s", p.name, known, name)
				}
			}
		}
		for _, name := range names {
			for _, value := range s.good(p.form["properties"].(node)[name].(node)) {
				got := try(fmt.Sprintf("%s: %v", name, value), with(name, value), true)
				if def, ok := s.at(p.form["properties"].(node)[name].(node))["default"]; ok && def == value &&
					got != hash {
					t.Errorf("%s: %s: the default is not %v", p.name, name, def)
				}
			}
			for _, value := range s.bad(p.form["properties"].(node)[name].(node)) {
				try(fmt.Sprintf("%s: %v", name, value), with(name, value), false)
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d documents were tried", tried)
	}
	_, err := recipe.Parse([]byte(`{"version":1,"steps":[{"op":""}]}`))
	_, words, _ := strings.Cut(strings.TrimSuffix(fault.From(err).Message, "."), ": ")
	for _, op := range strings.Split(words, ", ") {
		if s.root["$defs"].(node)[op] == nil {
			t.Errorf("the schema does not have %s", op)
		}
	}
}

var percents = regexp.MustCompile(`(-?[0-9.]+)% to (-?[0-9.]+)%`)

// good returns values at the limits of a schema, and its default.
func (s theSchema) good(n node) (values []any) {
	n = s.at(n)
	if def, ok := n["default"]; ok {
		values = append(values, def)
	}
	if all, ok := n["anyOf"].([]any); ok {
		for _, a := range all {
			values = append(values, s.good(a.(node))...)
		}
	}
	if m := percents.FindStringSubmatch(fmt.Sprint(n["description"])); m != nil {
		values = append(values, m[1]+"%", m[2]+"%")
	}
	if all, ok := n["enum"].([]any); ok {
		values = append(values, all...)
	}
	if v, ok := n["const"]; ok {
		values = append(values, v)
	}
	switch n["type"] {
	case "number", "integer":
		values = append(values, n["minimum"], n["maximum"])
	case "boolean":
		values = append(values, true, false)
	case "array":
		least := s.sample(n).([]any)
		values = append(values, least)
		if most := count(n["maxItems"]); len(least) > 0 {
			values = append(values, slices.Repeat(least[:1], most))
		}
	}
	return values
}

// bad returns values that a schema does not allow.
func (s theSchema) bad(n node) []any {
	n = s.at(n)
	values := []any{nil, "no such word", []any{node{"a": 1}}}
	if n["type"] == "string" && n["pattern"] == nil {
		values = []any{nil, 1}
		if most := count(n["maxLength"]); most > 0 {
			values = append(values, strings.Repeat("x", most+1))
		}
	}
	all := []any{n}
	if of, ok := n["anyOf"].([]any); ok {
		all = of
	}
	for _, a := range all {
		a := s.at(a.(node))
		if least, ok := a["minimum"].(json.Number); ok {
			least, _ := least.Float64()
			most, _ := a["maximum"].(json.Number).Float64()
			values = append(values, least-0.001, most+0.001, "1")
		}
		if a["type"] == "integer" {
			values = append(values, 2.5)
		}
		if most := count(a["maxItems"]); most > 0 && len(all) == 1 {
			values = append(values,
				slices.Repeat(
					s.sample(node{"type": "array", "items": a["items"], "minItems": json.Number("1")}).([]any), most+1))
		}
	}
	return values
}
