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
	r := croppedTo(s, p.plan.size)
	if r.Empty() {
		return fault.Newf(fault.Invalid, "The crop lies outside of the picture, which is %d × %d pixels here.",
			p.plan.size.X, p.plan.size.Y)
	}
	p.cut(r)
	return nil
}

// croppedTo returns the part of a picture that a crop keeps; empty if the rectangle misses the picture.
func croppedTo(s recipe.Crop, in image.Point) image.Rectangle {
	all := image.Rectangle{Max: in}
	if s.Ratio != (recipe.Ratio{}) {
		return placed(largest(s.Ratio, in), in, s.Gravity)
	}
	w, h := s.Width.Of(in.X), s.Height.Of(in.Y)
	if !s.Placed {
		size := image.Pt(min(rounded(w), in.X), min(rounded(h), in.Y))
		return placed(size, in, s.Gravity)
	}
	x, y := s.X.Of(in.X), s.Y.Of(in.Y)
	from := image.Pt(int(math.Round(x)), int(math.Round(y)))
	// The far edge is rounded, not the width: neighbouring shares then meet without gap or overlap.
	to := image.Pt(max(from.X+1, int(math.Round(x+w))), max(from.Y+1, int(math.Round(y+h))))
	return image.Rectangle{Min: from, Max: to}.Intersect(all)
}

// largest returns the largest size of a ratio that fits into a picture.
func largest(r recipe.Ratio, in image.Point) image.Point {
	if in.X*r.Height > in.Y*r.Width {
		return image.Pt(min(in.X, rounded(float64(in.Y*r.Width)/float64(r.Height))), in.Y)
	}
	return image.Pt(in.X, min(in.Y, rounded(float64(in.X*r.Height)/float64(r.Width))))
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
