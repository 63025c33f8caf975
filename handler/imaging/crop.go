package imaging

import (
	"context"
	"fmt"
	"image"
	"math"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// crop keeps a rectangle of the picture as it is when the step is reached.
func (p *planner) crop(s recipe.Crop) error {
	in := p.plan.size
	switch {
	case s.Ratio != (recipe.Ratio{}):
		p.cutTo(largest(s.Ratio, in), s.Gravity, s.Focal)
		return nil
	case !s.Placed:
		size := image.Pt(min(rounded(s.Width.Of(in.X)), in.X), min(rounded(s.Height.Of(in.Y)), in.Y))
		p.cutTo(size, s.Gravity, s.Focal)
		return nil
	}
	r := rectangle(s, in)
	if r.Empty() {
		return fault.Newf(fault.Invalid, "The crop lies outside of the picture, which is %d × %d pixels here.",
			in.X, in.Y)
	}
	p.cut(r)
	return nil
}

// rectangle returns the part of a picture that a crop with a place keeps; empty if the rectangle misses the picture.
func rectangle(s recipe.Crop, in image.Point) image.Rectangle {
	x, y, w, h := s.X.Of(in.X), s.Y.Of(in.Y), s.Width.Of(in.X), s.Height.Of(in.Y)
	from := image.Pt(int(math.Round(x)), int(math.Round(y)))
	// The far edge is rounded, not the width: neighbouring shares then meet without gap or overlap.
	to := image.Pt(max(from.X+1, int(math.Round(x+w))), max(from.Y+1, int(math.Round(y+h))))
	return image.Rectangle{Min: from, Max: to}.Intersect(image.Rectangle{Max: in})
}

// largest returns the largest size of a ratio that fits into a picture.
func largest(r recipe.Ratio, in image.Point) image.Point {
	if in.X*r.Height > in.Y*r.Width {
		return image.Pt(min(in.X, rounded(float64(in.Y*r.Width)/float64(r.Height))), in.Y)
	}
	return image.Pt(in.X, min(in.Y, rounded(float64(in.X*r.Height)/float64(r.Width))))
}

// cutTo adds a crop to a size no larger than the picture.
func (p *planner) cutTo(size image.Point, g recipe.Gravity, focal *recipe.Focal) {
	in := p.plan.size
	switch {
	case size == in:
	case focal != nil:
		middle := image.Pt(rounded(focal.X*float64(in.X)), rounded(focal.Y*float64(in.Y)))
		p.cut(centered(size, middle, in))
	case g == recipe.Smart:
		p.push(attended{in: in, out: size})
	default:
		p.cut(placed(size, in, g))
	}
}

// centered returns where a cut of a size has a point nearest to its middle.
func centered(size, middle, in image.Point) image.Rectangle {
	at := middle.Sub(size.Div(2))
	at = image.Pt(max(0, min(at.X, in.X-size.X)), max(0, min(at.Y, in.Y-size.Y)))
	return image.Rectangle{Min: at, Max: at.Add(size)}
}

// cropped is a rectangle that is kept.
type cropped struct {
	in   image.Point
	rect image.Rectangle
}

// cut adds a crop to a rectangle within the picture. A crop of a crop becomes one, and a crop to everything
// vanishes.
func (p *planner) cut(r image.Rectangle) {
	if before, ok := p.last(len(p.plan.operations) - 1).(cropped); ok {
		p.pop(before.in)
		r = r.Add(before.rect.Min)
	}
	if r != (image.Rectangle{Max: p.plan.size}) {
		p.push(cropped{in: p.plan.size, rect: r})
	}
}

func (c cropped) size() image.Point { return c.rect.Size() }
func (c cropped) scratch() int64    { return 0 }
func (c cropped) String() string    { return fmt.Sprintf("crop at %d,%d", c.rect.Min.X, c.rect.Min.Y) }

// apply copies nothing: the result shares the pixels.
func (c cropped) apply(_ context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	return view(m, c.rect), nil
}
