package imaging

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/disintegration/gift"

	"imagepro/handler/recipe"
)

// coarseSigma is the sigma from which a blur is computed on a reduced picture: the time of the direct way
// grows with sigma without a bound, and nothing that fine is left anyway.
const coarseSigma = 6

// bandRows is how many rows are blurred at once, so that the 16-bit pictures in between stay small.
const bandRows = 256

// blur blurs with alpha taken into account.
func (p *planner) blur(s recipe.Blur) error {
	p.push(blurred{in: p.plan.size, sigma: s.Sigma})
	return nil
}

type blurred struct {
	in    image.Point
	sigma float64
}

func (b blurred) size() image.Point { return b.in }
func (b blurred) scratch() int64    { return blurScratch(b.in, b.sigma) }
func (b blurred) String() string    { return fmt.Sprintf("blur %g", b.sigma) }

func (b blurred) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	if b.sigma >= coarseSigma {
		wide, err := blurCoarse(ctx, m, b.sigma)
		if err != nil {
			return nil, err
		}
		eachRow(m, func(y int, row []byte) { narrow(row, wide.Pix[y*wide.Stride:]) })
		return m, nil
	}
	dst := image.NewNRGBA(m.Rect)
	err := inBlurredBands(ctx, m, b.sigma, func(from int, band *image.NRGBA64) {
		eachRow(rows(dst, from, from+band.Rect.Dy()), func(y int, row []byte) {
			narrow(row, band.Pix[y*band.Stride:])
		})
	})
	return dst, err
}

// blurScratch returns the bytes that a blur needs besides its source and its result.
func blurScratch(size image.Point, sigma float64) int64 {
	if sigma < coarseSigma {
		return int64(size.X) * int64(bandRows+2*halo(sigma)) * 16
	}
	k := coarseness(sigma)
	small := reduced(size, k)
	return area(small.Mul(k))*8 + int64(small.X*k)*int64(small.Y)*8 + area(small)*24
}

// halo is how far gift's kernel reaches.
func halo(sigma float64) int { return int(math.Ceil(3 * sigma)) }

// inBlurredBands blurs bands of rows with their surroundings and calls use with each, from top to bottom.
// Bands do not show: within its reach the kernel sees the same pixels as in the whole picture.
func inBlurredBands(ctx context.Context, m *image.NRGBA, sigma float64, use func(from int, band *image.NRGBA64)) error {
	h := m.Rect.Dy()
	filter := gift.New(gift.GaussianBlur(float32(sigma)))
	for from := 0; from < h; from += bandRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(from+bandRows, h)
		top, bottom := max(0, from-halo(sigma)), min(h, to+halo(sigma))
		wide := image.NewNRGBA64(image.Rect(0, 0, m.Rect.Dx(), bottom-top))
		filter.Draw(wide, rows(m, top, bottom))
		use(from, &image.NRGBA64{
			Pix:    wide.Pix[(from-top)*wide.Stride:],
			Stride: wide.Stride,
			Rect:   image.Rect(0, 0, m.Rect.Dx(), to-from),
		})
	}
	return ctx.Err()
}

// coarseness returns the factor by which a picture is reduced so that sigma becomes about three pixels.
func coarseness(sigma float64) int { return int(sigma / 3) }

// reduced returns the size of a reduced picture; blocks at the right and the bottom may be incomplete.
func reduced(size image.Point, k int) image.Point {
	return image.Pt((size.X+k-1)/k, (size.Y+k-1)/k)
}

// blurCoarse reduces, blurs and enlarges. The reduction blurs by itself: the variance of its box, a twelfth
// of its squared width, is taken off.
func blurCoarse(ctx context.Context, m *image.NRGBA, sigma float64) (*image.NRGBA64, error) {
	k := coarseness(sigma)
	small, err := reduce(ctx, m, k)
	if err != nil {
		return nil, err
	}
	rest := math.Sqrt(sigma*sigma-float64(k*k-1)/12) / float64(k)
	full := small.Rect.Max.Mul(k)
	wide := image.NewNRGBA64(image.Rectangle{Max: full})
	gift.New(
		gift.GaussianBlur(float32(rest)),
		gift.Resize(full.X, full.Y, gift.CubicResampling),
	).Draw(wide, small)
	wide.Rect = m.Rect // without what the last blocks lacked
	return wide, ctx.Err()
}

// reduce averages blocks of k×k pixels, weighted by their alpha.
func reduce(ctx context.Context, m *image.NRGBA, k int) (*image.NRGBA64, error) {
	size := m.Rect.Size()
	small := image.NewNRGBA64(image.Rectangle{Max: reduced(size, k)})
	err := inRows(ctx, small.Rect.Dy(), func(from, to int) {
		for y := from; y < to; y++ {
			for x := range small.Rect.Dx() {
				block := image.Rect(x*k, y*k, min(x*k+k, size.X), min(y*k+k, size.Y))
				small.SetNRGBA64(x, y, mean(view(m, block)))
			}
		}
	})
	return small, err
}

// mean returns the mean colour of a picture, weighted by alpha.
func mean(m *image.NRGBA) color.NRGBA64 {
	var r, g, b, a uint64
	eachRow(m, func(_ int, row []byte) {
		for i := 0; i < len(row); i += 4 {
			alpha := uint64(row[i+3])
			r += uint64(row[i]) * alpha
			g += uint64(row[i+1]) * alpha
			b += uint64(row[i+2]) * alpha
			a += alpha
		}
	})
	if a == 0 {
		return color.NRGBA64{}
	}
	return color.NRGBA64{
		R: uint16((r*257 + a/2) / a),
		G: uint16((g*257 + a/2) / a),
		B: uint16((b*257 + a/2) / a),
		A: uint16(a * 257 / uint64(area(m.Rect.Size()))),
	}
}
