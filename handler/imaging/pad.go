package imaging

import (
	"context"
	"image"
	"image/color"
)

// padded puts a picture on a larger canvas.
type padded struct {
	in, out    image.Point
	at         image.Point
	background color.NRGBA
}

func (p padded) size() image.Point { return p.out }
func (p padded) scratch() int64    { return 0 }
func (p padded) String() string    { return "pad" }

func (p padded) apply(_ context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	dst := image.NewNRGBA(image.Rectangle{Max: p.out})
	fill(dst, p.background)
	copyRows(view(dst, image.Rectangle{Min: p.at, Max: p.at.Add(p.in)}), m)
	return dst, nil
}

// fill makes all pixels one colour.
func fill(m *image.NRGBA, c color.NRGBA) {
	if c == (color.NRGBA{}) {
		clear(m.Pix)
		return
	}
	eachRow(m, func(_ int, row []byte) {
		for i := 0; i < len(row); i += 4 {
			row[i], row[i+1], row[i+2], row[i+3] = c.R, c.G, c.B, c.A
		}
	})
}
