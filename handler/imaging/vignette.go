package imaging

import (
	"context"
	"fmt"
	"image"
	"math"

	"imagepro/handler/recipe"
)

// vignette mixes a colour into the picture towards its corners.
func (p *planner) vignette(s recipe.Vignette) error {
	if s.Amount > 0 {
		p.push(vignetted{Vignette: s, in: p.plan.size})
	}
	return nil
}

type vignetted struct {
	recipe.Vignette
	in image.Point
}

func (v vignetted) size() image.Point { return v.in }
func (v vignetted) scratch() int64    { return 0 }
func (v vignetted) String() string    { return fmt.Sprintf("vignette %g", v.Amount) }

// apply mixes with a share that grows from the midpoint to the corners as 3 t² - 2 t³ does: it begins and ends flat.
// Transparency stays.
func (v vignetted) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	begin := v.Midpoint / 100
	across := fromMiddle(v.in.X)
	down := fromMiddle(v.in.Y)
	err := inRows(ctx, v.in.Y, func(from, to int) {
		eachRow(rows(m, from, to), func(y int, row []byte) {
			dy := down(from + y)
			for x := range v.in.X {
				dx := across(x)
				square := (dx*dx + dy*dy) / 2 // 1 in the corners
				if square <= begin*begin {
					continue
				}
				t := min(1, (math.Sqrt(square)-begin)/(1-begin))
				share := t * t * (3 - 2*t) * v.Amount / 100
				q := row[4*x : 4*x+4 : 4*x+4]
				q[0], q[1], q[2] = mixedIn(q[0], v.Color.R, share), mixedIn(q[1], v.Color.G, share),
					mixedIn(q[2], v.Color.B, share)
			}
		})
	})
	return m, err
}

// fromMiddle returns the distance of a pixel's centre from the middle of a side, in halves of the side.
func fromMiddle(side int) func(at int) float64 {
	return func(at int) float64 { return (2*float64(at) + 1 - float64(side)) / float64(side) }
}

// mixedIn returns a level with a share of another.
func mixedIn(x, other uint8, share float64) uint8 {
	return uint8(float64(x) + (float64(other)-float64(x))*share + 0.5)
}
