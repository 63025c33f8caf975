package imaging

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"math"

	"imagepro/handler/recipe"
)

// pixelate makes blocks of one colour.
func (p *planner) pixelate(s recipe.Pixelate) error {
	p.push(pixelated{in: p.plan.size, block: s.Size, corner: s.Sample == recipe.SampleTopLeft})
	return nil
}

type pixelated struct {
	in     image.Point
	block  int
	corner bool // takes the colour of the upper left pixel, not the mean
}

func (p pixelated) size() image.Point { return p.in }
func (p pixelated) scratch() int64    { return 0 }
func (p pixelated) String() string    { return fmt.Sprintf("pixelate %d", p.block) }

func (p pixelated) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	for y := 0; y < p.in.Y && ctx.Err() == nil; y += p.block {
		for x := 0; x < p.in.X; x += p.block {
			part := view(m, image.Rect(x, y, min(x+p.block, p.in.X), min(y+p.block, p.in.Y)))
			if p.corner {
				fill(part, part.NRGBAAt(0, 0))
				continue
			}
			wide := mean(part)
			fill(part, color.NRGBAModel.Convert(wide).(color.NRGBA))
		}
	}
	return m, ctx.Err()
}

// redact makes regions unrecognisable.
func (p *planner) redact(s recipe.Redact) error {
	in := p.plan.size
	r := redacted{in: in, mode: s.Mode, color: s.Color, block: s.Size, sigma: s.Sigma}
	for _, region := range s.Regions {
		h := hiddenRegion{ellipse: region.Shape == recipe.Ellipse}
		if region.Shape == recipe.Polygon {
			h.polygon = pointsOf(region.Points, in)
			least, most := h.polygon.bounds()
			h.whole = pixelsAround(least, most, 0)
		} else {
			h.whole = boxOf(region, in)
		}
		if h.part = h.whole.Intersect(image.Rectangle{Max: in}); !h.part.Empty() {
			r.regions = append(r.regions, h)
		}
	}
	if len(r.regions) > 0 {
		p.push(r)
	}
	return nil
}

// boxOf returns all pixels that a region touches, at least one. Less than a millionth of one is rounding.
func boxOf(region recipe.Region, in image.Point) image.Rectangle {
	x, y := region.X.Of(in.X), region.Y.Of(in.Y)
	from := image.Pt(int(math.Floor(x+1e-6)), int(math.Floor(y+1e-6)))
	to := image.Pt(ceil(x+region.Width.Of(in.X)-1e-6), ceil(y+region.Height.Of(in.Y)-1e-6))
	return image.Rectangle{Min: from, Max: image.Pt(max(to.X, from.X+1), max(to.Y, from.Y+1))}
}

// hiddenRegion is a region in pixels.
type hiddenRegion struct {
	whole   image.Rectangle // may reach over the edge
	part    image.Rectangle // that lies in the picture
	ellipse bool
	polygon contour // or nil
}

// cover marks the pixels of a row of the part of which any lies in the region, since nothing at the edge may be left.
func (r hiddenRegion) cover(y int, row []bool) {
	if r.polygon != nil {
		r.polygon.touch(y, r.part.Min.X, row)
		return
	}
	for i := range row {
		row[i] = !r.ellipse || r.inEllipse(r.part.Min.X+i, y)
	}
}

// inEllipse reports whether any of a pixel lies in the ellipse: its nearest corner counts.
func (r hiddenRegion) inEllipse(x, y int) bool {
	middle := func(from, to int) (float64, float64) { return float64(from+to) / 2, float64(to-from) / 2 }
	cx, rx := middle(r.whole.Min.X, r.whole.Max.X)
	cy, ry := middle(r.whole.Min.Y, r.whole.Max.Y)
	nearest := func(at int, c float64) float64 { return max(float64(at)-c, c-float64(at+1), 0) }
	dx, dy := nearest(x, cx)/rx, nearest(y, cy)/ry
	return dx*dx+dy*dy < 1
}

type redacted struct {
	in      image.Point
	mode    recipe.RedactMode
	color   color.NRGBA
	block   int
	sigma   float64
	regions []hiddenRegion
}

func (r redacted) size() image.Point { return r.in }
func (r redacted) String() string    { return fmt.Sprintf("redact %d regions", len(r.regions)) }

func (r redacted) scratch() int64 {
	if r.mode == recipe.RedactFill {
		return 0
	}
	var most int64
	for _, region := range r.regions {
		size := region.part.Size()
		most = max(most, area(size)*8+blurScratch(size, r.sigma))
	}
	return most
}

// hide replaces what a region covers in its part of the picture; instead returns what a row of it becomes.
func (r hiddenRegion) hide(ctx context.Context, part *image.NRGBA, instead func(y int) []byte) error {
	return inRows(ctx, part.Rect.Dy(), func(from, to int) {
		covered := make([]bool, part.Rect.Dx())
		eachRow(rows(part, from, to), func(y int, row []byte) {
			r.cover(r.part.Min.Y+from+y, covered)
			with := instead(from + y)
			for x, is := range covered {
				if is {
					copy(row[4*x:4*x+4], with[4*x:])
				}
			}
		})
	})
}

// apply works on each region by itself: what is blurred or sampled is the region alone, so that nothing of it is spread
// and nothing around it shines in.
func (r redacted) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	for _, region := range r.regions {
		part := view(m, region.part)
		instead, err := r.instead(ctx, part)
		if err != nil {
			return nil, err
		}
		if err = region.hide(ctx, part, instead); err != nil {
			return nil, err
		}
	}
	return m, ctx.Err()
}

// instead returns what rows of a part become.
func (r redacted) instead(ctx context.Context, part *image.NRGBA) (func(y int) []byte, error) {
	if r.mode == recipe.RedactFill {
		row := bytes.Repeat([]byte{r.color.R, r.color.G, r.color.B, r.color.A}, part.Rect.Dx())
		return func(int) []byte { return row }, nil
	}
	hidden := copied(part)
	var err error
	if r.mode == recipe.RedactPixelate {
		hidden, err = pixelated{in: hidden.Rect.Max, block: r.block}.apply(ctx, hidden)
	} else {
		hidden, err = blurred{in: hidden.Rect.Max, sigma: r.sigma}.apply(ctx, hidden)
	}
	if err != nil {
		return nil, err
	}
	return func(y int) []byte { return hidden.Pix[y*hidden.Stride:] }, nil
}
