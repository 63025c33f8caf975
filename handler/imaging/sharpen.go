package imaging

import (
	"context"
	"fmt"
	"image"

	"imagepro/handler/recipe"
)

// sharpen is an unsharp mask on the colours; alpha stays.
func (p *planner) sharpen(s recipe.Sharpen) error {
	if s.Amount > 0 && s.Threshold < 1 {
		p.push(sharpened{Sharpen: s, in: p.plan.size})
	}
	return nil
}

type sharpened struct {
	recipe.Sharpen
	in image.Point
}

func (s sharpened) size() image.Point { return s.in }

func (s sharpened) scratch() int64 { return blurScratch(s.in, s.Sigma) }

func (s sharpened) String() string {
	return fmt.Sprintf("sharpen %g %g %g", s.Sigma, s.Amount, s.Threshold)
}

func (s sharpened) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	dst := image.NewNRGBA(m.Rect)
	use := func(from int, band *image.NRGBA64) {
		eachRow(rows(dst, from, from+band.Rect.Dy()), func(y int, row []byte) {
			s.row(row, m.Pix[(from+y)*m.Stride:], band.Pix[y*band.Stride:])
		})
	}
	if s.Sigma < coarseSigma {
		return dst, inBlurredBands(ctx, m, s.Sigma, use)
	}
	wide, err := blurCoarse(ctx, m, s.Sigma)
	if err != nil {
		return nil, err
	}
	use(0, wide)
	return dst, nil
}

// row adds to each colour what the blur took away, if that is more than the threshold.
func (s sharpened) row(to, from, blurred []byte) {
	amount, threshold := float32(s.Amount), float32(s.Threshold)*255
	for i := range to {
		x := float32(from[i])
		if i%4 == 3 {
			to[i] = from[i]
			continue
		}
		blur := float32(uint32(blurred[2*i])<<8|uint32(blurred[2*i+1])) / 257
		more := (x - blur) * amount
		if more <= threshold && -more <= threshold {
			more = 0
		}
		to[i] = uint8(max(0, min(255, x+more+0.5)))
	}
}
