package imaging

import (
	"context"
	"image"
	"image/color"
	"image/draw"
)

// convert makes a zero-origin NRGBA picture of what a decoder returned, turned. This is the only way in:
// nothing that a decoder returned reaches a filter, because some decoders return colours above their alpha,
// which filters index tables with.
func convert(ctx context.Context, src image.Image, screen image.Point, t turn) (*image.NRGBA, error) {
	if m, ok := src.(*image.NRGBA); ok && t == upright && m.Rect == (image.Rectangle{Max: screen}) {
		return m, ctx.Err() // any bytes are valid straight colours
	}
	dst := image.NewNRGBA(image.Rectangle{Max: t.size(screen)})
	if src.Bounds() != (image.Rectangle{Max: screen}) {
		// A GIF frame that is smaller than its screen: the rest stays transparent.
		full := image.NewNRGBA(image.Rectangle{Max: screen})
		draw.Draw(full, src.Bounds(), src, src.Bounds().Min, draw.Src)
		src = full
	}
	err := inRows(ctx, screen.Y, func(from, to int) {
		if t == upright {
			fillRows(rows(dst, from, to), src, from)
			return
		}
		band := image.NewNRGBA(image.Rect(0, 0, screen.X, to-from))
		fillRows(band, src, from)
		scatter(dst, band, from, t)
	})
	return dst, err
}

// rows returns a zero-origin view of some rows of a zero-origin picture.
func rows(m *image.NRGBA, from, to int) *image.NRGBA {
	return view(m, image.Rect(0, from, m.Rect.Dx(), to))
}

// view returns a zero-origin view of a part of a zero-origin picture; r has to lie within it.
func view(m *image.NRGBA, r image.Rectangle) *image.NRGBA {
	return &image.NRGBA{
		Pix:    m.Pix[r.Min.Y*m.Stride+r.Min.X*4 : (r.Max.Y-1)*m.Stride+r.Max.X*4],
		Stride: m.Stride,
		Rect:   image.Rectangle{Max: r.Size()},
	}
}

// copyRows copies a picture into another of the same size.
func copyRows(to, from *image.NRGBA) {
	eachRow(to, func(y int, row []byte) { copy(row, from.Pix[y*from.Stride:]) })
}

// scatter writes a band of stored rows, which starts at row from, to its turned place.
func scatter(dst, band *image.NRGBA, from int, t turn) {
	w, h := band.Rect.Dx(), band.Rect.Dy()
	origin, right, down := t.walk(dst.Rect.Size(), 4, dst.Stride)
	for x := range w {
		to := origin + x*right + from*down
		for y := range h {
			copy(dst.Pix[to:to+4], band.Pix[y*band.Stride+x*4:])
			to += down
		}
	}
}

// fillRows fills dst from the rows of src that start at from. Opaque colour models go through the fast paths
// of image/draw: for opaque pixels RGBA and NRGBA are the same bytes.
func fillRows(dst *image.NRGBA, src image.Image, from int) {
	at := src.Bounds().Min.Add(image.Pt(0, from))
	switch m := src.(type) {
	case *image.YCbCr, *image.Gray, *image.CMYK:
		same := &image.RGBA{Pix: dst.Pix, Stride: dst.Stride, Rect: dst.Rect}
		draw.Draw(same, dst.Rect, src, at, draw.Src)
	case *image.NRGBA:
		eachRow(dst, func(y int, row []byte) { copy(row, m.Pix[m.PixOffset(at.X, at.Y+y):]) })
	case *image.RGBA:
		eachRow(dst, func(y int, row []byte) { straighten(row, m.Pix[m.PixOffset(at.X, at.Y+y):]) })
	case *image.Paletted:
		table := paletteTable(m.Palette)
		eachRow(dst, func(y int, row []byte) {
			for x, index := range m.Pix[m.PixOffset(at.X, at.Y+y):][:len(row)/4] {
				copy(row[x*4:], table[index][:])
			}
		})
	case *image.NRGBA64:
		eachRow(dst, func(y int, row []byte) { narrow(row, m.Pix[m.PixOffset(at.X, at.Y+y):]) })
	default:
		fillAny(dst, src, at)
	}
}

// eachRow calls work with each row of a picture.
func eachRow(m *image.NRGBA, work func(y int, row []byte)) {
	for y := range m.Rect.Dy() {
		work(y, m.Pix[y*m.Stride:][:m.Rect.Dx()*4])
	}
}

// fillAny reads pixel by pixel and clamps colours to their alpha.
func fillAny(dst *image.NRGBA, src image.Image, at image.Point) {
	eachRow(dst, func(y int, row []byte) {
		for x := range len(row) / 4 {
			r, g, b, a := src.At(at.X+x, at.Y+y).RGBA()
			p := row[x*4:]
			p[0], p[1], p[2], p[3] = straight16(r, a), straight16(g, a), straight16(b, a), to8(a)
		}
	})
}

// straight16 takes a premultiplied 16-bit channel to a straight 8-bit one, rounded.
func straight16(c, a uint32) uint8 {
	if a == 0 {
		return 0
	}
	return uint8((min(c, a)*255 + a/2) / a)
}

// to8 rounds a 16-bit channel to 8 bits.
func to8(c uint32) uint8 { return uint8((c*255 + 0x7FFF) / 0xFFFF) }

// straighten converts premultiplied RGBA pixels; colours above their alpha become full.
func straighten(row, from []byte) {
	for i := 0; i+3 < len(row); i += 4 {
		p, q := row[i:i+4:i+4], from[i:i+4:i+4]
		a := uint32(q[3])
		p[3] = q[3]
		switch a {
		case 0:
			p[0], p[1], p[2] = 0, 0, 0
		case 255:
			p[0], p[1], p[2] = q[0], q[1], q[2]
		default:
			for c := range 3 {
				p[c] = uint8((min(uint32(q[c]), a)*255 + a/2) / a)
			}
		}
	}
}

// narrow converts straight 16-bit pixels.
func narrow(row, from []byte) {
	for i := range row {
		row[i] = to8(uint32(from[2*i])<<8 | uint32(from[2*i+1]))
	}
}

// paletteTable returns a palette as straight pixels. Indices beyond the palette, which decoders let through,
// are transparent black.
func paletteTable(p color.Palette) *[256][4]byte {
	var table [256][4]byte
	for i, c := range p[:min(len(p), 256)] {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = [4]byte{n.R, n.G, n.B, n.A}
	}
	return &table
}
