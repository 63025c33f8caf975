package imaging

import (
	"context"
	"fmt"
	"image"
)

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
