package imaging

import (
	"context"
	"image"
	"math"

	"github.com/disintegration/gift"
)

// The numbers of a resampling are whole: weights have weightBits after the point, and levels levelBits between the two
// passes. So the result is the same everywhere.
const (
	weightBits = 14
	levelBits  = 6
	fullLevel  = 255 << levelBits
)

// resample makes a picture of another size by weighing the pixels around each place, first along the rows, then along
// the columns, as gift does it; transparent pixels weigh less. It is gift's Resize in whole numbers, in bands that stay
// in the processor's cache.
func resample(ctx context.Context, m *image.NRGBA, out image.Point, kernel gift.Resampling) (*image.NRGBA, error) {
	in := m.Rect.Size()
	across, down := tapsOf(in.X, out.X, ratio(in.X, out.X), kernel), tapsOf(in.Y, out.Y, ratio(in.Y, out.Y), kernel)
	dst := image.NewNRGBA(image.Rectangle{Max: out})
	from := func(y int) []byte { return m.Pix[y*m.Stride:][:4*in.X] }
	to := func(y int) []byte { return dst.Pix[y*dst.Stride:][:4*out.X] }
	if m.Opaque() {
		weigh := opaqueRows(across, in.X)
		weigher := func() func(line []int16, y int) {
			return func(line []int16, y int) { weigh(line, from(y)) }
		}
		return dst, twoPasses(ctx, 3*out.X, down, weigher, func(y int, sums []int32) { storeOpaque(to(y), sums) })
	}
	weigh := alphaRows(across, in.X)
	weigher := func() func(line []int16, y int) {
		straight := make([]int16, 4*in.X)
		return func(line []int16, y int) {
			premultiply(straight, from(y))
			weigh(line, straight)
		}
	}
	return dst, twoPasses(ctx, 4*out.X, down, weigher, func(y int, sums []int32) { storeAlpha(to(y), sums) })
}

// twoPasses weighs rows of the source along themselves, into lines of a width, and the lines along the columns. It
// works in bands: for each, weigher returns what weighs a row.
func twoPasses(
	ctx context.Context, width int, down []taps, weigher func() func(line []int16, y int),
	store func(y int, sums []int32),
) error {
	return inRows(ctx, len(down), func(from, to int) {
		first, end := down[from].first, 0
		for _, t := range down[from:to] {
			first, end = min(first, t.first), max(end, t.first+len(t.weights))
		}
		band, weigh := make([]int16, (end-first)*width), weigher()
		for y := first; y < end; y++ {
			weigh(band[(y-first)*width:][:width], y)
		}
		sums := make([]int32, width)
		for y := from; y < to; y++ {
			t := down[y]
			downRow(sums, band[(t.first-first)*width:], width, t.weights)
			store(y, sums)
		}
	})
}

// taps are what one place of a result is made of: neighbours from a first one on, and how much each weighs. The weights
// sum up to one.
type taps struct {
	first   int
	weights []int32
}

func ratio(in, out int) float64 { return float64(in) / float64(out) }

// tapsOf returns the taps of each place along a side; step is how far they are from each other.
func tapsOf(in, out int, step float64, kernel gift.Resampling) []taps {
	scale := max(1, step) // a reduction takes a wider neighbourhood
	reach := math.Ceil(scale * float64(kernel.Support()))
	all := make([]taps, out)
	weights := make([]float64, 0, 2*int(reach)+1)
	room := make([]int32, 0, out*cap(weights))
	for i := range all {
		center := (float64(i)+0.5)*step - 0.5
		first, last := max(0, int(math.Ceil(center-reach))), min(in-1, int(math.Floor(center+reach)))
		weights = weights[:0]
		sum := 0.0
		for at := first; at <= last; at++ {
			w := float64(kernel.Kernel(float32((float64(at) - center) / scale)))
			weights = append(weights, w)
			sum += w
		}
		whole := room[len(room):][:len(weights)]
		room = room[:len(room)+len(weights)]
		wholeWeights(whole, weights, sum)
		all[i] = taps{first, whole}
	}
	return all
}

// wholeWeights rounds weights; the greatest takes what rounding left over, so that a plain colour stays as it is.
func wholeWeights(whole []int32, weights []float64, sum float64) {
	left, greatest := int32(1<<weightBits), 0
	for j, w := range weights {
		whole[j] = int32(math.Round(w / sum * (1 << weightBits)))
		left -= whole[j]
		if whole[j] > whole[greatest] {
			greatest = j
		}
	}
	whole[greatest] += left
}

