package imaging

import (
	"context"
	"fmt"
	"image"

	"imagepro/handler/recipe"
)

// rank takes one level of the square around each pixel.
func (p *planner) rank(s recipe.Rank) error {
	p.push(ranked{Rank: s, in: p.plan.size})
	return nil
}

type ranked struct {
	recipe.Rank
	in image.Point
}

func (r ranked) size() image.Point { return r.in }
func (r ranked) scratch() int64    { return 0 }
func (r ranked) String() string    { return fmt.Sprintf("%s %d", r.Mode, r.Size) }

func (r ranked) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	dst := image.NewNRGBA(m.Rect)
	err := inRows(ctx, r.in.Y, func(from, to int) {
		for y := from; y < to; y++ {
			r.row(dst.Pix[y*dst.Stride:][:4*r.in.X], m, y)
		}
	})
	return dst, err
}

// row slides the square along a row. Each channel has a histogram of what is in the square, which a column enters and a
// column leaves at each step (T. S. Huang et al., "A fast two-dimensional median filtering algorithm", 1979). Pixels
// outside the picture and transparent ones are not in it.
func (r ranked) row(to []byte, m *image.NRGBA, y int) {
	half := r.Size / 2
	var square [3]histogram
	top, bottom := max(0, y-half), min(r.in.Y-1, y+half)
	column := func(x, change int) {
		if x < 0 || x >= r.in.X {
			return
		}
		for line := top; line <= bottom; line++ {
			q := m.Pix[m.PixOffset(x, line):][:4:4]
			if q[3] == 0 {
				continue
			}
			for c := range square {
				square[c].add(q[c], change)
			}
		}
	}
	for x := range half {
		column(x, 1)
	}
	for x := range r.in.X {
		column(x+half, 1)
		column(x-half-1, -1)
		own := m.Pix[m.PixOffset(x, y):][:4:4]
		q := to[4*x : 4*x+4 : 4*x+4]
		copy(q, own)
		for c := range square {
			if square[c].all > 0 {
				q[c] = square[c].level(r.Mode)
			}
		}
	}
}

// histogram counts levels, and those below a level that moves with the median.
type histogram struct {
	count  [256]int16
	all    int
	middle int // a level
	below  int // how many are below it
}

func (h *histogram) add(level uint8, change int) {
	h.count[level] += int16(change)
	h.all += change
	if int(level) < h.middle {
		h.below += change
	}
}

// level returns the level of a mode: of an even number of levels, the lower one in the middle.
func (h *histogram) level(mode recipe.RankMode) uint8 {
	at := (h.all - 1) / 2 // how many have to be below, or the same
	switch mode {
	case recipe.Minimum:
		at = 0
	case recipe.Maximum:
		at = h.all - 1
	}
	for h.below > at {
		h.middle--
		h.below -= int(h.count[h.middle])
	}
	for h.below+int(h.count[h.middle]) <= at {
		h.below += int(h.count[h.middle])
		h.middle++
	}
	return uint8(h.middle)
}
