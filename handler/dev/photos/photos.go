// Package photos draws photo-like pictures for demonstrations and tests of a bulk image editor: JPEG files
// with every EXIF orientation and PNG files with transparency, each with its number in the upper left so
// that a picture that lies on its side is noticed. It also lists the pictures of a user's own folder.
//
// It does not know who edits the pictures, nor how.
package photos

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Options says what is drawn. A zero field has the default that its comment names.
type Options struct {
	Count                        int     // how many pictures, at least 1; 24
	Seed                         uint64  // the same seed gives the same files
	MinMegapixels, MaxMegapixels float64 // 2 and 12
	Workers                      int     // how many pictures are drawn at a time; the number of processors
}

// Photo is a picture in a folder.
type Photo struct {
	Name          string // of the file
	Path          string
	Width, Height int    // pixels, as seen upright
	Orientation   int    // EXIF, 1 to 8; 1 where the file says none
	Format        string // jpeg or png
}

// quality is that of a camera's JPEG files.
const quality = 90

// Draw writes pictures to dir, which it makes if need be, and returns them in the order of their numbers.
// The first eight are JPEG files with the EXIF orientations 1 to 8, the next three are PNG files with
// transparency, and of the rest every tenth is a PNG. The same options give the same files on the same
// processor architecture.
func Draw(dir string, o Options) ([]Photo, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("drawing pictures: %w", err)
	}
	plans := o.plan(dir)
	texture := newNoise(o.Seed)
	s := studio{texture, newFilm(texture, o.Seed)}
	group, ctx := errgroup.WithContext(context.Background())
	group.SetLimit(o.Workers)
	// The large ones first: no worker is left with one at the end.
	for _, p := range slices.SortedStableFunc(slices.Values(plans), byPixels) {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return s.shoot(p)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := make([]Photo, len(plans))
	for i, p := range plans {
		out[i] = p.photo
	}
	return out, nil
}

func (o Options) complete() (Options, error) {
	o.Count = cmp.Or(o.Count, 24)
	o.MinMegapixels = cmp.Or(o.MinMegapixels, 2)
	o.MaxMegapixels = cmp.Or(o.MaxMegapixels, max(o.MinMegapixels, 12))
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	switch {
	case o.Count < 1:
		return o, fmt.Errorf("drawing pictures: the count is %d, not at least 1", o.Count)
	case o.MinMegapixels < 0.01 || o.MaxMegapixels > 100 || o.MinMegapixels > o.MaxMegapixels:
		return o, fmt.Errorf("drawing pictures: no size from %g to %g megapixels lies between 0.01 and 100",
			o.MinMegapixels, o.MaxMegapixels)
	case o.Workers < 1:
		return o, errors.New("drawing pictures: at least one worker is needed")
	}
	return o, nil
}

// studio is what all pictures share; it is only read.
type studio struct {
	noise *noise
	film  *film
}

// paintedPixels is how many pixels of a picture are painted at most; the rest is enlargement and grain.
const paintedPixels = 900_000

// shoot draws one picture and writes its file.
func (s studio) shoot(p plan) error {
	w, h := p.photo.Width, p.photo.Height
	scale := min(1, math.Sqrt(paintedPixels/float64(w*h)))
	c := newCanvas(max(1, int(float64(w)*scale)), max(1, int(float64(h)*scale)))
	r := rand.New(rand.NewPCG(p.seed, uint64(p.number)))
	p.scene(&painter{c, r, s.noise})
	if err := c.write(fmt.Sprintf("%02d", p.number)); err != nil {
		return err
	}
	sw, sh := storedSize(p.photo.Orientation, w, h)
	img := s.film.develop(c.oriented(p.photo.Orientation), sw, sh, p.grain, r)
	file, err := p.encode(img)
	if err != nil {
		return fmt.Errorf("drawing %s: %w", p.photo.Name, err)
	}
	if err := os.WriteFile(p.photo.Path, file, 0o644); err != nil {
		return fmt.Errorf("drawing %s: %w", p.photo.Name, err)
	}
	return nil
}

// encode returns the file of a developed picture.
func (p plan) encode(img *image.NRGBA) ([]byte, error) {
	var out bytes.Buffer
	if p.photo.Format == "png" {
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		err := encoder.Encode(&out, img)
		return out.Bytes(), err
	}
	// Nothing is transparent here, and the encoder is fast with this type.
	opaque := &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
	if err := jpeg.Encode(&out, opaque, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	segment, err := p.properties.segment()
	if err != nil {
		return nil, err
	}
	const marker = 2 // the segment follows the marker that starts the file
	return slices.Insert(out.Bytes(), marker, segment...), nil
}

// byPixels sorts the largest first.
func byPixels(a, b plan) int {
	return cmp.Compare(b.photo.Width*b.photo.Height, a.photo.Width*a.photo.Height)
}
