package editor

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"
)

// toColor reads a colour of CSS, as fabric writes it: #rgb, #rrggbb, #rrggbbaa, rgb(), rgba(), hsl(), hsla(), or a
// name. What is empty or "transparent" has no alpha.
func toColor(text string) (color.NRGBA, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if digits, ok := strings.CutPrefix(text, "#"); ok {
		return fromDigits(digits)
	}
	if text == "" || text == "transparent" {
		return color.NRGBA{}, true
	}
	if c, ok := colornames.Map[text]; ok {
		return color.NRGBA(c), true // they are opaque
	}
	name, rest, _ := strings.Cut(text, "(")
	inner, closed := strings.CutSuffix(rest, ")")
	parts := strings.FieldsFunc(inner, func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if !closed || len(parts) != 3 && len(parts) != 4 {
		return color.NRGBA{}, false
	}
	alpha, ok := 1.0, true
	if len(parts) == 4 {
		alpha, ok = toPart(parts[3], 1)
	}
	switch strings.TrimSuffix(name, "a") {
	case "rgb":
		return fromParts(parts[:3], [3]float64{255, 255, 255}, alpha, ok, func(v [3]float64) [3]float64 { return v })
	case "hsl":
		return fromParts(parts[:3], [3]float64{360, 1, 1}, alpha, ok, fromHSL)
	}
	return color.NRGBA{}, false
}

func fromDigits(digits string) (color.NRGBA, bool) {
	if len(digits) == 3 || len(digits) == 4 {
		long := make([]byte, 0, 8)
		for _, d := range []byte(digits) {
			long = append(long, d, d)
		}
		digits = string(long)
	}
	if len(digits) == 6 {
		digits += "ff"
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 8 {
		return color.NRGBA{}, false
	}
	return color.NRGBA{R: uint8(n >> 24), G: uint8(n >> 16), B: uint8(n >> 8), A: uint8(n)}, true
}

// fromParts makes a colour of three parts, whose percentages are of the full ones.
func fromParts(
	parts []string, full [3]float64, alpha float64, ok bool, convert func([3]float64) [3]float64,
) (color.NRGBA, bool) {
	var v [3]float64
	for i, part := range parts {
		x, isPart := toPart(part, full[i])
		v[i], ok = x, ok && isPart
	}
	v = convert(v)
	level := func(x float64) uint8 { return uint8(clamped(math.Round(x), 0, 255)) }
	return color.NRGBA{R: level(v[0]), G: level(v[1]), B: level(v[2]), A: level(alpha * 255)}, ok
}

func toPart(text string, full float64) (float64, bool) {
	digits, isPercent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(digits, 64)
	if isPercent {
		x = x * full / 100
	}
	return x, err == nil && !math.IsInf(x, 0) && !math.IsNaN(x)
}

// fromHSL returns levels up to 255 of hue, saturation and lightness, as CSS Color 4 has it in section 7.1.
func fromHSL(v [3]float64) [3]float64 {
	s, l := clamped(v[1], 0, 1), clamped(v[2], 0, 1)
	level := func(n float64) float64 {
		k := math.Mod(n+v[0]/30+1200, 12)
		return 255 * (l - s*min(l, 1-l)*max(-1, min(k-3, 9-k, 1)))
	}
	return [3]float64{level(0), level(8), level(4)}
}

// hex returns a colour as a recipe has it.
func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x%02x", c.R, c.G, c.B, c.A) }
