package recipe

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"imagepro/handler/fault"
)

// problem keeps the first thing that was wrong with a document. Readers go on with harmless values after
// it, so that parsing functions read straight down without a check a line.
type problem struct {
	first *fault.Fault
}

func (p *problem) report(at, format string, args ...any) {
	if p.first == nil {
		p.first = fault.Newf(fault.Invalid, format, args...).At(at)
	}
}

// object reads the fields of one JSON object. Each reader names the type and range that it accepts, marks
// the field as known and writes the value, or the default, to the canonical form.
type object struct {
	problem   *problem
	path      string
	fields    map[string]any
	canonical map[string]any
	known     map[string]bool
}

func newObject(p *problem, path string, value any) *object {
	fields, ok := value.(map[string]any)
	if !ok {
		p.report(path, "An object is expected here, not %s.", kindOf(value))
	}
	return &object{problem: p, path: path, fields: fields, canonical: map[string]any{}, known: map[string]bool{}}
}

// close refuses fields that no reader asked for; the first in alphabetical order is named.
func (o *object) close() {
	var unknown []string
	for name := range o.fields {
		if !o.known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return
	}
	sort.Strings(unknown)
	o.report(unknown[0], "This field is not known. Known here: %s.", strings.Join(o.names(), ", "))
}

func (o *object) names() []string {
	names := make([]string, 0, len(o.known))
	for name := range o.known {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (o *object) report(name, format string, args ...any) {
	o.problem.report(pointer(o.path, name), format, args...)
}

// take returns a field; null is a value of the wrong type, not an absent field.
func (o *object) take(name string) (value any, ok bool) {
	o.known[name] = true
	value, ok = o.fields[name]
	return value, ok
}

func (o *object) has(name string) bool {
	o.known[name] = true
	_, ok := o.fields[name]
	return ok
}

// object returns a nested object; an absent one reads as empty.
func (o *object) object(name string) *object {
	value, ok := o.take(name)
	if !ok {
		value = map[string]any{}
	}
	child := newObject(o.problem, pointer(o.path, name), value)
	o.canonical[name] = child.canonical
	return child
}

// objects returns the objects of a list; an absent list is empty. The caller writes the canonical form.
func (o *object) objects(name string, most int) []*object {
	value, ok := o.take(name)
	if !ok {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		o.report(name, "A list is expected here, not %s.", kindOf(value))
	}
	if len(list) > most {
		o.report(name, "At most %d entries are allowed here; there are %d.", most, len(list))
		return nil
	}
	children := make([]*object, len(list))
	for i, value := range list {
		children[i] = newObject(o.problem, pointer(o.path, name)+"/"+strconv.Itoa(i), value)
	}
	return children
}

// label reads a string that does not count for the canonical form.
func (o *object) label(name string, most int) string {
	text := o.text(name, "", most)
	delete(o.canonical, name)
	return text
}

// omit leaves a field out of the canonical form if it says nothing. Fields that came later do so at their defaults:
// recipes that are older keep their hashes.
func (o *object) omit(name string, nothing bool) {
	if nothing {
		delete(o.canonical, name)
	}
}

// text reads a string of at most a number of bytes.
func (o *object) text(name, def string, most int) string {
	text := def
	if value, ok := o.take(name); ok {
		if text, ok = value.(string); !ok {
			o.report(name, "A text is expected here, not %s.", kindOf(value))
		}
		if len(text) > most {
			o.report(name, "This text may have at most %d bytes; it has %d.", most, len(text))
			return def
		}
	}
	o.canonical[name] = text
	return text
}

// word reads one of a few words. An empty default makes the field required.
func word[T ~string](o *object, name string, def T, allowed ...T) T {
	chosen := def
	value, ok := o.take(name)
	if ok || def == "" {
		text, _ := value.(string)
		chosen = T(text)
		if !slices.Contains(allowed, chosen) {
			o.report(name, "One of these words is expected here: %s.", list(allowed))
			return def
		}
	}
	o.canonical[name] = string(chosen)
	return chosen
}

func list[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}

func (o *object) boolean(name string, def bool) bool {
	yes := def
	if value, ok := o.take(name); ok {
		if yes, ok = value.(bool); !ok {
			o.report(name, "true or false is expected here, not %s.", kindOf(value))
		}
	}
	o.canonical[name] = yes
	return yes
}

// number reads a number from least to most. The default required makes the field required.
func (o *object) number(name string, def, least, most float64) float64 {
	x := def
	value, ok := o.take(name)
	if ok || def == required {
		parsed, isNumber := toNumber(value)
		if !isNumber || parsed < least || parsed > most {
			o.report(name, "A number from %s to %s is expected here.", short(least), short(most))
			return least
		}
		x = parsed
	}
	o.canonical[name] = x
	return x
}

// share reads a number from 0 to 1; true is 1 and false 0.
func (o *object) share(name string, def float64) float64 {
	if value, ok := o.take(name); ok {
		if yes, ok := value.(bool); ok {
			def = 0
			if yes {
				def = 1
			}
			o.canonical[name] = def
			return def
		}
	}
	return o.number(name, def, 0, 1)
}

// integer is number for whole numbers.
func (o *object) integer(name string, def float64, least, most int) int {
	x := o.number(name, def, float64(least), float64(most))
	if x != math.Trunc(x) {
		o.report(name, "A whole number from %d to %d is expected here.", least, most)
	}
	return int(x)
}

// compat reads whether a step is to look exactly as in Toast UI's editor, version 3: the only word that it knows.
func (o *object) compat() bool {
	return o.has("compat") && word(o, "compat", "", "tui3") != ""
}

// numbers reads a list of one of some counts of numbers, each from least to most.
func (o *object) numbers(name string, least, most float64, counts ...int) []float64 {
	value, _ := o.take(name)
	list, ok := value.([]any)
	count := counts[0]
	for _, n := range counts {
		if len(list) == n {
			count = n
		}
	}
	numbers, canonical := make([]float64, count), make([]any, count)
	if !ok || len(list) != count {
		o.report(name, "A list of %s numbers is expected here.", either(counts))
		list = nil
	}
	for i, value := range list {
		n, isNumber := toNumber(value)
		if _, isJSON := value.(json.Number); !isJSON || !isNumber || n < least || n > most {
			o.problem.report(pointer(o.path, name)+"/"+strconv.Itoa(i), "A number from %s to %s is expected here.",
				short(least), short(most))
		}
		numbers[i] = n
	}
	for i, n := range numbers {
		canonical[i] = n
	}
	o.canonical[name] = canonical
	return numbers
}

// either returns counts as words: "9, 25 or 49".
func either(counts []int) string {
	words := ""
	for i, n := range counts {
		switch {
		case i > 0 && i == len(counts)-1:
			words += " or "
		case i > 0:
			words += ", "
		}
		words += strconv.Itoa(n)
	}
	return words
}

// required is the default of a number that must be given.
const required = -math.MaxFloat64

// toNumber returns a JSON number as a finite float64; minus zero becomes zero.
func toNumber(value any) (float64, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	x, err := n.Float64()
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0, false
	}
	return x + 0, true // -0 + 0 is 0
}

func short(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	}
	return fmt.Sprintf("%T", value)
}
