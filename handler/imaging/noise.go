package imaging

import (
	"context"
	"fmt"
	"image"

	"imagepro/handler/recipe"
)

// noise adds grain.
func (p *planner) noise(s recipe.Noise) error {
	if s.Amount > 0 {
		p.push(grained{Noise: s, in: p.plan.size})
	}
	return nil
}

type grained struct {
	recipe.Noise
	in image.Point
}

func (g grained) size() image.Point { return g.in }
func (g grained) scratch() int64    { return 0 }
func (g grained) String() string    { return fmt.Sprintf("noise %g", g.Amount) }

// apply gives each pixel a grain that its place and the seed make, so that no order of work matters. It is spread
// evenly about zero, as fabric's is.
func (g grained) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	err := inRows(ctx, g.in.Y, func(from, to int) {
		eachRow(rows(m, from, to), func(y int, row []byte) {
			place := uint64(g.Seed)<<32 + uint64(from+y)*uint64(g.in.X)
			for x := range g.in.X {
				bits := mixed(place + uint64(x))
				q := row[4*x : 4*x+4 : 4*x+4]
				for c := range 3 {
					q[c] = level(float64(q[c]) + (0.5-float64(bits&0xFFFF)/0x10000)*g.Amount)
					if !g.Monochrome {
						bits >>= 16
					}
				}
			}
		})
	})
	return m, err
}

// mixed returns 64 bits that look random for each number (SplitMix64; G. L. Steele et al., "Fast splittable
// pseudorandom number generators", 2014).
func mixed(n uint64) uint64 {
	n = (n + 1) * 0x9E3779B97F4A7C15
	n = (n ^ n>>30) * 0xBF58476D1CE4E5B9
	n = (n ^ n>>27) * 0x94D049BB133111EB
	return n ^ n>>31
}