// acrossOpaque weighs along a row of RGBA whose alpha does not matter; the line gets red, green and blue.
func acrossOpaque(line []int16, row []byte, across []taps) {
	for _, t := range across {
		var r, g, b int32
		p := row[4*t.first:]
		for _, w := range t.weights {
			q := p[:4:4]
			r += w * int32(q[0])
			g += w * int32(q[1])
			b += w * int32(q[2])
			p = p[4:]
		}
		to := line[:3:3]
		const shift = weightBits - levelBits
		to[0], to[1], to[2] = levelBetween(r, shift), levelBetween(g, shift), levelBetween(b, shift)
		line = line[3:]
	}
}

// most is the sum of a first pass for a full level.
const most = fullLevel << weightBits

// scaledDown takes a colour under more than full alpha to what it is under full alpha.
func scaledDown(sum, alpha int32) int32 { return int32(int64(sum) * most / int64(alpha)) }

// acrossAlpha weighs along a row of premultiplied levels.
func acrossAlpha(line, row []int16, across []taps) {
	for _, t := range across {
		var r, g, b, a int32
		p := row[4*t.first:]
		for _, w := range t.weights {
			q := p[:4:4]
			r += w * int32(q[0])
			g += w * int32(q[1])
			b += w * int32(q[2])
			a += w * int32(q[3])
			p = p[4:]
		}
		storeBetween(line[:4:4], r, g, b, a)
		line = line[4:]
	}
}

// storeBetween stores the sums of a first pass as premultiplied levels.
func storeBetween(to []int16, r, g, b, a int32) {
	if a > most { // sharper kernels go beyond opaque; the colour stays
		r, g, b = scaledDown(r, a), scaledDown(g, a), scaledDown(b, a)
	}
	alpha := levelBetween(a, weightBits)
	to[0], to[1], to[2] = min(alpha, levelBetween(r, weightBits)), min(alpha, levelBetween(g, weightBits)),
		min(alpha, levelBetween(b, weightBits))
	to[3] = alpha
}

// levelBetween rounds a sum to a level between the passes.
func levelBetween(sum int32, shift uint) int16 {
	return int16(min(fullLevel, max(0, (sum+1<<(shift-1))>>shift)))
}

// premultiply returns straight pixels as levels between the passes, times their alpha.
func premultiply(to []int16, row []byte) {
	for i := 0; i+3 < len(row); i += 4 {
		q, p := row[i:i+4:i+4], to[i:i+4:i+4]
		a := uint32(q[3]) << levelBits
		switch q[3] {
		case 0:
			p[0], p[1], p[2] = 0, 0, 0
		case 255:
			p[0], p[1], p[2] = int16(q[0])<<levelBits, int16(q[1])<<levelBits, int16(q[2])<<levelBits
		default:
			for c := range 3 {
				p[c] = int16((uint32(q[c])*a + 127) / 255)
			}
		}
		p[3] = int16(a)
	}
}

// downPlain weighs rows of a band that follow each other; width is theirs, which may be more than is weighed.
func downPlain(sums []int32, band []int16, width int, weights []int32) {
	n := len(sums)
	clear(sums)
	for len(weights) >= 4 {
		a, b, c, d := band[:n], band[width:][:n], band[2*width:][:n], band[3*width:][:n]
		wa, wb, wc, wd := weights[0], weights[1], weights[2], weights[3]
		for i := range sums {
			sums[i] += wa*int32(a[i]) + wb*int32(b[i]) + wc*int32(c[i]) + wd*int32(d[i])
		}
		band, weights = band[min(4*width, len(band)):], weights[4:]
	}
	for _, w := range weights {
		for i, level := range band[:n] {
			sums[i] += w * int32(level)
		}
		band = band[min(width, len(band)):]
	}
}

func storeOpaque(row []byte, sums []int32) {
	for i := 0; i+3 < len(row); i += 4 {
		q, s := row[i:i+4:i+4], sums[:3:3]
		q[0], q[1], q[2], q[3] = lastLevel(s[0]), lastLevel(s[1]), lastLevel(s[2]), 255
		sums = sums[3:]
	}
}

// lastLevel rounds the sum of the second pass.
func lastLevel(sum int32) uint8 {
	const shift = weightBits + levelBits
	return uint8(min(255, max(0, (sum+1<<(shift-1))>>shift)))
}

// storeAlpha divides by alpha.
func storeAlpha(row []byte, sums []int32) {
	for i := range len(row) / 4 {
		q, s := row[4*i:4*i+4:4*i+4], sums[4*i:4*i+4:4*i+4]
		if q[3] = lastLevel(s[3]); q[3] == 0 {
			continue
		}
		alpha := int64(s[3])
		for c := range 3 {
			q[c] = uint8(min(255, (max(0, int64(s[c]))*255+alpha/2)/alpha))
		}
	}
}
