package imaging

import (
	"context"
	"fmt"
	"image"
	"sync"

	"imagepro/handler/recipe"
)

// autoLevels stretches levels. What it does is known only with the pixels, so it shares no pass.
func (p *planner) autoLevels(s recipe.AutoLevels) error {
	p.push(stretched{AutoLevels: s, in: p.plan.size})
	return nil
}

// stretched makes two percentiles black and white.
type stretched struct {
	recipe.AutoLevels
	in image.Point
}

func (s stretched) size() image.Point { return s.in }
func (s stretched) scratch() int64    { return 0 }
func (s stretched) String() string    { return fmt.Sprintf("levels %g to %g %%", s.Low, s.High) }

func (s stretched) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	tables, err := s.decide(ctx, m)
	if err != nil {
		return nil, err
	}
	return tables.apply(ctx, m)
}

func (s stretched) decide(ctx context.Context, m *image.NRGBA) (operation, error) {
	counts, err := countLevels(ctx, m)
	if err != nil {
		return nil, err
	}
	if !s.Channels {
		for i := range counts[0] {
			counts[0][i] += counts[1][i] + counts[2][i]
		}
		counts[1], counts[2] = counts[0], counts[0]
	}
	known := stretchedBy{stretched: s}
	for c := range known.tables {
		known.tables[c] = stretching(&counts[c], s.Low, s.High)
	}
	return &known, nil
}

// stretchedBy is what is done to the levels of red, green and blue.
type stretchedBy struct {
	stretched
	tables [3][256]uint8
}

func (s *stretchedBy) decide(context.Context, *image.NRGBA) (operation, error) { return s, nil }

func (s *stretchedBy) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	return m, inRows(ctx, s.in.Y, func(from, to int) {
		eachRow(rows(m, from, to), func(_ int, row []byte) {
			for i := 0; i+3 < len(row); i += 4 {
				q := row[i : i+4 : i+4]
				q[0], q[1], q[2] = s.tables[0][q[0]], s.tables[1][q[1]], s.tables[2][q[2]]
			}
		})
	})
}

// levelCounts is how many pixels have each level, of red, green and blue.
type levelCounts [3][256]int

// countLevels counts the levels of the pixels that can be seen.
func countLevels(ctx context.Context, m *image.NRGBA) (sum levelCounts, err error) {
	var mu sync.Mutex
	err = inRows(ctx, m.Rect.Dy(), func(from, to int) {
		var counts levelCounts
		eachRow(rows(m, from, to), func(_ int, row []byte) {
			for i := 0; i+3 < len(row); i += 4 {
				if q := row[i : i+4 : i+4]; q[3] > 0 {
					counts[0][q[0]]++
					counts[1][q[1]]++
					counts[2][q[2]]++
				}
			}
		})
		mu.Lock()
		defer mu.Unlock()
		for c := range sum {
			for i := range sum[c] {
				sum[c][i] += counts[c][i]
			}
		}
	})
	return sum, err
}

// stretching returns what each level becomes; every level stays if the percentiles are one level.
func stretching(counts *[256]int, low, high float64) (table [256]uint8) {
	black, white := percentile(counts, low), percentile(counts, high)
	for i := range table {
		table[i] = uint8(i)
		if white > black {
			table[i] = level(float64(i-black) * 255 / float64(white-black))
		}
	}
	return table
}

// percentile returns the least level that so many percent of the pixels do not exceed.
func percentile(counts *[256]int, percent float64) int {
	all := 0
	for _, n := range counts {
		all += n
	}
	sum := 0
	for i, n := range counts {
		if sum += n; sum > 0 && float64(sum)*100 >= float64(all)*percent {
			return i
		}
	}
	return 255
}
