package imaging

import (
	"context"
	"fmt"
	"image"
	"image/draw"
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
	dst := image.NewNRGBA(m.Rect)
	if b.sigma >= coarseSigma {
		blurCoarse(dst, m, b.sigma)
		return dst, ctx.Err()
	}
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
	small := reduced(size, sigma)
	return int64(small.X)*int64(size.Y)*8 + int64(size.X)*int64(small.Y)*8 + area(small)*24
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

// reduced returns the size at which a blur's sigma is about three pixels.
func reduced(size image.Point, sigma float64) image.Point {
	k := math.Floor(sigma / 3)
	return image.Pt(rounded(float64(size.X)/k), rounded(float64(size.Y)/k))
}

// blurCoarse reduces, blurs and enlarges. The box of the reduction blurs by itself; its variance, a twelfth
// of its squared width, is taken off.
func blurCoarse(dst draw.Image, m *image.NRGBA, sigma float64) {
	size := m.Rect.Size()
	small := reduced(size, sigma)
	k := math.Max(float64(size.X)/float64(small.X), float64(size.Y)/float64(small.Y))
	rest := math.Sqrt(sigma*sigma-(k*k-1)/12) / k
	gift.New(
		gift.Resize(small.X, small.Y, gift.BoxResampling),
		gift.GaussianBlur(float32(rest)),
		gift.Resize(size.X, size.Y, gift.CubicResampling),
	).Draw(dst, m)
}
