package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"slices"

	"imagepro/handler/imaging/container"
)

// gifMovie writes an animated GIF: of each frame the rectangle that has changed, with what has not as transparent.
// What a frame shows can only be covered, so one before which something has to become transparent clears the canvas.
type gifMovie struct {
	w      *writer
	plays  int
	blocks [][]byte      // of the frames that are written
	global color.Palette // the file's colour table, which frames may add to while there is room

	shown       *image.NRGBA // what is seen before the frame that waits; nil if that is nothing
	waits       *image.NRGBA // the frame that is written once the next is known
	delay       int          // of the frame that waits, in milliseconds
	time, spent int          // of all frames that are written, in milliseconds and in hundredths of a second
	meant       *meantMovie
}

func (g *gifMovie) add(ctx context.Context, m *image.NRGBA, delay int) error {
	g.w.threshold(m)
	err := g.write(ctx, m)
	g.waits, g.delay = m, delay
	return err
}

// write writes the frame that waits, if there is one, before a next one, if there is one.
func (g *gifMovie) write(ctx context.Context, next *image.NRGBA) error {
	m := g.waits
	if m == nil {
		return nil
	}
	dispose, part := stays, m.Rect
	if next != nil && erases(m, next) {
		dispose = clears
	} else if g.shown != nil {
		if part = changed(g.shown, m); part.Empty() {
			part = image.Rect(0, 0, 1, 1)
		}
	}
	p, err := g.indexed(ctx, m, part)
	if err != nil {
		return err
	}
	if g.shown = m; dispose == clears {
		g.shown = nil
	}
	g.meant.lay(p, dispose == clears)
	return g.append(p, g.duration(), dispose)
}

// duration returns the hundredths of a second of the frame that waits, rounded so that the sum stays right.
func (g *gifMovie) duration() int {
	g.time += g.delay
	d := min((g.time+5)/10-g.spent, 0xFFFF)
	g.spent += d
	return d
}

// indexed returns a part of the frame with the file's colour table or one of its own. Where all colours fit into one
// the frame stays as it is.
func (g *gifMovie) indexed(ctx context.Context, m *image.NRGBA, part image.Rectangle) (*image.Paletted, error) {
	plain := view(m, part)
	masked := plain
	if g.shown != nil {
		masked = without(plain, view(g.shown, part))
	}
	most, dither := g.w.colorsOf()
	if g.global == nil {
		g.global = make(color.Palette, 0, most)
	}
	var p *image.Paletted
	for _, palette := range []color.Palette{g.global, nil} {
		for _, m := range []*image.NRGBA{masked, plain} {
			if p == nil {
				p = withColors(m, palette, most)
			}
		}
	}
	if p == nil {
		g.w.warnings[WarnColorsReduced] = true
		var err error
		if p, err = requantized(ctx, masked, most, dither); err != nil {
			return nil, err
		}
	}
	if len(g.global) == 0 || &p.Palette[0] == &g.global[0] {
		g.global = p.Palette
	}
	p.Rect = p.Rect.Add(part.Min)
	return p, nil
}

// append writes a frame. The encoder makes a file of it, whose blocks are taken.
func (g *gifMovie) append(p *image.Paletted, delay int, dispose disposal) error {
	config := image.Config{Width: g.w.size.X, Height: g.w.size.Y}
	if &p.Palette[0] == &g.global[0] {
		config.ColorModel = g.global
	}
	var one bytes.Buffer
	err := gif.EncodeAll(&one, &gif.GIF{
		Image:    []*image.Paletted{p},
		Delay:    []int{delay},
		Disposal: []byte{byte(dispose)},
		Config:   config,
	})
	if err != nil {
		return err
	}
	for b, err := range container.GIF(one.Bytes()) {
		if err != nil {
			return err
		}
		if b.Kind == container.GraphicControl || b.Kind == container.Frame {
			g.blocks = append(g.blocks, bytes.Clone(one.Bytes()[b.Start:b.End]))
		}
	}
	return nil
}

func (g *gifMovie) file(ctx context.Context) ([]byte, error) {
	if err := g.write(ctx, nil); err != nil {
		return nil, err
	}
	bits := 1
	for 1<<bits < len(g.global) {
		bits++
	}
	file := binary.LittleEndian.AppendUint16([]byte("GIF89a"), uint16(g.w.size.X))
	file = binary.LittleEndian.AppendUint16(file, uint16(g.w.size.Y))
	file = append(file, 0x80|byte(bits-1), 0, 0)
	table := make([]byte, 3<<bits)
	for i, c := range g.global {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		copy(table[3*i:], []byte{n.R, n.G, n.B})
	}
	file = append(file, table...)
	if g.plays != 1 {
		repeats := max(g.plays-1, 0)
		file = append(file, "\x21\xFF\x0BNETSCAPE2.0\x03\x01"...)
		file = append(binary.LittleEndian.AppendUint16(file, uint16(repeats)), 0)
	}
	return bytes.Join(slices.Concat([][]byte{file}, g.blocks, [][]byte{{byte(container.Trailer)}}), nil), nil
}

// erases reports whether a pixel that is seen is not seen any more in the next picture.
func erases(m, next *image.NRGBA) bool {
	found := false
	eachRow(m, func(y int, row []byte) {
		to := next.Pix[y*next.Stride:][:len(row)]
		for i := 3; i < len(row) && !found; i += 4 {
			found = row[i] > 0 && to[i] == 0
		}
	})
	return found
}

// without returns a picture with those pixels transparent that are the same in another one.
func without(m, shown *image.NRGBA) *image.NRGBA {
	left := copied(m)
	eachRow(left, func(y int, row []byte) {
		there := shown.Pix[y*shown.Stride:][:len(row)]
		for x := range len(row) / 4 {
			if same(row, there, x) {
				clear(row[4*x : 4*x+4])
			}
		}
	})
	return left
}
