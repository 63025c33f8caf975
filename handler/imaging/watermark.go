package imaging

import (
	"context"
	"fmt"
	"image"

	"imagepro/handler/recipe"
)

// watermark lays a picture of the recipe on the picture, once or many times.
func (p *planner) watermark(s recipe.Watermark) error {
	in := p.plan.size
	side := recipe.Length{Value: max(1, s.Size.Of(min(in.X, in.Y)))}
	mark, err := p.layer(s.Image,
		recipe.Resize{Width: side, Height: side, Fit: recipe.Inside, Kernel: recipe.Lanczos3},
		recipe.Rotate{Angle: s.Angle, Interpolation: recipe.Bicubic})
	if err != nil {
		return err
	}
	size := mark.size()
	w := marked{Watermark: s, in: in, mark: mark, step: in.Add(size)} // so far apart that one alone is seen
	w.at = standing(size, in, s.Gravity, image.Pt(pixels(s.OffsetX, in.X), pixels(s.OffsetY, in.Y)))
	if s.Tile != nil {
		w.step = size.Add(image.Pt(pixels(s.Tile.SpacingX, size.X), pixels(s.Tile.SpacingY, size.Y)))
	}
	if s.Opacity > 0 && (s.Tile != nil || w.at.Overlaps(image.Rectangle{Max: in})) {
		p.push(w)
	}
	return nil
}

// standing returns where something of a size stands at a gravity of a picture. The offset points away from the edges of
// the gravity, and right and down in the middle.
func standing(size, in image.Point, g recipe.Gravity, offset image.Point) image.Rectangle {
	x, y := g.Sides()
	if x > 0 {
		offset.X = -offset.X
	}
	if y > 0 {
		offset.Y = -offset.Y
	}
	return placed(size, in, g).Add(offset)
}

// marked is a watermark with its place.
type marked struct {
	recipe.Watermark
	in   image.Point
	mark layer
	at   image.Rectangle // of one; it may reach over the edge
	step image.Point     // from one to the next
}

func (w marked) size() image.Point { return w.in }
func (w marked) scratch() int64    { return w.mark.memory() }

func (w marked) String() string {
	tiles := ""
	if w.Tile != nil {
		tiles = fmt.Sprintf(", every %v", w.step)
	}
	return fmt.Sprintf("watermark %s at %v%s", w.Blend, w.at, tiles)
}

func (w marked) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	mark, err := w.mark.pixels(ctx)
	if err != nil {
		return nil, err
	}
	lay := compositing(w.Blend, uint32(w.Opacity*255+0.5))
	size := mark.Rect.Size()
	err = inRows(ctx, w.in.Y, func(from, to int) {
		for y := from; y < to; y++ {
			n, down := floored(y-w.at.Min.Y, w.step.Y)
			if down >= size.Y {
				continue
			}
			row, top := m.Pix[y*m.Stride:][:4*w.in.X], mark.Pix[down*mark.Stride:][:4*size.X]
			for x := w.first(n); x < w.in.X; x += w.step.X {
				left, right := max(0, x), min(w.in.X, x+size.X)
				if left < right {
					lay(row[4*left:4*right], top[4*(left-x):])
				}
			}
		}
	})
	return m, err
}

// first returns where the first watermark begins that may reach into the picture, in a row of them.
func (w marked) first(n int) int {
	x := w.at.Min.X
	if w.Tile != nil && w.Tile.Stagger && n%2 != 0 {
		x += w.step.X / 2
	}
	_, x = floored(x, w.step.X)
	return x - w.step.X
}

// floored divides so that the rest is never negative.
func floored(a, b int) (quotient, rest int) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		return quotient - 1, rest + b
	}
	return quotient, rest
}
