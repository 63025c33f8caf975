package imaging

import (
	"math"

	"imagepro/handler/recipe"
)

// adjust applies what changes each channel by itself through tables, then what mixes the channels.
func (p *planner) adjust(s recipe.Adjust) error {
	if s.Gamma == 0 {
		s.Gamma = 1 // a step that was not parsed
	}
	if s.Editor {
		return p.adjustAsInEditor(s)
	}
	if s.Exposure != 0 || s.Gamma != 1 || s.Brightness != 0 || s.Contrast != 0 || s.Highlights != 0 || s.Shadows != 0 ||
		s.Sigmoid.Factor != 0 {
		table := toneTable(s)
		p.point(point{"tone", func(row []byte) { applyTable(row, &table) }})
	}
	if s.Temperature != 0 {
		p.temperature(s.Temperature / 100)
	}
	if s.Saturation != 0 {
		scale := float32(1 + s.Saturation/100)
		p.point(point{"saturation", func(row []byte) { saturate(row, scale) }})
	}
	if s.Vibrance != 0 {
		share := float32(s.Vibrance / 100)
		p.point(point{"vibrance", func(row []byte) { vibrate(row, share) }})
	}
	if s.Hue != 0 {
		return p.matrix(recipe.Matrix{Name: "hue", Values: hueMatrix(s.Hue)})
	}
	return nil
}

// toneTable returns what each level becomes, with gift's formulas but for the exposure, which multiplies light, and for
// highlights and shadows.
func toneTable(s recipe.Adjust) (table [256]uint8) {
	for i := range table {
		x := float64(i) / 255
		if s.Exposure != 0 {
			x = fromLight(min(1, toLight(x)*math.Exp2(s.Exposure)))
		}
		if s.Gamma != 1 {
			x = math.Pow(x, 1/s.Gamma)
		}
		x = min(1, max(0, x+s.Brightness/100))
		x = min(1, max(0, contrasted(x, s.Contrast)))
		x = 1 - lifted(1-x, -s.Highlights/100)
		x = bent(lifted(x, s.Shadows/100), s.Sigmoid)
		table[i] = uint8(math.Floor(min(1, max(0, x))*255 + 0.5))
	}
	return table
}

// lifted moves what is dark towards its square root, or with a negative share towards its square; the lighter it is,
// the less. The order of levels stays.
func lifted(x, share float64) float64 {
	to := math.Sqrt(x)
	if share < 0 {
		to = x * x
	}
	return x + math.Abs(share)*(to-x)*(1-x)*(1-x)
}

// bent applies a curve in the shape of an S, or its inverse for a negative factor.
func bent(x float64, s recipe.Sigmoid) float64 {
	if s.Factor == 0 {
		return x
	}
	steep := math.Abs(s.Factor)
	logistic := func(x float64) float64 { return 1 / (1 + math.Exp(steep*(s.Midpoint-x))) }
	low, high := logistic(0), logistic(1)
	if s.Factor > 0 {
		return (logistic(x) - low) / (high - low)
	}
	return s.Midpoint - math.Log(1/(low+(high-low)*x)-1)/steep
}

// toLight and fromLight are the transfer function of sRGB (IEC 61966-2-1), from 0 to 1.
func toLight(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

func fromLight(x float64) float64 {
	if x <= 0.0031308 {
		return x * 12.92
	}
	return 1.055*math.Pow(x, 1/2.4) - 0.055
}

// temperature makes red stronger and blue weaker, or the reverse.
func (p *planner) temperature(share float64) {
	var red, blue [256]uint8
	for i := range red {
		red[i], blue[i] = level(float64(i)*(1+share/4)), level(float64(i)*(1-share/4))
	}
	p.point(point{"temperature", func(row []byte) {
		for i := 0; i+3 < len(row); i += 4 {
			row[i], row[i+2] = red[row[i]], blue[row[i+2]]
		}
	}})
}

// hueMatrix turns colours about the grey axis of the cube of red, green and blue, as fabric does it.
func hueMatrix(degrees float64) [20]float64 {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	third, root := 1.0/3, math.Sqrt(1.0/3)
	same, next, before := cos+(1-cos)*third, third*(1-cos)-root*sin, third*(1-cos)+root*sin
	return [20]float64{
		same, next, before, 0, 0,
		before, same, next, 0, 0,
		next, before, same, 0, 0,
		0, 0, 0, 1, 0,
	}
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

// saturate multiplies the saturation of HSL, up to full. With hue and lightness kept, every channel moves away from the
// lightness by the same factor, so no conversion to HSL is needed.
func saturate(row []byte, scale float32) {
	for i := 0; i+3 < len(row); i += 4 {
		p := row[i : i+4 : i+4]
		most, least := int(max(p[0], p[1], p[2])), int(min(p[0], p[1], p[2]))
		if most != least {
			moveApart(p, most, least, scale)
		}
	}
}

// vibrate is saturate by a share that is less for what is saturated already.
func vibrate(row []byte, share float32) {
	for i := 0; i+3 < len(row); i += 4 {
		p := row[i : i+4 : i+4]
		most, least := int(max(p[0], p[1], p[2])), int(min(p[0], p[1], p[2]))
		if most != least {
			moveApart(p, most, least, 1+share*(1-float32(most-least)/255))
		}
	}
}

// moveApart moves the channels of a pixel away from its lightness.
func moveApart(p []byte, most, least int, scale float32) {
	sum := most + least
	full := float32(min(sum, 510-sum)) / float32(most-least) // the factor that saturates fully
	k := min(scale, full)
	middle := float32(sum) / 2
	for c := range 3 {
		p[c] = uint8(max(0, min(255, middle+(float32(p[c])-middle)*k+0.5)))
	}
}
