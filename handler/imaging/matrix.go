package imaging

import (
	"math"

	"imagepro/handler/recipe"
)

// matrix mixes the channels of each pixel, as fabric does it: in floating point, clamped and rounded half to even as a
// canvas rounds.
func (p *planner) matrix(s recipe.Matrix) error {
	m := s.Values
	name := s.Name
	if name == "" {
		name = "matrix"
	}
	p.point(point{name, func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			q := row[i : i+4 : i+4]
			r, g, b, a := float64(q[0]), float64(q[1]), float64(q[2]), float64(q[3])
			for c := range 4 {
				f := m[c*5 : c*5+5 : c*5+5]
				q[c] = level(f[0]*r + f[1]*g + f[2]*b + f[3]*a + f[4]*255)
			}
		}
	}})
	return nil
}

// level returns the nearest level, half to even.
func level(x float64) uint8 { return uint8(math.RoundToEven(min(255, max(0, x)))) }
