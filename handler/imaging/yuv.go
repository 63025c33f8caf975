package imaging

import (
	"context"
	"image"
)

// colored makes pixels of what the WebP decoder returned. Lossy files have their luma from 16 to 235 and their chroma
// from 16 to 240 (RFC 6386, section 9.2, and ITU-R BT.601); an image.YCbCr would be taken for the full range of JPEG,
// which makes black and white gray.
func colored(ctx context.Context, m image.Image) (image.Image, error) {
	var planes *image.YCbCr
	var alpha func(y int) []byte
	switch m := m.(type) {
	case *image.YCbCr:
		planes = m
	case *image.NYCbCrA:
		planes, alpha = &m.YCbCr, func(y int) []byte { return m.A[y*m.AStride:] }
	default:
		return m, nil
	}
	dst := image.NewNRGBA(image.Rectangle{Max: planes.Rect.Size()})
	err := inRows(ctx, dst.Rect.Dy(), func(from, to int) {
		for y := from; y < to; y++ {
			row := dst.Pix[y*dst.Stride:][:dst.Rect.Dx()*4]
			colorRow(row, planes, y)
			if alpha != nil {
				for x, a := range alpha(y)[:dst.Rect.Dx()] {
					row[4*x+3] = a
				}
			}
		}
	})
	return dst, err
}

// colorRow fills a row. The chroma of a pixel is that of its quarter of a sample and, to a lesser part, of those beside
// it: 9, 3, 3 and 1 of 16.
func colorRow(row []byte, m *image.YCbCr, y int) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	near, far := beside(y, (h+1)/2)
	luma := m.Y[y*m.YStride:]
	nearU, farU := m.Cb[near*m.CStride:], m.Cb[far*m.CStride:]
	nearV, farV := m.Cr[near*m.CStride:], m.Cr[far*m.CStride:]
	for x := range w {
		n, f := beside(x, (w+1)/2)
		u := (9*int32(nearU[n])+3*int32(nearU[f])+3*int32(farU[n])+int32(farU[f])+8)>>4 - 128
		v := (9*int32(nearV[n])+3*int32(nearV[f])+3*int32(farV[n])+int32(farV[f])+8)>>4 - 128
		light := (int32(luma[x])-16)*76309 + 1<<15 // 255/219 of 1 << 16, and so on
		p := row[4*x : 4*x+4 : 4*x+4]
		p[0] = clipped((light + 104597*v) >> 16)
		p[1] = clipped((light - 25675*u - 53279*v) >> 16)
		p[2] = clipped((light + 132201*u) >> 16)
		p[3] = 255
	}
}

// beside returns the sample of half as many that has a pixel in it, and the one that is next nearest to it.
func beside(at, samples int) (near, far int) {
	near = at / 2
	return near, min(max(near-1+at%2*2, 0), samples-1)
}

func clipped(x int32) uint8 { return uint8(min(max(x, 0), 255)) }
