package imaging

import (
	"context"
	"fmt"
	"image"

	"imagepro/handler/recipe"
)

// mask makes transparent what is black in a picture of the recipe.
func (p *planner) mask(s recipe.Mask) error {
	in := p.plan.size
	mask, err := p.layer(s.Image, recipe.Resize{
		Width:   recipe.Length{Value: float64(in.X)},
		Height:  recipe.Length{Value: float64(in.Y)},
		Fit:     s.Fit,
		Kernel:  recipe.Lanczos3,
		Gravity: s.Gravity,
	})
	if err != nil {
		return err
	}
	p.push(masked{Mask: s, in: in, mask: mask})
	return nil
}

// masked is a mask of the picture's size.
type masked struct {
	recipe.Mask
	in   image.Point
	mask layer
}

func (k masked) size() image.Point { return k.in }
func (k masked) scratch() int64    { return k.mask.memory() }
func (k masked) String() string    { return fmt.Sprintf("mask %s %s", k.Channel, k.Fit) }

// apply multiplies alpha by the mask's level. What is not seen any more loses its colour, so that the file does not
// hold it.
func (k masked) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	mask, err := k.mask.pixels(ctx)
	if err != nil {
		return nil, err
	}
	levelOf := maskLevel(k.Channel)
	err = inRows(ctx, k.in.Y, func(from, to int) {
		eachRow(rows(m, from, to), func(y int, row []byte) {
			levels := mask.Pix[(from+y)*mask.Stride:]
			for i := 0; i+3 < len(row); i += 4 {
				level := levelOf(levels[i : i+4 : i+4])
				if k.Invert {
					level = 255 - level
				}
				if row[i+3] = mix(row[i+3], 0, uint32(level)); row[i+3] == 0 {
					clear(row[i : i+4])
				}
			}
		})
	})
	return m, err
}

// maskLevel returns what counts of a straight pixel; what is transparent counts as black.
func maskLevel(c recipe.Channel) func(q []byte) uint8 {
	switch c {
	case recipe.ChannelAlpha:
		return func(q []byte) uint8 { return q[3] }
	case recipe.ChannelRed:
		return func(q []byte) uint8 { return mix(q[0], 0, uint32(q[3])) }
	}
	return func(q []byte) uint8 { return mix(luma709(uint32(q[0]), uint32(q[1]), uint32(q[2])), 0, uint32(q[3])) }
}
