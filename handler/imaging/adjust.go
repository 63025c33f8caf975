package imaging

import (
	"math"

	"imagepro/handler/recipe"
)

// adjust applies brightness and contrast through one table, then saturation.
func (p *planner) adjust(s recipe.Adjust) error {
	if s.Brightness != 0 || s.Contrast != 0 {
		table := toneTable(s.Brightness, s.Contrast)
		p.point(point{"tone", func(row []byte) { applyTable(row, &table) }})
	}
	if s.Saturation != 0 {
		scale := float32(1 + s.Saturation/100)
		p.point(point{"saturation", func(row []byte) { saturate(row, scale) }})
	}
	return nil
}

// toneTable returns what each level becomes, with gift's formulas.
func toneTable(brightness, contrast float64) (table [256]uint8) {
	for i := range table {
		x := min(1, max(0, float64(i)/255+brightness/100))
		table[i] = uint8(math.Floor(min(1, max(0, contrasted(x, contrast)))*255 + 0.5))
	}
	return table
}

// contrasted turns the line about the middle grey: level at -100, a step at 100.
func contrasted(x, percent float64) float64 {
	slope := 1 + percent/100
	switch {
	case percent <= 0:
	case percent < 100:
		slope = 1 / (1 - percent/100)
	case x < 0.5:
		return 0
	default:
		return 1
	}
	return 0.5 + (x-0.5)*slope
}

func applyTable(row []byte, table *[256]uint8) {
	for i := 0; i+3 < len(row); i += 4 {
		p := row[i : i+4 : i+4]
		p[0], p[1], p[2] = table[p[0]], table[p[1]], table[p[2]]
	}
}

// saturate multiplies the saturation of HSL, up to full. With hue and lightness kept, every channel moves
// away from the lightness by the same factor, so no conversion to HSL is needed.
func saturate(row []byte, scale float32) {
	for i := 0; i+3 < len(row); i += 4 {
		p := row[i : i+4 : i+4]
		most, least := int(max(p[0], p[1], p[2])), int(min(p[0], p[1], p[2]))
		if most == least {
			continue
		}
		sum := most + least
		full := float32(min(sum, 510-sum)) / float32(most-least) // the factor that saturates fully
		k := min(scale, full)
		middle := float32(sum) / 2
		for c := range 3 {
			p[c] = uint8(max(0, min(255, middle+(float32(p[c])-middle)*k+0.5)))
		}
	}
}
