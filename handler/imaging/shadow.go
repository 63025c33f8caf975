package imaging

import (
	"context"
	"fmt"
	"image"
	"image/color"

	"imagepro/handler/recipe"
)

// finestSigma is the least sigma that a shadow is blurred with; below, it is sharp.
const finestSigma = 0.3

// shadow puts a shadow under the picture, which grows by what of the shadow would be outside.
func (p *planner) shadow(s recipe.Shadow) error {
	if s.Color.A == 0 {
		return nil
	}
	in := p.plan.size
	shorter := min(in.X, in.Y)
	sh := shaded{in: in, color: s.Color, blur: blurred{sigma: s.Sigma.Of(shorter)}}
	reach := 0
	if sh.blur.sigma >= finestSigma {
		reach = halo(sh.blur.sigma)
	}
	picture := image.Rectangle{Max: in}
	moved := picture.Add(image.Pt(pixels(s.OffsetX, shorter), pixels(s.OffsetY, shorter)))
	canvas := picture
	switch soft := moved.Inset(-reach); {
	case s.Expand:
		canvas = picture.Union(soft)
	case !soft.Overlaps(picture):
		return nil
	}
	sh.at, sh.shadow = picture.Min.Sub(canvas.Min), moved.Sub(canvas.Min)
	sh.blur.in = canvas.Size()
	p.push(sh)
	return nil
}

// shaded is a picture with its shadow under it.
type shaded struct {
	in     image.Point
	at     image.Point     // of the picture in the result
	shadow image.Rectangle // of the picture's shadow in the result; may reach out of it
	color  color.NRGBA
	blur   blurred // of the whole result
}

func (s shaded) size() image.Point { return s.blur.in }
func (s shaded) String() string    { return fmt.Sprintf("shadow %.4g", s.blur.sigma) }

// scratch is the sharp shadow and what its blur needs.
func (s shaded) scratch() int64 { return area(s.blur.in)*4 + s.blur.scratch() }

// apply draws the shadow in its colour, blurs it and lays the picture on it.
func (s shaded) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	dst := image.NewNRGBA(image.Rectangle{Max: s.blur.in})
	if part := s.shadow.Intersect(dst.Rect); !part.Empty() {
		from := view(m, part.Sub(s.shadow.Min))
		eachRow(view(dst, part), func(y int, row []byte) { s.cast(row, from.Pix[y*from.Stride:]) })
	}
	if s.blur.sigma >= finestSigma {
		var err error
		if dst, err = s.blur.apply(ctx, dst); err != nil {
			return nil, err
		}
	}
	part := view(dst, image.Rectangle{Min: s.at, Max: s.at.Add(s.in)})
	err := inRows(ctx, s.in.Y, func(from, to int) { compose(rows(part, from, to), rows(m, from, to), 255) })
	return dst, err
}

// cast makes a row the shadow of another.
func (s shaded) cast(row, from []byte) {
	for i := 0; i < len(row); i += 4 {
		if a := uint32(from[i+3]) * uint32(s.color.A); a > 0 {
			row[i], row[i+1], row[i+2], row[i+3] = s.color.R, s.color.G, s.color.B, uint8((a+127)/255)
		}
	}
}
