package imaging

import (
	"image"
	"image/color"
	"math"

	"github.com/ericpauley/go-quantize/quantize"
)

// bestColors returns the picture with the best 256 colours for its opaque pixels, dithered, and a transparent one if it needs
// that.
func bestColors(m *image.NRGBA) *image.Paletted {
	q := quantize.MedianCutQuantizer{Aggregation: quantize.Mean, AddTransparent: !m.Opaque(), Weighting: visible}
	return dithered(m, q.Quantize(make(color.Palette, 0, 256), sample(opaqueOf(m))))
}

// opaqueOf returns the opaque pixels of a picture, in their order, as a picture of about the shape of a square: of few
// among many that are transparent a sample would miss most.
func opaqueOf(m *image.NRGBA) *image.NRGBA {
	if m.Opaque() {
		return m
	}
	pixels := make([]byte, 0, len(m.Pix))
	eachRow(m, func(_ int, row []byte) {
		for i := 0; i < len(row); i += 4 {
			if row[i+3] > 0 {
				pixels = append(pixels, row[i:i+4]...)
			}
		}
	})
	side := int(math.Ceil(math.Sqrt(float64(len(pixels) / 4))))
	out := image.NewNRGBA(image.Rect(0, 0, side, side))
	copy(out.Pix, pixels)
	return out
}

// dithered gives each opaque pixel the nearest colour of a palette and passes on what it is off, as Floyd and Steinberg
// do: 7/16 to the right, 3, 5 and 1 to the next row. What is transparent gets the transparent colour, passes nothing on
// and takes nothing.
func dithered(m *image.NRGBA, palette color.Palette) *image.Paletted {
	out := image.NewPaletted(m.Rect, palette)
	n := newNearest(palette)
	w := m.Rect.Dx()
	off, next := make([][3]int32, w+2), make([][3]int32, w+2) // in 16ths, a pixel to the right
	eachRow(m, func(y int, row []byte) {
		to := out.Pix[y*out.Stride:][:w]
		for x := range to {
			p := row[4*x : 4*x+4 : 4*x+4]
			if p[3] == 0 {
				to[x] = n.transparent
				continue
			}
			var want [3]int32
			for c := range want {
				want[c] = int32(clipped(int32(p[c]) + (off[x+1][c]+8)>>4))
			}
			i := n.of(want)
			to[x] = i
			for c := range want {
				e := want[c] - n.colors[i][c]
				off[x+2][c] += 7 * e
				next[x][c] += 3 * e
				next[x+1][c] += 5 * e
				next[x+2][c] += e
			}
		}
		off, next = next, off
		clear(next)
	})
	return out
}

// nearest finds the colour of a palette that is nearest to another one. Colours that share the upper six bits of each
// channel have the same.
type nearest struct {
	colors      [][3]int32
	transparent uint8
	found       []uint16 // an index and one, or 0
}

func newNearest(palette color.Palette) *nearest {
	n := &nearest{found: make([]uint16, 1<<18)}
	for i, c := range palette {
		p := color.NRGBAModel.Convert(c).(color.NRGBA)
		n.colors = append(n.colors, [3]int32{int32(p.R), int32(p.G), int32(p.B)})
		if p.A == 0 {
			n.transparent = uint8(i)
			n.colors[i] = [3]int32{-1000, -1000, -1000} // far from all
		}
	}
	return n
}

func (n *nearest) of(c [3]int32) uint8 {
	cell := &n.found[c[0]>>2<<12|c[1]>>2<<6|c[2]>>2]
	if *cell == 0 {
		*cell = n.search([3]int32{c[0]&^3 + 1, c[1]&^3 + 1, c[2]&^3 + 1}) + 1
	}
	return uint8(*cell - 1)
}

func (n *nearest) search(c [3]int32) uint16 {
	best, least := 0, int32(math.MaxInt32)
	for i, p := range n.colors {
		r, g, b := p[0]-c[0], p[1]-c[1], p[2]-c[2]
		if d := r*r + g*g + b*b; d < least {
			best, least = i, d
		}
	}
	return uint16(best)
}
