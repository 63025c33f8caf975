package imaging

import (
	"image"
	"image/color"
	"image/gif"
	"io"
	"math"
	"slices"

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
func exactPalette(m *image.NRGBA) *image.Paletted { return indexed(m, nil) }

// indexed is exactPalette for a palette that has colours already, to which it appends.
func indexed(m *image.NRGBA, palette color.Palette) *image.Paletted {
	index := make(map[[4]byte]uint8, 256)
	for i, c := range slices.Backward(palette) { // of two that are the same the first counts
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		index[[4]byte{n.R, n.G, n.B, n.A}] = uint8(i)
	}
	out := image.NewPaletted(m.Rect, palette)
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:][:m.Rect.Dx()*4]
		to := out.Pix[y*out.Stride:][:m.Rect.Dx()]
		for x := range to {
			if x > 0 && same(row, row[4:], x-1) {
				to[x] = to[x-1]
				continue
			}
			c := [4]byte(row[4*x:])
			i, ok := index[c]
			if !ok {
				if len(out.Palette) == 256 {
					return nil
				}
				i = uint8(len(out.Palette))
				index[c] = i
				out.Palette = append(out.Palette, color.NRGBA{R: c[0], G: c[1], B: c[2], A: c[3]})
			}
			to[x] = i
		}
	}
	return out
}

// quantized returns the picture with the best 256 colours that median cut finds, dithered.
func quantized(m *image.NRGBA) *image.Paletted {
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
