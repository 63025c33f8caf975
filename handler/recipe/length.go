package recipe

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Length is a number of pixels or a share of a side of the picture as it is when the step is reached.
type Length struct {
	Value   float64 // pixels, or percent
	Percent bool
}

// Of returns the length in pixels, not rounded, where side is the side that a percentage is of.
func (l Length) Of(side int) float64 {
	if l.Percent {
		return l.Value * float64(side) / 100
	}
	return l.Value
}

// IsZero reports whether the length was left out or is nothing.
func (l Length) IsZero() bool { return l.Value == 0 }

// span is what a Length may be: pixels and percent each have their range.
type span struct {
	least, most               float64 // pixels
	leastPercent, mostPercent float64
	// relative reads plain numbers as shares from 0 to 1 instead of pixels.
	relative bool
}

// length reads a number of pixels or a text like "25%". An absent field is the zero Length and stays out
// of the canonical form.
func (o *object) length(name string, in span) Length {
	value, ok := o.take(name)
	if !ok {
		return Length{}
	}
	l, ok := toLength(value, in.relative)
	if !ok || !in.holds(l) {
		o.report(name, "%s", in.sentence())
		return Length{}
	}
	o.setLength(name, l)
	return l
}

// lengthOr is length with a default.
func (o *object) lengthOr(name string, def Length, in span) Length {
	if !o.has(name) {
		o.setLength(name, def)
		return def
	}
	return o.length(name, in)
}

func (o *object) setLength(name string, l Length) { o.canonical[name] = l.canonical() }

// canonical returns the number of pixels, or a text of the percentage.
func (l Length) canonical() any {
	if l.Percent {
		return short(l.Value) + "%"
	}
	return l.Value
}

// place reads a coordinate, which is zero unless it is said. All ways to say zero are the same one.
func (o *object) place(name string, in span) Length {
	l := o.lengthOr(name, Length{Percent: in.relative}, in)
	if l.IsZero() {
		o.setLength(name, Length{})
	}
	return l
}

// far is how far from the picture something may stand, and how long it may be, in pixels.
const far = 30000

// relative reads whether plain numbers are shares of the picture. In the canonical form those are percentages.
func (o *object) relative() bool {
	relative := word(o, "unit", "px", "px", "rel") == "rel"
	delete(o.canonical, "unit")
	return relative
}

// sides reads a width and a height. If one is missing, the sentence says that it is needed.
func (o *object) sides(in span, needed string) (width, height Length) {
	width, height = o.length("width", in), o.length("height", in)
	for _, name := range []string{"width", "height"} {
		if !o.has(name) {
			o.report(name, "%s %s", needed, in.sentence())
		}
	}
	return width, height
}

// points reads a list of pairs of lengths.
func (o *object) points(name string, in span, least, most int) [][2]Length {
	value, _ := o.take(name)
	list, _ := value.([]any)
	if len(list) < least || len(list) > most {
		count := strconv.Itoa(least)
		if most > least {
			count += " to " + strconv.Itoa(most)
		}
		o.report(name, "A list of %s points like [1, 2] is expected here.", count)
		return nil
	}
	points, canonical := make([][2]Length, len(list)), make([]any, len(list))
	for i, value := range list {
		pair, _ := value.([]any)
		if len(pair) != 2 {
			o.problem.report(pointer(o.path, name)+"/"+strconv.Itoa(i), "A point like [1, 2] is expected here.")
			return nil
		}
		both := make([]any, 2)
		for j, value := range pair {
			l, ok := toLength(value, in.relative)
			if !ok || !in.holds(l) {
				o.problem.report(pointer(o.path, name)+fmt.Sprintf("/%d/%d", i, j), "%s", in.sentence())
			}
			points[i][j], both[j] = l, l.canonical()
			if l.IsZero() {
				both[j] = 0.0
			}
		}
		canonical[i] = both
	}
	o.canonical[name] = canonical
	return points
}

// holds reports whether a length is in the range.
func (in span) holds(l Length) bool {
	if l.Percent {
		return l.Value >= in.leastPercent && l.Value <= in.mostPercent
	}
	return l.Value >= in.least && l.Value <= in.most
}

func (in span) sentence() string {
	percent := short(in.leastPercent) + "% to " + short(in.mostPercent) + "%"
	if in.relative {
		return "A share from " + short(in.leastPercent/100) + " to " + short(in.mostPercent/100) + " or " + percent +
			" is expected here."
	}
	return "A number of pixels from " + short(in.least) + " to " + short(in.most) + " or " + percent +
		" is expected here."
}

func toLength(value any, relative bool) (Length, bool) {
	text, ok := value.(string)
	if !ok {
		x, ok := toNumber(value)
		if relative {
			return Length{Value: math.Round(x*1e11) / 1e9, Percent: true}, ok // 0.07 is 7 %, not 7.000000000000001 %
		}
		return Length{Value: x}, ok
	}
	digits, ok := strings.CutSuffix(text, "%")
	if !ok || !isNumber(digits) {
		return Length{}, false
	}
	x, ok := toNumber(json.Number(digits))
	return Length{Value: x, Percent: true}, ok
}

// isNumber reports whether the text is a plain decimal number, as JSON has it but without an exponent.
func isNumber(text string) bool {
	if strings.Trim(text, "-.0123456789") != "" {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}
