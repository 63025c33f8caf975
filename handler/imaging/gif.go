package imaging

import (
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"io"

	"github.com/ericpauley/go-quantize/quantize"
)

// encodeGIF writes one frame. Pixels are transparent or opaque; up to 256 colours are kept exactly.
func (w *writer) encodeGIF(to io.Writer, m *image.NRGBA) error {
	w.threshold(m)
	paletted := exactPalette(m)
	if paletted == nil {
		w.warnings[WarnColorsReduced] = true
		paletted = quantized(m)
	}
	return gif.Encode(to, paletted, &gif.Options{NumColors: len(paletted.Palette)})
}

// threshold makes each pixel opaque or transparent: the format knows nothing between.
func (w *writer) threshold(m *image.NRGBA) {
	eachRow(m, func(_ int, row []byte) {
		for i := 0; i < len(row); i += 4 {
			a := row[i+3]
			if a == 255 {
				continue
			}
			if a >= 128 {
				row[i+3] = 255
			} else {
				clear(row[i : i+4])
			}
			if a != 0 {
				w.warnings[WarnAlphaFlattened] = true
			}
		}
	})
}

// exactPalette returns the picture with a palette of all its colours in the order of their appearance, or
// nil if there are more than 256.
func exactPalette(m *image.NRGBA) *image.Paletted {
	index := make(map[color.NRGBA]uint8, 256)
	out := image.NewPaletted(m.Rect, nil)
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:][:m.Rect.Dx()*4]
		for x := range m.Rect.Dx() {
			c := color.NRGBA{R: row[x*4], G: row[x*4+1], B: row[x*4+2], A: row[x*4+3]}
			i, ok := index[c]
			if !ok {
				if len(out.Palette) == 256 {
					return nil
				}
				i = uint8(len(out.Palette))
				index[c] = i
				out.Palette = append(out.Palette, c)
			}
			out.Pix[y*out.Stride+x] = i
		}
	}
	return out
}

// quantized returns the picture with the best 256 colours that median cut finds, dithered.
func quantized(m *image.NRGBA) *image.Paletted {
	q := quantize.MedianCutQuantizer{Aggregation: quantize.Mean, AddTransparent: !m.Opaque(), Weighting: visible}
	palette := q.Quantize(make(color.Palette, 0, 256), sample(m))
	out := image.NewPaletted(m.Rect, palette)
	draw.FloydSteinberg.Draw(out, m.Rect, m, image.Point{})
	return out
}

// visible leaves transparent pixels out of the palette's colours.
func visible(m image.Image, x, y int) uint32 {
	_, _, _, a := m.At(x, y).RGBA()
	return min(a, 1)
}

// sampleSide is a power of two because the quantizer's hash table, which has two slots a pixel, finds a free
// slot for sure only in tables of such a size.
const sampleSide = 256

// sample returns a square of pixels spread evenly over the picture. Colours that it misses are rare.
func sample(m *image.NRGBA) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, sampleSide, sampleSide))
	size := m.Rect.Size()
	for y := range sampleSide {
		for x := range sampleSide {
			from := m.PixOffset((2*x+1)*size.X/(2*sampleSide), (2*y+1)*size.Y/(2*sampleSide))
			copy(out.Pix[out.PixOffset(x, y):], m.Pix[from:from+4])
		}
	}
	return out
}
