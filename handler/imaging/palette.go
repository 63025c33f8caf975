package imaging

import (
	"context"
	"image"
	"image/color"
	"math"
	"math/bits"
	"slices"

	"imagepro/handler/recipe"
)

// mostColors is how many colours a palette holds in the formats that have one.
const mostColors = 256

// withColors returns a picture as indices of a palette, to which it appends the colours that it lacks; nil if that
// makes more than a number.
func withColors(m *image.NRGBA, palette color.Palette, most int) *image.Paletted {
	index := make(map[[4]byte]uint8, most)
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
				if len(out.Palette) >= most {
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

// tint is a colour with its alpha, premultiplied: what is hardly seen counts little.
type tint [4]int32

// tintOf returns the colour of a straight pixel.
func tintOf(p []byte) tint {
	a := int32(p[3])
	of := func(c byte) int32 { return (int32(c)*a + 127) / 255 }
	return tint{of(p[0]), of(p[1]), of(p[2]), a}
}

// straight returns the straight colour.
func (t tint) straight() color.NRGBA {
	if t[3] == 0 {
		return color.NRGBA{}
	}
	of := func(c int32) uint8 { return uint8(min((c*255+t[3]/2)/t[3], 255)) }
	return color.NRGBA{R: of(t[0]), G: of(t[1]), B: of(t[2]), A: uint8(t[3])}
}

// distance returns the square of the distance of two colours.
func (t tint) distance(u tint) int32 {
	var sum int32
	for c := range t {
		d := t[c] - u[c]
		sum += d * d
	}
	return sum
}

// colorBox is a part of the colours of a picture.
type colorBox struct {
	tints []tint
	mean  tint
	axis  int   // along which it spreads most
	cost  int64 // the sum of the squares of the distances along the axis
}

func newColorBox(tints []tint) colorBox {
	b := colorBox{tints: tints}
	n := int64(len(tints))
	if n == 0 {
		return b
	}
	for c := range b.mean {
		var sum, squares int64
		for _, t := range tints {
			sum += int64(t[c])
			squares += int64(t[c]) * int64(t[c])
		}
		b.mean[c] = int32((sum + n/2) / n)
		if cost := squares - sum*sum/n; cost > b.cost {
			b.axis, b.cost = c, cost
		}
	}
	return b
}

// split cuts the box in two at its mean. Neither is empty if the box has a cost.
func (b colorBox) split() (low, high colorBox) {
	at := 0
	for i, t := range b.tints {
		if t[b.axis] < b.mean[b.axis] {
			b.tints[at], b.tints[i] = b.tints[i], b.tints[at]
			at++
		}
	}
	if at == 0 { // the mean was rounded down to the least
		for i, t := range b.tints {
			if t[b.axis] == b.mean[b.axis] {
				b.tints[at], b.tints[i] = b.tints[i], b.tints[at]
				at++
			}
		}
	}
	return newColorBox(b.tints[:at]), newColorBox(b.tints[at:])
}

// medianCut returns at most a number of colours that stand for those of a picture: its boxes of colours are cut where
// they spread most until there are as many. Opaque colours stay among themselves, so that nothing of what is opaque
// starts to shine through. If anything is transparent, so is the first colour.
func medianCut(m *image.NRGBA, most int) []tint {
	opaque, others := sample(seenOf(m))
	var palette []tint
	if hasClear(m) {
		palette = append(palette, tint{})
	}
	var boxes []colorBox
	for _, tints := range [][]tint{opaque, others} {
		if len(tints) > 0 && len(boxes)+len(palette) < most {
			boxes = append(boxes, newColorBox(tints))
		}
	}
	for len(boxes)+len(palette) < most && len(boxes) > 0 {
		widest := 0
		for i, b := range boxes {
			if b.cost > boxes[widest].cost {
				widest = i
			}
		}
		if boxes[widest].cost == 0 {
			break
		}
		low, high := boxes[widest].split()
		boxes[widest] = low
		boxes = append(boxes, high)
	}
	for _, b := range boxes {
		palette = append(palette, b.mean)
	}
	return palette
}

// sampleSide is the side of a square of pixels that stand for a picture's. Colours that it misses are rare.
const sampleSide = 256

// sample returns colours that are spread evenly over the picture, but for what is wholly transparent.
func sample(m *image.NRGBA) (opaque, others []tint) {
	size := m.Rect.Size()
	columns, rows := min(sampleSide, size.X), min(sampleSide, size.Y)
	for y := range rows {
		for x := range columns {
			at := m.PixOffset((2*x+1)*size.X/(2*columns), (2*y+1)*size.Y/(2*rows))
			switch p := m.Pix[at : at+4]; p[3] {
			case 0:
			case 255:
				opaque = append(opaque, tintOf(p))
			default:
				others = append(others, tintOf(p))
			}
		}
	}
	return opaque, others
}

// seenOf returns the pixels of a picture that are seen, in their order, as a picture of about the shape of a square: of
// few among many that are transparent a sample would miss most.
func seenOf(m *image.NRGBA) *image.NRGBA {
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

// hasClear reports whether any pixel is wholly transparent.
func hasClear(m *image.NRGBA) bool {
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:][:m.Rect.Dx()*4]
		for i := 3; i < len(row); i += 4 {
			if row[i] == 0 {
				return true
			}
		}
	}
	return false
}

// nearestColors finds the colours of a palette that are nearest to others. Colour space is cut into cells; of each that
// is asked for, the colours are noted that are nearest to any place in it.
type nearestColors struct {
	palette   []tint
	hasOpaque bool
	cells     [][]uint8
}

// cellSide is the side of a cell in levels. What is opaque lies in cells of its own.
const cellSide = 16

func newNearestColors(palette []tint) *nearestColors {
	n := &nearestColors{palette: palette, cells: make([][]uint8, 17*16*16*16)}
	for _, t := range palette {
		n.hasOpaque = n.hasOpaque || t[3] == 255
	}
	return n
}

// index returns the nearest colour's place, the first of several. What is opaque is given an opaque colour, if there is
// one.
func (n *nearestColors) index(t tint) uint8 {
	alpha := t[3] / cellSide
	if t[3] == 255 {
		alpha = 16
	}
	cell := &n.cells[((alpha*16+t[2]/cellSide)*16+t[1]/cellSide)*16+t[0]/cellSide]
	if *cell == nil {
		*cell = n.candidates(t)
	}
	best, least := uint8(0), int32(1<<30)
	for _, i := range *cell {
		if d := t.distance(n.palette[i]); d < least {
			best, least = i, d
		}
	}
	return best
}

// candidates returns the places of the colours that are nearest to any place in the cell of a colour.
func (n *nearestColors) candidates(t tint) []uint8 {
	var low, high tint
	for c := range t {
		low[c] = t[c] / cellSide * cellSide
		high[c] = low[c] + cellSide - 1
	}
	if t[3] == 255 {
		low[3] = 255
	}
	closest := make([]int32, len(n.palette)) // the distance of each colour from the cell
	within := int32(1 << 30)                 // the distance in which there is a colour from every place in the cell
	for i, p := range n.palette {
		if closest[i] = 1 << 30; t[3] == 255 && p[3] != 255 && n.hasOpaque {
			continue
		}
		var near, far tint
		for c := range p {
			near[c] = min(max(p[c], low[c]), high[c])
			if far[c] = low[c]; p[c]-low[c] < high[c]-p[c] {
				far[c] = high[c]
			}
		}
		closest[i] = p.distance(near)
		within = min(within, p.distance(far))
	}
	var places []uint8
	for i := range n.palette {
		if closest[i] <= within {
			places = append(places, uint8(i))
		}
	}
	return places
}

// requantized returns the picture with at most a number of colours. A share of dither, from 0 to 1, of what a pixel's
// colour differs from its new one is spread over its neighbours (Floyd and Steinberg). Pixels that are wholly
// transparent stay so.
func requantized(ctx context.Context, m *image.NRGBA, colors int, dither float64) (*image.Paletted, error) {
	palette := medianCut(m, colors)
	out := image.NewPaletted(m.Rect, nil)
	for _, t := range palette {
		out.Palette = append(out.Palette, t.straight())
	}
	find := newNearestColors(palette)
	share := int32(dither*16 + 0.5)
	width := m.Rect.Dx()
	// errors in units of 1/256 of a level; a place more at each end
	here, below := make([]tint, width+2), make([]tint, width+2)
	for y := range m.Rect.Dy() {
		if y%rowsAtOnce == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		row := m.Pix[y*m.Stride:][:width*4]
		for x := range width {
			t := tintOf(row[x*4:])
			if t[3] == 0 {
				continue // the transparent colour is the first
			}
			for c := range t {
				t[c] = min(max(t[c]+(here[x+1][c]+128)>>8, 0), 255)
			}
			if row[x*4+3] == 255 {
				t[3] = 255
			}
			i := find.index(t)
			out.Pix[y*out.Stride+x] = i
			for c := range t {
				e := (t[c] - palette[i][c]) * share
				here[x+2][c] += e * 7
				below[x][c] += e * 3
				below[x+1][c] += e * 5
				below[x+2][c] += e
			}
		}
		here, below = below, here
		clear(below)
	}
	return out, nil
}

// indexed returns the picture as indices of at most a number of colours: exactly, if it has no more.
func (w *writer) indexed(ctx context.Context, m *image.NRGBA) (*image.Paletted, error) {
	colors, dither := w.colorsOf()
	if exact := withColors(m, nil, colors); exact != nil {
		return exact, nil
	}
	w.warnings[WarnColorsReduced] = true
	return requantized(ctx, m, colors, dither)
}

// colorsOf returns how many colours a palette may have, and how much of what they are off is spread.
func (w *writer) colorsOf() (colors int, dither float64) {
	if p := w.output.Palette; p.Colors > 0 {
		return p.Colors, p.Dither
	}
	return mostColors, 1
}

// fewerColors returns how many colours a palette may have that a recipe asks for, or 0 if the file has no more anyway
// or the format has no palettes. Tables of GIF have powers of two.
func fewerColors(info Info, format Format, p recipe.Palette) int {
	most := p.Colors
	if format == GIF && most > 0 {
		most = 1 << bits.Len(uint(most-1))
	}
	switch {
	case format != PNG && format != GIF,
		format == info.Format && info.Palette && info.colors <= most,
		format == PNG && info.Gray && p.Colors == mostColors:
		return 0
	}
	return p.Colors
}
