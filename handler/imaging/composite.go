package imaging

import (
	"image/color"
	"math"

	"imagepro/handler/recipe"
)

// compositing returns what lays a row of straight pixels on another one that is as long or shorter, with an opacity
// from 0 to 255.
func compositing(mode recipe.Composite, opacity uint32) func(row, top []byte) {
	if mode == recipe.CompositeOver {
		return func(row, top []byte) {
			for i := 0; i+3 < len(row); i += 4 {
				switch q := top[i : i+4 : i+4]; {
				case q[3] == 0:
				case q[3] == 255 && opacity == 255:
					copy(row[i:i+4], q)
				default:
					over(row[i:], color.NRGBA{R: q[0], G: q[1], B: q[2]}, uint32(q[3])*opacity)
				}
			}
		}
	}
	table := blendTable(separable(mode))
	return func(row, top []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			if q := top[i : i+4 : i+4]; q[3] > 0 {
				blendOver(row[i:i+4:i+4], q, uint32(q[3])*opacity, table)
			}
		}
	}
}

// blendOver lays a colour on a straight pixel, as section 9.1.4 of Compositing and Blending asks: where both are opaque
// their blend is seen, elsewhere each as it is. The colour's alpha comes in units of 1/65025.
func blendOver(p, top []byte, alpha uint32, table *[1 << 16]uint16) {
	const full = 255 * 255
	under := uint64(p[3])
	topAlone, belowAlone, both := uint64(alpha)*(255-under), under*uint64(full-alpha), uint64(alpha)*under
	sum := topAlone + belowAlone + both // of full·255
	for c := range 3 {
		blended := uint64(table[uint(p[c])<<8|uint(top[c])])
		level := (topAlone*uint64(top[c])+belowAlone*uint64(p[c]))<<8 + both*blended
		p[c] = uint8((level + sum<<7) / (sum << 8))
	}
	p[3] = uint8((sum + full/2) / full)
}

// blendTable returns a blend of all levels below (high byte) and on top, in units of 1/256 level.
func blendTable(blend func(below, top float64) float64) *[1 << 16]uint16 {
	var table [1 << 16]uint16
	for i := range table {
		share := blend(float64(i>>8)/255, float64(i&255)/255)
		table[i] = uint16(math.Round(max(0, min(1, share)) * 255 * 256))
	}
	return &table
}

// separable returns the formula of a mode, for shares from 0 to 1, of section 10.1 of Compositing and Blending.
func separable(mode recipe.Composite) func(below, top float64) float64 {
	multiply := func(b, s float64) float64 { return b * s }
	screen := func(b, s float64) float64 { return b + s - b*s }
	hardLight := func(b, s float64) float64 {
		if s <= 0.5 {
			return multiply(b, 2*s)
		}
		return screen(b, 2*s-1)
	}
	switch mode {
	case recipe.CompositeMultiply:
		return multiply
	case recipe.CompositeScreen:
		return screen
	case recipe.CompositeOverlay:
		return func(b, s float64) float64 { return hardLight(s, b) }
	case recipe.CompositeHardLight:
		return hardLight
	case recipe.CompositeDarken:
		return func(b, s float64) float64 { return min(b, s) }
	case recipe.CompositeLighten:
		return func(b, s float64) float64 { return max(b, s) }
	case recipe.CompositeColorDodge:
		return colorDodge
	case recipe.CompositeColorBurn:
		return func(b, s float64) float64 { return 1 - colorDodge(1-b, 1-s) }
	case recipe.CompositeSoftLight:
		return softLight
	case recipe.CompositeDifference:
		return func(b, s float64) float64 { return math.Abs(b - s) }
	}
	return func(b, s float64) float64 { return b + s - 2*b*s } // exclusion
}

func colorDodge(b, s float64) float64 {
	switch {
	case b == 0:
		return 0
	case s == 1:
		return 1
	}
	return min(1, b/(1-s))
}

func softLight(b, s float64) float64 {
	if s <= 0.5 {
		return b - (1-2*s)*b*(1-b)
	}
	light := math.Sqrt(b)
	if b <= 0.25 {
		light = ((16*b-12)*b + 4) * b
	}
	return b + (2*s-1)*(light-b)
}
