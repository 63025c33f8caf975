package imaging

import (
	"math"

	"imagepro/handler/recipe"
)

// adjustAsInEditor has fabric's formulas for a canvas (https://github.com/fabricjs/fabric.js, 4.6.0, src/filters), one
// after the other, each rounded as a canvas rounds. Fabric's saturation and vibrance look away from the greatest
// channel.
func (p *planner) adjustAsInEditor(s recipe.Adjust) error {
	if s.Gamma != 1 {
		p.levels("gamma", func(x float64) float64 { return math.Trunc(math.Pow(x/255, 1/s.Gamma) * 255) })
	}
	if s.Brightness != 0 {
		more := math.Floor(s.Brightness/100*255 + 0.5)
		p.levels("brightness", func(x float64) float64 { return x + more })
	}
	if s.Contrast != 0 {
		c := math.Floor(s.Contrast / 100 * 255)
		factor := 259 * (c + 255) / (255 * (259 - c))
		p.levels("contrast", func(x float64) float64 { return factor*(x-128) + 128 })
	}
	if s.Saturation != 0 {
		share := -s.Saturation / 100
		p.point(point{"saturation", func(row []byte) {
			fromGreatest(row, func(_, _, _, _ float64) float64 { return share })
		}})
	}
	if s.Vibrance != 0 {
		share := -s.Vibrance / 100
		p.point(point{"vibrance", func(row []byte) {
			fromGreatest(row, func(r, g, b, most float64) float64 {
				return math.Abs(most-(r+g+b)/3) * 2 / 255 * share
			})
		}})
	}
	if s.Hue != 0 {
		return p.matrix(recipe.Matrix{Name: "hue", Values: hueMatrix(s.Hue)})
	}
	return nil
}

// levels pushes a point that changes each channel by itself.
func (p *planner) levels(name string, of func(x float64) float64) {
	var table [256]uint8
	for i := range table {
		table[i] = level(of(float64(i)))
	}
	p.point(point{name, func(row []byte) { applyTable(row, &table) }})
}

// fromGreatest moves each channel towards the greatest one by a share of the distance.
func fromGreatest(row []byte, share func(r, g, b, most float64) float64) {
	for i := 0; i+3 < len(row); i += 4 {
		q := row[i : i+4 : i+4]
		most := float64(max(q[0], q[1], q[2]))
		move := share(float64(q[0]), float64(q[1]), float64(q[2]), most)
		for c := range 3 {
			x := float64(q[c])
			q[c] = level(x + (most-x)*move)
		}
	}
}
