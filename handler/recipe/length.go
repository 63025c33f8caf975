package recipe

import (
	"encoding/json"
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
	within := l.Value >= in.least && l.Value <= in.most
	if l.Percent {
		within = l.Value >= in.leastPercent && l.Value <= in.mostPercent
	}
	if !ok || !within {
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

func (o *object) setLength(name string, l Length) {
	o.canonical[name] = l.Value
	if l.Percent {
		o.canonical[name] = short(l.Value) + "%"
	}
}

func (in span) sentence() string {
	percent := short(in.leastPercent) + "% to " + short(in.mostPercent) + "%"
	if in.relative {
		return "A share from " + short(in.leastPercent/100) + " to " + short(in.mostPercent/100) + " or " + percent + " is expected here."
	}
	return "A number of pixels from " + short(in.least) + " to " + short(in.most) + " or " + percent + " is expected here."
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
