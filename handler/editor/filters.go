package editor

import (
	"math"
	"slices"
)

// plainFilters are the filters of fabric that have nothing to say but their name.
var plainFilters = map[string]string{
	"Sepia": "sepia", "Vintage": "vintage", "Brownie": "brownie", "Kodachrome": "kodachrome",
	"Technicolor": "technicolor",
	"Polaroid":    "polaroid", "BlackWhite": "blackWhite",
}

// adjustments are the filters that are a field of the step adjust: their own field, and what one of fabric's is of
// ours.
var adjustments = map[string]struct {
	field, to string
	factor    float64
}{
	"Brightness": {"brightness", "brightness", 100}, "Contrast": {"contrast", "contrast", 100},
	"Saturation": {"saturation", "saturation", 100}, "Vibrance": {"vibrance", "vibrance", 100},
	"HueRotation": {"rotation", "hue", 180},
}

// filters adds the filters of a picture, in their order.
func (c *converter) filters(at string, list []any) {
	for i, value := range list {
		if f := toFields(value); f != nil { // one that was taken away is null
			c.filter(numbered(at, i), f)
		}
	}
}

func (c *converter) filter(at string, f fields) {
	kind := f.text("type", "")
	if name, ok := plainFilters[kind]; ok {
		c.step(at, map[string]any{"op": "filter", "name": name})
		return
	}
	if a, ok := adjustments[kind]; ok {
		c.adjust(at, a.to, f.number(a.field, 0)*a.factor, 0)
		return
	}
	switch kind {
	case "Grayscale":
		c.step(at, map[string]any{"op": "filter", "name": "grayscale", "mode": f.text("mode", "average")})
	case "Invert":
		if f.flag("invert", true) {
			c.step(at, map[string]any{"op": "filter", "name": "invert"})
		}
	case "Gamma":
		c.gamma(at, f.numbers("gamma"))
	case "ColorMatrix":
		c.matrix(at, f)
	case "Convolute", "Sharpen", "Emboss":
		c.convolve(at, f)
	case "Blur", "Noise", "Pixelate":
		c.grain(at, kind, f)
	case "RemoveColor":
		c.step(
			at, map[string]any{"op": "removeColor", "color": c.opaque(at, f, "#FFFFFF"),
				"distance": f.number("distance", 0.02)})
	case "BlendColor":
		mode := f.text("mode", "multiply")
		if mode == "difference" {
			mode = "diff"
		}
		c.step(at, map[string]any{
			"op":    "blendColor",
			"mode":  mode,
			"color": c.opaque(at, f, "#F95C63"),
			"alpha": f.number("alpha", 1),
		})
	case "Composed":
		c.composed(named(at, "subFilters"), f.list("subFilters"))
	default:
		c.note(at, "The filter %q is not known here; it is left out.", kind)
	}
}

// composed adds the filters that another is made of, which are no such ones themselves.
func (c *converter) composed(at string, list []any) {
	for i, value := range list {
		f := toFields(value)
		if f.text("type", "") == "Composed" {
			c.note(numbered(at, i), "Filters within filters within filters are left out.")
			continue
		}
		c.filter(numbered(at, i), f)
	}
}

// adjust adds a field of the step adjust, unless it changes nothing.
func (c *converter) adjust(at, field string, value, neutral float64) {
	if value = rounded(value, 6); value != neutral {
		c.step(at, map[string]any{"op": "adjust", "compat": "tui3", field: value})
	}
}

func (c *converter) gamma(at string, levels []float64) {
	if len(levels) != 3 || levels[0] != levels[1] || levels[1] != levels[2] {
		c.note(at, "A gamma that is another for each channel is left out.")
		return
	}
	c.adjust(at, "gamma", levels[0], 1)
}

// matrix adds a colour matrix. Unless it says otherwise, it is for the colours alone.
func (c *converter) matrix(at string, f fields) {
	m := f.numbers("matrix")
	if len(m) == 20 && f.flag("colorsOnly", true) {
		m = slices.Concat(m[:15], []float64{0, 0, 0, 1, 0})
		m[3], m[8], m[13] = 0, 0, 0
	}
	c.step(at, map[string]any{"op": "colorMatrix", "matrix": m})
}

func (c *converter) convolve(at string, f fields) {
	m, opaque := f.numbers("matrix"), f.flag("opaque", false)
	alpha := "convolve"
	switch {
	case opaque:
		alpha = "keep"
	case slices.Equal(m, []float64{0, -1, 0, -1, 5, -1, 0, -1, 0}):
		c.step(at, map[string]any{"op": "sharpen", "compat": "tui3"})
		return
	case slices.Equal(m, []float64{1, 1, 1, 1, 0.7, -1, -1, -1, -1}):
		c.step(at, map[string]any{"op": "emboss", "compat": "tui3"})
		return
	}
	c.step(at, map[string]any{"op": "convolve", "kernel": m, "edge": "zero", "alpha": alpha})
}

// blurSpread is fabric's blur as a Gaussian: 31 times the picture is mixed with itself, moved by up to 0.03 of the side
// times the filter's value, p = -1, -14/15, ... 1 of that, with a share of 1 - |p|. The variance of all is the sum of
// share (1 - share) p².
const blurSpread = 0.03 * 1.2202

// grain adds what depends on how many pixels there are.
func (c *converter) grain(at, kind string, f fields) {
	switch kind {
	case "Blur":
		sigma := f.number("blur", 0) * blurSpread * math.Sqrt(c.width*c.height) * c.scale
		if sigma > 0 {
			c.step(at, map[string]any{"op": "blur", "sigma": rounded(clamped(sigma, 0.3, 100), 2)})
			c.note(
				at, "The blur is about that of the editor, which is another at each time. It is the same number of "+
					"pixels in all pictures.")
		}
	case "Noise":
		if amount := f.number("noise", 0); amount > 0 {
			c.step(at, map[string]any{"op": "noise", "amount": amount})
			c.note(at, "The grain is as strong as that of the editor, which is another at each time.")
		}
	case "Pixelate":
		if size := math.Round(f.number("blocksize", 4) * c.scale); size > 1 {
			c.step(at, map[string]any{"op": "pixelate", "size": size, "sample": "topLeft"})
		}
	}
}

// opaque returns the colour of a filter, whose alpha fabric does not look at.
func (c *converter) opaque(at string, f fields, def string) string {
	color, ok := toColor(f.text("color", def))
	if !ok {
		c.note(named(at, "color"), "This colour is not understood; it is taken as black.")
	}
	color.A = 255
	return hex(color)
}
