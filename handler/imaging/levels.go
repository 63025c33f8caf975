package imaging

import (
	"math"

	"imagepro/handler/recipe"
)

// luma709 is a level of light; see recipe.Luma709.
var luma709 = grayLevel(recipe.Luma709)

// table makes every channel's level another one.
func (p *planner) table(name string, of func(level float64) float64) error {
	var table [256]uint8
	for i := range table {
		table[i] = level(of(float64(i)))
	}
	p.point(point{name, func(row []byte) { applyTable(row, &table) }})
	return nil
}

func (p *planner) invert() error {
	return p.table("invert", func(x float64) float64 { return 255 - x })
}

func (p *planner) posterize(s recipe.Posterize) error {
	steps := float64(s.Levels - 1)
	return p.table("posterize", func(x float64) float64 { return math.Round(x/255*steps) / steps * 255 })
}

func (p *planner) solarize(s recipe.Solarize) error {
	return p.table("solarize", func(x float64) float64 {
		if x > s.Level {
			return 255 - x
		}
		return x
	})
}

func (p *planner) threshold(s recipe.Threshold) error {
	p.point(point{"threshold", func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			q := row[i : i+4 : i+4]
			var to uint8
			if float64(luma709(uint32(q[0]), uint32(q[1]), uint32(q[2]))) > s.Level {
				to = 255
			}
			q[0], q[1], q[2] = to, to, to
		}
	}})
	return nil
}

func (p *planner) duotone(s recipe.Duotone) error {
	var table [256][3]uint8
	for i := range table {
		share := float64(i) / 255
		mix := func(dark, light uint8) uint8 { return level(float64(dark) + (float64(light)-float64(dark))*share) }
		table[i] = [3]uint8{mix(s.Dark.R, s.Light.R), mix(s.Dark.G, s.Light.G), mix(s.Dark.B, s.Light.B)}
	}
	p.point(point{"duotone", func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			q := row[i : i+4 : i+4]
			copy(q, table[luma709(uint32(q[0]), uint32(q[1]), uint32(q[2]))][:])
		}
	}})
	return nil
}
