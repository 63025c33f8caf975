package imaging

import (
	"context"
	"errors"
	"image"
	"io"
	"math/bits"

	"golang.org/x/image/ccitt"
)

// errFax says that a fax picture has fewer rows, or shorter ones, than its header announces.
var errFax = errors.New("imaging: a fax picture is damaged")

// decodeG3 decodes fax coding of Group 3 in one dimension, where each row starts with an end of line (EOL: 11 zeros or
// more and a one; ITU-T T.4, section 4.1). golang.org/x/image/ccitt reads rows, but knows no fill before an EOL, which
// programs add so that rows end with a byte.
func decodeG3(ctx context.Context, src []byte, info Info) (image.Image, error) {
	t, d, err := openFirstTIFF(src)
	if err != nil {
		return nil, err
	}
	const stripOffsets, rowsPerStrip, stripByteCounts = 273, 278, 279
	m := image.NewGray(image.Rect(0, 0, info.StoredWidth, info.StoredHeight))
	high := m.Rect.Dy()
	if rows := t.Number(d, rowsPerStrip, 0); rows > 0 {
		high = int(min(rows, uint32(high)))
	}
	strips := (m.Rect.Dy() + high - 1) / high
	offsets, _ := d.Field(stripOffsets)
	lengths, _ := d.Field(stripByteCounts)
	starts, sizes := t.Numbers(offsets, strips), t.Numbers(lengths, strips)
	if len(starts) < strips || len(sizes) < strips {
		return nil, errFax
	}
	reversed := t.Number(d, tiffFillOrder, 1) == 2
	for i := range strips {
		strip := t.Bytes(int64(starts[i]), int64(sizes[i]))
		if reversed {
			for at, b := range strip {
				strip[at] = bits.Reverse8(b)
			}
		}
		part := image.Rect(0, i*high, m.Rect.Dx(), min((i+1)*high, m.Rect.Dy()))
		if err := faxRows(ctx, m, part, strip); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// faxRows fills rows of a picture from what follows the ends of line of a strip, with 255 for white.
func faxRows(ctx context.Context, m *image.Gray, part image.Rectangle, strip []byte) error {
	y, packed := part.Min.Y, make([]byte, (part.Dx()+7)/8)
	zeros, length := 0, 8*len(strip)
	for at := 0; at < length && y < part.Max.Y; at++ {
		if strip[at/8]>>(7-at%8)&1 == 0 {
			zeros++
			continue
		}
		isEnd := zeros >= 11
		if zeros = 0; !isEnd {
			continue
		}
		if y%rowsAtOnce == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line := shifted(strip, at-11) // an EOL without fill, and what follows it: the reader takes one row of that
		if _, err := io.ReadFull(ccitt.NewReader(line, ccitt.MSB, ccitt.Group3, part.Dx(), 1, nil),
			packed); err != nil {
			return errFax
		}
		row := m.Pix[y*m.Stride:][:part.Dx()]
		for x := range row {
			row[x] = -(packed[x/8] >> (7 - x%8) & 1)
		}
		y++
	}
	if y < part.Max.Y {
		return errFax
	}
	return nil
}

// shifted reads bytes from a bit on.
func shifted(of []byte, bit int) io.Reader { return &bitShift{of[bit/8:], uint(bit % 8)} }

type bitShift struct {
	rest []byte
	by   uint
}

func (s *bitShift) Read(p []byte) (n int, err error) {
	for ; n < len(p) && len(s.rest) > 0; n++ {
		p[n] = s.rest[0] << s.by
		if len(s.rest) > 1 {
			p[n] |= byte(uint(s.rest[1]) >> (8 - s.by))
		}
		s.rest = s.rest[1:]
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
