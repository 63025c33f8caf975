package imaging

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	xwebp "golang.org/x/image/webp"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/jpegcodec"
)

// Every result that may be saved is decoded again and compared with what was meant before it replaces anything: an
// encoder or a writer of metadata that is broken must not cost an original. Each way to a result leaves in its writer
// how it is verified, see writer.verify.

// verified checks a result. A failure is Internal, with what differed as its cause.
func (w *writer) verified(ctx context.Context, file []byte) error {
	var err error
	if panicked := guarded(func() error { err = w.verify(ctx, file); return nil }); panicked != nil {
		err = panicked
	}
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	return fault.New(fault.Internal, "The result was not what it should have been, so it was not saved.",
		fmt.Errorf("verify %s from %s: %w", w.format, w.info.Format, err))
}

// verifyHeader compares what the header of a result says with the plan. An orientation is that of its tag.
func (w *writer) verifyHeader(file []byte, size image.Point, orientation, frames int) (Info, error) {
	info := Info{Bytes: len(file), Frames: 1, Orientation: 1}
	var err error
	if info.Format, err = sniff(file); err != nil {
		return info, err
	}
	if err := readHeader(&info, file, Limits{Scans: math.MaxInt}); err != nil {
		return info, err
	}
	switch got := image.Pt(info.StoredWidth, info.StoredHeight); {
	case info.Format == TIFF && !isWholeTIFF(file):
		return info, container.ErrTruncated
	case info.Format != w.format:
		return info, fmt.Errorf("%s was meant, %s is found", w.format, info.Format)
	case got != size:
		return info, fmt.Errorf("%d × %d pixels were meant, %d × %d are found", size.X, size.Y, got.X, got.Y)
	case info.Orientation != orientation:
		return info, fmt.Errorf("orientation %d was meant, %d is found", orientation, info.Orientation)
	case info.Frames != frames:
		return info, fmt.Errorf("%d frames were meant, %d are found", frames, info.Frames)
	}
	return info, nil
}

// isWholeTIFF reports whether a file has all that its first directory holds: the pixels may be there without it.
func isWholeTIFF(file []byte) bool {
	t, first, err := openFirstTIFF(file)
	return err == nil && t.IsWhole(first)
}

// The squares that are compared, across and down at the most. Those of 16 pixels are what JPEG and WebP code as a
// whole, with chroma at half the size.
const (
	exactSquares, lossySquares = 128, 64
	lossySide                  = 16
)

// gridOf returns the grid for a picture of a result's format: single pixels where nothing is lost.
func gridOf(format Format, size image.Point) grid {
	if format != JPEG && format != WebP {
		return newGrid(size, 1, exactSquares)
	}
	return newGrid(size, lossySide, lossySquares)
}

// isScaled reports whether a JPEG result of a size is decoded at 1/8.
func isScaled(size image.Point) bool {
	return jpegcodec.Turbo && size.X*size.Y > wholeJPEG && min(size.X, size.Y) >= lossySide
}

// expect remembers what a still picture has to show, before it is encoded.
func (w *writer) expect(pixels image.Image) {
	if !w.verifies {
		return
	}
	meant := gridOf(w.format, w.size).of(pixels)
	if toleranceOf(w.format, w.size, 1).perContrast > 0 {
		meant = meant.withContrast(pixels)
	}
	w.verify = func(ctx context.Context, file []byte) error {
		info, err := w.verifyHeader(file, w.size, 1, 1)
		if err != nil {
			return err
		}
		found, err := w.found(ctx, file, info, meant.grid)
		if err != nil {
			return err
		}
		return meant.compare(found, toleranceOf(w.format, w.size, w.quality))
	}
}

// found decodes a still result and samples it.
func (w *writer) found(ctx context.Context, file []byte, info Info, g grid) (sampling, error) {
	switch info.Format {
	case JPEG:
		return foundJPEG(file, g)
	case WebP:
		m, err := xwebp.Decode(bytes.NewReader(file))
		if err != nil {
			return sampling{}, err
		}
		return g.ofWebP(m), nil
	}
	info.turbo = false
	m, err := decode(ctx, file, info, 1)
	if err != nil {
		return sampling{}, err
	}
	return g.of(m), nil
}

// wholeJPEG is up to how many pixels a JPEG result is decoded by the standard library, which has not encoded it. It has
// no decoding at a smaller size, so that larger ones would cost more than their edit: libjpeg-turbo decodes these at
// 1/8.
const wholeJPEG = 100_000

// foundJPEG decodes a JPEG file for a grid of squares that its blocks fill.
func foundJPEG(file []byte, g grid) (sampling, error) {
	if isScaled(g.size) {
		planes, err := jpegcodec.DecodePlanes(file, g.size, jpegcodec.Smallest)
		if err == nil {
			return g.planes(planes, jpegcodec.Smallest), nil
		}
		if m, err := jpegcodec.Decode(file, g.size, jpegcodec.Smallest); err == nil { // gray, or RGB as it is
			return g.scaled(m, jpegcodec.Smallest), nil
		}
	}
	m, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return sampling{}, err
	}
	return g.of(m), nil
}

// scaled samples a picture that was decoded at one part of a denominator.
func (g grid) scaled(m *image.NRGBA, denominator int) sampling {
	return g.sample(func(r image.Rectangle) tone {
		if r.Size() != image.Pt(g.side, g.side) {
			return tone{channels: [4]float32{3: 255}}
		}
		return meanColor(m, parts(r, denominator, denominator))
	})
}

// ofWebP samples what the WebP decoder returned; see colored for its levels.
func (g grid) ofWebP(m image.Image) sampling {
	var planes *image.YCbCr
	alpha := func(image.Rectangle) float32 { return 255 }
	switch m := m.(type) {
	case *image.YCbCr:
		planes = m
	case *image.NYCbCrA:
		planes, alpha = &m.YCbCr, func(r image.Rectangle) float32 { return planeMean(m.A, m.AStride, r) }
	default:
		return g.of(m)
	}
	s := g.planes(planes, 1)
	for i := range s.tones {
		t := &s.tones[i].channels
		t[0], t[1], t[2] = (t[0]-16)*255/219, (t[1]-128)*255/224+128, (t[2]-128)*255/224+128
		t[3] = alpha(s.square(i%s.n.X, i/s.n.X))
	}
	return s
}
