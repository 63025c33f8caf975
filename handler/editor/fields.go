package editor

import (
	"math"
	"strconv"
	"strings"
)

// fields are those of an object of the state. What is not there, or of another type, reads as the default: fabric
// leaves much out, and the editor may add fields of its own.
type fields map[string]any

func toFields(value any) fields {
	f, _ := value.(map[string]any)
	return f
}

func (f fields) has(name string) bool { return f[name] != nil }

func (f fields) number(name string, def float64) float64 {
	if x, ok := f[name].(float64); ok {
		return x
	}
	return def
}

func (f fields) text(name, def string) string {
	if s, ok := f[name].(string); ok {
		return s
	}
	return def
}

func (f fields) flag(name string, def bool) bool {
	if b, ok := f[name].(bool); ok {
		return b
	}
	return def
}

func (f fields) list(name string) []any {
	l, _ := f[name].([]any)
	return l
}

// numbers returns a list of numbers, nil if it is none.
func (f fields) numbers(name string) []float64 {
	list := f.list(name)
	numbers := make([]float64, len(list))
	for i, value := range list {
		x, ok := value.(float64)
		if !ok {
			return nil
		}
		numbers[i] = x
	}
	return numbers
}

// rounded returns a number with some decimals.
func rounded(x float64, decimals int) float64 {
	shift := math.Pow10(decimals)
	return math.Round(x*shift) / shift
}

// share returns a part of a whole as the recipe's unit rel has it.
func share(part, whole float64) float64 { return rounded(part/whole, 7) }

// percent returns a part of a whole as the recipe's lengths have it.
func percent(part, whole float64) string {
	return strconv.FormatFloat(rounded(part/whole*100, 5), 'f', -1, 64) + "%"
}

// clamped returns the nearest number in a range.
func clamped(x, least, most float64) float64 { return max(least, min(x, most)) }

// named returns a JSON pointer's next part.
func named(at, name string) string {
	return at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func numbered(at string, i int) string { return at + "/" + strconv.Itoa(i) }
