//go:build !cgo || !turbo

package jpegcodec

import (
	"bytes"
	"image"
	"image/jpeg"
)

// Turbo reports whether libjpeg-turbo is built in.
const Turbo = false

// Name is what decodes and encodes.
const Name = "go image/jpeg"

// Decode takes nothing.
func Decode([]byte, image.Point, int) (*image.NRGBA, error) { return nil, ErrNotTaken }

// DecodePlanes takes nothing.
func DecodePlanes([]byte, image.Point, int) (*image.YCbCr, error) { return nil, ErrNoPlanes }

// Transform takes nothing.
func Transform([]byte, Turn, image.Rectangle, bool) ([]byte, error) { return nil, ErrNotTaken }

// Encode writes an opaque picture as a baseline file with chroma at half the size, or a gray one.
func Encode(to *bytes.Buffer, m image.Image, o Options) error {
	if n, ok := m.(*image.NRGBA); ok {
		// the type that is read fastest; opaque pixels are the same
		m = &image.RGBA{Pix: n.Pix, Stride: n.Stride, Rect: n.Rect}
	}
	return jpeg.Encode(to, m, &jpeg.Options{Quality: o.Quality})
}
