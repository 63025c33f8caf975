package imaging

import "imagepro/handler/recipe"

// grayscale gives all channels the same level.
func (p *planner) grayscale(s recipe.Grayscale) error {
	of := grayLevel(s.Mode)
	p.point(point{"grayscale " + string(s.Mode), func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			q := row[i : i+4 : i+4]
			gray := of(uint32(q[0]), uint32(q[1]), uint32(q[2]))
			q[0], q[1], q[2] = gray, gray, gray
		}
	}})
	return nil
}

// grayLevel returns the formula of a mode; see recipe.GrayMode. The halves of Lightness and Luminosity are rounded to
// even, as a canvas does it.
func grayLevel(mode recipe.GrayMode) func(r, g, b uint32) uint8 {
	switch mode {
	case recipe.Luma601:
		return weighted(0.299, 0.587)
	case recipe.Luma709:
		return weighted(0.2126, 0.7152)
	case recipe.Luminosity:
		return func(r, g, b uint32) uint8 { return level(0.21*float64(r) + 0.72*float64(g) + 0.07*float64(b)) }
	case recipe.Lightness:
		return func(r, g, b uint32) uint8 {
			sum := max(r, g, b) + min(r, g, b)
			return uint8((sum + sum/2&1) / 2)
		}
	}
	return func(r, g, b uint32) uint8 { return uint8((r + g + b + 1) / 3) }
}

// weighted returns the weighted mean; blue has the rest of the weight.
func weighted(red, green float64) func(r, g, b uint32) uint8 {
	const one = 1 << 16
	wr, wg := uint32(red*one+0.5), uint32(green*one+0.5)
	wb := one - wr - wg
	return func(r, g, b uint32) uint8 { return uint8((r*wr + g*wg + b*wb + one/2) >> 16) }
}
