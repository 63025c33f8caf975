package imaging

import (
	"context"
	"image"

	"github.com/disintegration/gift"

	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// inPlanes reports whether a JPEG file may become one without RGB in between: it is turned and scaled at the most, and
// the planes of luma and chroma can be so one by one.
func (w *writer) inPlanes() bool {
	p := w.plan
	if !p.info.turbo || p.info.Gray || p.format != JPEG || p.toSRGB != nil || w.output.Chroma == recipe.FullChroma ||
		len(p.operations) > 1 {
		return false
	}
	if len(p.operations) == 1 {
		if s, ok := p.operations[0].(scaled); !ok || s.kernel == recipe.Nearest {
			return false
		}
	}
	// Chroma of odd sides would lie beside its luma if it were mirrored.
	size := p.start.size(p.decodedSize())
	return (p.start&mirroredX == 0 || size.X%2 == 0) && (p.start&mirroredY == 0 || size.Y%2 == 0)
}

// planar returns the result without RGB in between. The error is jpegcodec.ErrNoPlanes if the file's are not taken.
func (w *writer) planar(ctx context.Context) ([]byte, error) {
	src, err := jpegcodec.DecodePlanes(w.src, image.Pt(w.info.StoredWidth, w.info.StoredHeight), w.denominator)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in, kernel := w.start.size(src.Rect.Size()), gift.LanczosResampling
	if len(w.operations) == 1 {
		kernel = resampling(w.operations[0].(scaled).kernel)
	}
	out := jpegcodec.NewPlanes(w.size)
	for i := range 3 {
		from, to := planeOf(src, i), planeOf(out, i)
		steps := [2]float64{ratio(in.X, w.size.X), ratio(in.Y, w.size.Y)}
		// chroma lies in the middle of its luma: two of them on each side in the result, one or two in the source
		if i > 0 {
			across, down := subsampled(src.SubsampleRatio)
			if w.start&transposed != 0 {
				across, down = down, across
			}
			steps[0], steps[1] = steps[0]*2/float64(across), steps[1]*2/float64(down)
		}
		if err := resamplePlane(ctx, to, from.turned(w.start), steps, kernel); err != nil {
			return nil, err
		}
	}
	w.expect(out)
	blocks := w.metadata(out)
	return w.short(ctx, func(quality int) ([]byte, error) { return w.encoded(ctx, out, blocks, quality) })
}

// subsampled returns how many pixels share a sample of chroma.
func subsampled(r image.YCbCrSubsampleRatio) (across, down int) {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	}
	return 1, 1
}

// plane is one channel of a picture.
type plane struct {
	pix           []byte
	width, height int // the row is as long as the plane is wide
}

// planeOf returns luma (0), blue or red chroma.
func planeOf(m *image.YCbCr, i int) plane {
	pix, stride := [][]byte{m.Y, m.Cb, m.Cr}[i], m.CStride
	if i == 0 {
		stride = m.YStride
	}
	return plane{pix, stride, len(pix) / stride}
}

// turned returns the plane turned.
func (p plane) turned(t turn) plane {
	if t == upright {
		return p
	}
	size := t.size(image.Pt(p.width, p.height))
	to := plane{make([]byte, len(p.pix)), size.X, size.Y}
	origin, right, down := t.walk(size, 1, size.X)
	const side = 64 // of squares whose rows and columns stay in the processor's cache
	for top := 0; top < p.height; top += side {
		for left := 0; left < p.width; left += side {
			for y := top; y < min(top+side, p.height); y++ {
				at := origin + left*right + y*down
				for _, level := range p.pix[y*p.width+left : y*p.width+min(left+side, p.width)] {
					to.pix[at] = level
					at += right
				}
			}
		}
	}
	return to
}

// resamplePlane is resample for one channel. The steps are how far places of the result are from each other.
func resamplePlane(ctx context.Context, dst, src plane, steps [2]float64, kernel gift.Resampling) error {
	if dst.width == src.width && dst.height == src.height && steps == [2]float64{1, 1} {
		copy(dst.pix, src.pix)
		return nil
	}
	weigh := planeRows(tapsOf(src.width, dst.width, steps[0], kernel), src.width)
	weigher := func() func(line []int16, y int) {
		return func(line []int16, y int) { weigh(line, src.pix[y*src.width:][:src.width]) }
	}
	return twoPasses(ctx, dst.width, tapsOf(src.height, dst.height, steps[1], kernel), weigher, func(
		y int, sums []int32,
	) {
		row := dst.pix[y*dst.width:][:dst.width]
		for x := range row {
			row[x] = lastLevel(sums[x])
		}
	})
}

// acrossPlane weighs along a row of one channel.
func acrossPlane(line []int16, row []byte, across []taps) {
	for i, t := range across {
		var sum int32
		for j, level := range row[t.first:][:len(t.weights)] {
			sum += t.weights[j] * int32(level)
		}
		line[i] = levelBetween(sum, weightBits-levelBits)
	}
}
