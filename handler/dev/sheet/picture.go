package sheet

import (
	"bytes"
	"errors"
	"image"
	_ "image/gif"  // so that image.Decode knows GIF,
	_ "image/jpeg" // JPEG
	_ "image/png"  // and PNG

	_ "golang.org/x/image/bmp"  // and BMP,
	_ "golang.org/x/image/tiff" // TIFF
	_ "golang.org/x/image/webp" // and WebP
)

// mostPixels is how large a picture may be that is decoded for a sheet.
const mostPixels = 100_000_000

// What a frame says in place of a picture.
var (
	errMissing = errors.New("no picture")
	errUnknown = errors.New("this file cannot be decoded")
	errTooMany = errors.New("too many pixels to show")
)

// decode returns a picture, upright and so small that it fits into w by h pixels.
func decode(file []byte, w, h int) (*image.RGBA, error) {
	if len(file) == 0 {
		return nil, errMissing
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || config.Width < 1 || config.Height < 1 {
		return nil, errUnknown
	}
	if config.Width > mostPixels/config.Height {
		return nil, errTooMany
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, errUnknown
	}
	o := orientation(file)
	if o >= 5 {
		w, h = h, w // the picture is turned after it has been made small
	}
	return upright(shrink(img, w, h), o), nil
}

// shrink returns the picture as large as fits into w by h pixels, never larger than it is. Each pixel is
// the mean of an even grid of samples, so the cost depends on the small picture rather than on the large.
func shrink(img image.Image, w, h int) *image.RGBA {
	b := img.Bounds()
	scale := min(float64(w)/float64(b.Dx()), float64(h)/float64(b.Dy()), 1)
	out := image.NewRGBA(
		image.Rect(0, 0, max(1, int(float64(b.Dx())*scale+0.5)), max(1, int(float64(b.Dy())*scale+0.5))))
	const most = 4 // samples in each direction
	xs := samples(b.Min.X, b.Dx(), out.Rect.Dx(), most)
	ys := samples(b.Min.Y, b.Dy(), out.Rect.Dy(), most)
	at := reader(img)
	for y, rows := range ys {
		for x, cols := range xs {
			var sum [4]uint32
			for _, sy := range rows {
				for _, sx := range cols {
					r, g, b, a := at(sx, sy)
					sum[0], sum[1], sum[2], sum[3] = sum[0]+r, sum[1]+g, sum[2]+b, sum[3]+a
				}
			}
			n := uint32(len(rows) * len(cols))
			for c, v := range sum {
				out.Pix[y*out.Stride+x*4+c] = uint8((v/n + 128) / 257)
			}
		}
	}
	return out
}

// reader returns a function that reads a pixel, multiplied with alpha and in 16 bits, without allocating
// where the picture's type allows.
func reader(img image.Image) func(x, y int) (r, g, b, a uint32) {
	if fast, ok := img.(image.RGBA64Image); ok {
		return func(x, y int) (uint32, uint32, uint32, uint32) {
			c := fast.RGBA64At(x, y)
			return uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A)
		}
	}
	return func(x, y int) (uint32, uint32, uint32, uint32) { return img.At(x, y).RGBA() }
}

// samples returns, for each of to pixels, which of from pixels that begin at start it is the mean of.
func samples(start, from, to, most int) [][]int {
	out := make([][]int, to)
	for i := range out {
		lo, hi := i*from/to, max((i+1)*from/to, i*from/to+1)
		n := min(hi-lo, most)
		for k := range n {
			out[i] = append(out[i], start+lo+(2*k+1)*(hi-lo)/(2*n))
		}
	}
	return out
}

// upright undoes an EXIF orientation.
func upright(img *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			u, v := x, y
			if orientation >= 5 { // 5 mirrors at the diagonal; the others turn that as 2, 3 and 4 turn 1
				u, v = y, x
			}
			if mirrored(orientation) {
				u = out.Rect.Dx() - 1 - u
			}
			if flipped(orientation) {
				v = out.Rect.Dy() - 1 - v
			}
			copy(out.Pix[out.PixOffset(u, v):][:4], img.Pix[img.PixOffset(x, y):][:4])
		}
	}
	return out
}

// mirrored tells whether left and right are exchanged, after the diagonal of 5 to 8.
func mirrored(orientation int) bool {
	return orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7
}

// flipped tells whether top and bottom are exchanged, after the diagonal of 5 to 8.
func flipped(orientation int) bool {
	return orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8
}
