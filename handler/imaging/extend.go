package imaging

import (
	"context"
	"fmt"
	"image"
	"math"

	"imagepro/handler/recipe"
)

// extend adds room around the picture.
func (p *planner) extend(s recipe.Extend) error {
	in := p.plan.size
	top, bottom := pixels(s.Top, in.Y), pixels(s.Bottom, in.Y)
	left, right := pixels(s.Left, in.X), pixels(s.Right, in.X)
	if top+bottom+left+right == 0 {
		return nil
	}
	p.push(padded{
		in:         in,
		out:        in.Add(image.Pt(left+right, top+bottom)),
		at:         image.Pt(left, top),
		background: s.Background,
	})
	return nil
}

// border is an extension of the same width on all sides.
func (p *planner) border(s recipe.Border) error {
	in := p.plan.size
	width := max(1, pixels(s.Width, min(in.X, in.Y)))
	p.push(padded{in: in, out: in.Add(image.Pt(2*width, 2*width)), at: image.Pt(width, width), background: s.Color})
	return nil
}

// pixels returns a length in whole pixels, which may be none.
func pixels(l recipe.Length, side int) int { return int(math.Round(l.Of(side))) }

// roundCorners makes what lies outside of a rounded rectangle transparent.
func (p *planner) roundCorners(s recipe.RoundCorners) error {
	in := p.plan.size
	most := float64(min(in.X, in.Y)) / 2
	p.push(rounding{in: in, radius: min(most, s.Radius.Of(min(in.X, in.Y)))})
	return nil
}

type rounding struct {
	in     image.Point
	radius float64
}

func (r rounding) size() image.Point { return r.in }
func (r rounding) scratch() int64    { return 0 }
func (r rounding) String() string    { return fmt.Sprintf("round corners %g", r.radius) }

func (r rounding) apply(_ context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	rows := min(int(math.Ceil(r.radius)), r.in.Y)
	eachRow(m, func(y int, row []byte) {
		if y >= rows && y < r.in.Y-rows {
			return
		}
		for x := range min(int(math.Ceil(r.radius)), r.in.X) {
			share := r.cover(x, y)
			fade(row[4*x:], share)
			if other := r.in.X - 1 - x; other != x {
				fade(row[4*other:], share)
			}
		}
	})
	return m, nil
}

// cover returns how much of a pixel lies inside; the picture is the same from all corners.
func (r rounding) cover(x, y int) float64 {
	y = min(y, r.in.Y-1-y)
	dx, dy := r.radius-float64(x)-0.5, r.radius-float64(y)-0.5
	if dx <= 0 || dy <= 0 {
		return 1
	}
	return min(1, max(0, r.radius-math.Hypot(dx, dy)+0.5))
}

func fade(pixel []byte, share float64) {
	pixel[3] = uint8(float64(pixel[3])*share + 0.5)
}
