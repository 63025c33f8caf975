package imaging

import (
	"math"

	"imagepro/handler/recipe"
)

// blendColor lays a colour on every pixel: one table a channel.
func (p *planner) blendColor(s recipe.BlendColor) error {
	var tables [3][256]uint8
	for c, t := range []uint8{s.Color.R, s.Color.G, s.Color.B} {
		blend := blended(s.Mode, float64(t)*s.Alpha, s.Alpha)
		for i := range tables[c] {
			tables[c][i] = level(blend(float64(i)))
		}
	}
	p.point(point{string(s.Mode), func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			q := row[i : i+4 : i+4]
			q[0], q[1], q[2] = tables[0][q[0]], tables[1][q[1]], tables[2][q[2]]
		}
	}})
	return nil
}

// blended returns the formula of a mode; see recipe.Blend. t is the colour's level times its alpha.
func blended(mode recipe.Blend, t, alpha float64) func(x float64) float64 {
	switch mode {
	case recipe.BlendAdd:
		return func(x float64) float64 { return x + t }
	case recipe.BlendDiff:
		return func(x float64) float64 { return math.Abs(x - t) }
	case recipe.BlendSubtract:
		return func(x float64) float64 { return x - t }
	case recipe.BlendMultiply:
		return func(x float64) float64 { return x * t / 255 }
	case recipe.BlendScreen:
		return func(x float64) float64 { return 255 - (255-x)*(255-t)/255 }
	case recipe.BlendLighten:
		return func(x float64) float64 { return max(x, t) }
	case recipe.BlendDarken:
		return func(x float64) float64 { return min(x, t) }
	case recipe.BlendExclusion:
		return func(x float64) float64 { return x + t - 2*x*t/255 }
	case recipe.BlendOverlay:
		return func(x float64) float64 {
			if t < 128 {
				return 2 * x * t / 255
			}
			return 255 - 2*(255-x)*(255-t)/255
		}
	}
	return func(x float64) float64 { return t + x*(1-alpha) }
}

// removeColor makes what is near a colour transparent.
func (p *planner) removeColor(s recipe.RemoveColor) error {
	reach := s.Distance * 255
	near := func(a, b uint8) bool { return math.Abs(float64(a)-float64(b)) < reach }
	p.point(point{"remove colour", func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			q := row[i : i+4 : i+4]
			if near(q[0], s.Color.R) && near(q[1], s.Color.G) && near(q[2], s.Color.B) {
				q[3] = 0
			}
		}
	}})
	return nil
}

// flattenOn lays the picture on a background.
func (p *planner) flattenOn(s recipe.Flatten) error {
	b := s.Background
	p.point(point{"flatten", func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			q := row[i : i+4 : i+4]
			a := uint32(q[3])
			q[0], q[1], q[2], q[3] = mix(q[0], b.R, a), mix(q[1], b.G, a), mix(q[2], b.B, a), 255
		}
	}})
	return nil
}
