package imaging

import (
	"context"
	"image"
	"strings"
)

// point changes each pixel of a row by itself; row holds straight RGBA. Neighbouring points share one pass:
// each row goes through all of them while it is in the processor's cache. Each rounds to 8 bits, so sharing
// changes no result.
type point struct {
	name  string
	apply func(row []byte)
}

// points is a pass of neighbouring points.
type points struct {
	in  image.Point
	all []point
}

// point adds a point, to the last pass if it is one.
func (p *planner) point(pt point) {
	var all []point
	if before, ok := p.last(len(p.plan.operations) - 1).(points); ok {
		all = before.all
		p.pop(before.in)
	}
	p.push(points{in: p.plan.size, all: append(all[:len(all):len(all)], pt)})
}

func (p points) size() image.Point { return p.in }
func (p points) scratch() int64    { return 0 }

func (p points) String() string {
	names := make([]string, len(p.all))
	for i, pt := range p.all {
		names[i] = pt.name
	}
	return strings.Join(names, " + ")
}

func (p points) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	err := inRows(ctx, p.in.Y, func(from, to int) {
		eachRow(rows(m, from, to), func(_ int, row []byte) {
			for _, pt := range p.all {
				pt.apply(row)
			}
		})
	})
	return m, err
}
