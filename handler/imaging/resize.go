package imaging

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/disintegration/gift"

	"imagepro/handler/recipe"
)

// resize scales, then cuts or pads to the box.
func (p *planner) resize(s recipe.Resize) error {
	in := p.plan.size
	to, box := resizedSize(s, in)
	p.scale(to, s.Kernel)
	switch {
	case s.Fit == recipe.Cover:
		p.cutTo(box, s.Gravity, s.Focal)
	case s.Fit == recipe.Contain && box != to:
		p.push(padded{in: to, out: box, at: placed(to, box, s.Gravity).Min, background: s.Background})
	}
	return p.checkSize(to)
}

// resizedSize returns the size to scale a picture to and the box that remains after cutting or padding.
func resizedSize(s recipe.Resize, in image.Point) (to, box image.Point) {
	w, h := s.Width.Of(in.X), s.Height.Of(in.Y)
	kx, ky := w/float64(in.X), h/float64(in.Y)
	one := w == 0 || h == 0
	if one {
		kx = max(kx, ky) // the missing side follows
		ky = kx
	}
	switch s.Fit {
	case recipe.Inside, recipe.Contain:
		kx = min(kx, ky)
		ky = kx
	case recipe.Outside, recipe.Cover:
		kx = max(kx, ky)
		ky = kx
	}
	kx, ky = bounded(kx, s), bounded(ky, s)
	to = image.Pt(rounded(kx*float64(in.X)), rounded(ky*float64(in.Y)))
	if one {
		return to, to
	}
	box = image.Pt(rounded(w), rounded(h))
	switch s.Fit {
	case recipe.Cover:
		return to, image.Pt(min(box.X, to.X), min(box.Y, to.Y))
	case recipe.Contain:
		return to, image.Pt(max(box.X, to.X), max(box.Y, to.Y))
	}
	return to, to
}

func bounded(k float64, s recipe.Resize) float64 {
	if s.WithoutEnlargement {
		k = min(k, 1)
	}
	if s.WithoutReduction {
		k = max(k, 1)
	}
	return k
}

// rounded returns a side in whole pixels, half up, at least one: a strip of 10000×1 has a height at any
// scale.
func rounded(side float64) int { return max(1, int(math.Floor(side+0.5))) }

// placed returns where something of a size stands in a frame, at a gravity.
func placed(size, frame image.Point, g recipe.Gravity) image.Rectangle {
	x, y := g.Sides()
	space := frame.Sub(size)
	at := image.Pt(space.X*(x+1)/2, space.Y*(y+1)/2)
	return image.Rectangle{Min: at, Max: at.Add(size)}
}

// scaled is a resampling.
type scaled struct {
	in, out image.Point
	kernel  recipe.Kernel
}

func (p *planner) scale(to image.Point, kernel recipe.Kernel) {
	if to != p.plan.size {
		p.push(scaled{in: p.plan.size, out: to, kernel: kernel})
	}
}

func (s scaled) size() image.Point { return s.out }

// scratch is the bands of all processors, which are together no more than the picture between the two passes, and the
// weights.
func (s scaled) scratch() int64 {
	weights := int64(s.in.X+s.out.X+s.in.Y+s.out.Y) * 8 * 16
	return int64(s.out.X)*int64(s.in.Y)*8 + weights
}

func (s scaled) String() string { return fmt.Sprintf("scale %s", s.kernel) }

func (s scaled) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	if s.kernel != recipe.Nearest {
		return resample(ctx, m, s.out, resampling(s.kernel))
	}
	dst := image.NewNRGBA(image.Rectangle{Max: s.out})
	gift.New(gift.Resize(s.out.X, s.out.Y, resampling(s.kernel))).Draw(dst, m)
	return dst, nil
}

func resampling(k recipe.Kernel) gift.Resampling {
	switch k {
	case recipe.Nearest:
		return gift.NearestNeighborResampling
	case recipe.Box:
		return gift.BoxResampling
	case recipe.Linear:
		return gift.LinearResampling
	case recipe.Cubic:
		return gift.CubicResampling
	}
	return gift.LanczosResampling
}
