package imaging

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"

	"imagepro/handler/recipe"
)

// rotate turns the picture clockwise; quarter turns move pixels and compute none.
func (p *planner) rotate(s recipe.Rotate) error {
	if math.Mod(s.Angle, 90) == 0 {
		p.turn(quarters(int(s.Angle / 90)))
		return nil
	}
	in := p.plan.size
	sin, cos := math.Sincos(s.Angle * math.Pi / 180)
	out := turnedSize(float64(in.X), float64(in.Y), s.Angle)
	p.push(rotated{Rotate: s, in: in, out: out, sin: sin, cos: cos})
	return nil
}

// rotated is a rotation by an angle that is no quarter turn.
type rotated struct {
	recipe.Rotate
	in, out  image.Point
	sin, cos float64
}

func (r rotated) size() image.Point { return r.out }
func (r rotated) scratch() int64    { return 0 }
func (r rotated) String() string    { return fmt.Sprintf("rotate %g %s", r.Angle, r.Interpolation) }

// apply reads, for each pixel of the result, where it comes from. Inside, the kernel sees the picture
// continued by its edge pixels; at the edge the picture covers a pixel partly and is laid on the background,
// so edges are smooth and do not ring.
func (r rotated) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	dst := image.NewNRGBA(image.Rectangle{Max: r.out})
	s := sampler{m: m, kernel: r.Interpolation}
	err := inRows(ctx, r.out.Y, func(from, to int) {
		for y := from; y < to; y++ {
			row := dst.Pix[y*dst.Stride:][:r.out.X*4]
			dy := float64(y) + 0.5 - float64(r.out.Y)/2
			for x := range r.out.X {
				dx := float64(x) + 0.5 - float64(r.out.X)/2
				sx := dx*r.cos + dy*r.sin + float64(r.in.X)/2 - 0.5
				sy := dy*r.cos - dx*r.sin + float64(r.in.Y)/2 - 0.5
				c := s.at(sx, sy, r.Background)
				row[x*4], row[x*4+1], row[x*4+2], row[x*4+3] = c.R, c.G, c.B, c.A
			}
		}
	})
	return dst, err
}

// sampler reads a picture between its pixels.
type sampler struct {
	m      *image.NRGBA
	kernel recipe.Interpolation
}

// at returns the colour at a point, where whole numbers are pixel centres, laid on the background.
func (s sampler) at(x, y float64, background color.NRGBA) color.NRGBA {
	size := s.m.Rect.Size()
	cover := covered(x, size.X) * covered(y, size.Y)
	if s.kernel == recipe.NearestPixel {
		cover = math.Floor(cover + 0.5)
	}
	if cover <= 0 {
		return background
	}
	var wx, wy [4]float64
	left, n := s.weights(x, &wx)
	top, _ := s.weights(y, &wy)
	var sum [4]float64 // premultiplied
	for j := range n {
		row := s.m.Pix[inside(top+j, size.Y)*s.m.Stride:]
		for i := range n {
			p := row[inside(left+i, size.X)*4:][:4:4]
			a := wx[i] * wy[j] * float64(p[3])
			sum[0] += a * float64(p[0])
			sum[1] += a * float64(p[1])
			sum[2] += a * float64(p[2])
			sum[3] += a
		}
	}
	return laid(sum, cover, background)
}

// covered returns how much of a pixel around x lies within 0 to side.
func covered(x float64, side int) float64 {
	return max(0, min(1, x+1, float64(side)-x))
}

// inside returns the nearest index of a side.
func inside(i, side int) int { return max(0, min(i, side-1)) }

// weights returns the first pixel that counts and the weights of n pixels from it on.
func (s sampler) weights(x float64, w *[4]float64) (first, n int) {
	floor := math.Floor(x)
	t := x - floor
	switch s.kernel {
	case recipe.NearestPixel:
		w[0] = 1
		return int(math.Floor(x + 0.5)), 1
	case recipe.Bilinear:
		w[0], w[1] = 1-t, t
		return int(floor), 2
	}
	// Catmull-Rom.
	w[0] = ((-0.5*t+1)*t - 0.5) * t
	w[1] = (1.5*t-2.5)*t*t + 1
	w[2] = ((-1.5*t+2)*t + 0.5) * t
	w[3] = (0.5*t - 0.5) * t * t
	return int(floor) - 1, 4
}

// laid lays a premultiplied sum (colours times alpha, each up to 255) that covers a pixel in part on a
// background.
func laid(sum [4]float64, cover float64, background color.NRGBA) color.NRGBA {
	over := max(0, min(255, sum[3])) * cover
	under := float64(background.A) * (255 - over) / 255
	if cover == 1 && sum[3] >= 255 {
		under = 0
	}
	a := over + under
	if a < 0.5 {
		return color.NRGBA{}
	}
	channel := func(i int, back uint8) uint8 {
		c := float64(0)
		if sum[3] > 0 {
			c = max(0, min(255, sum[i]/sum[3]))
		}
		return uint8((c*over+float64(back)*under)/a + 0.5)
	}
	return color.NRGBA{
		R: channel(0, background.R),
		G: channel(1, background.G),
		B: channel(2, background.B),
		A: uint8(a + 0.5),
	}
}
