package photos

// color is an sRGB colour with components from 0 to 1; lights may exceed 1 until the picture is developed.
type color struct{ r, g, b float32 }

// hex makes a colour of 0xRRGGBB.
func hex(v uint32) color {
	return color{float32(v>>16&255) / 255, float32(v>>8&255) / 255, float32(v&255) / 255}
}

// mix goes from a (t = 0) to b (t = 1).
func mix(a, b color, t float32) color {
	return color{lerp(a.r, b.r, t), lerp(a.g, b.g, t), lerp(a.b, b.b, t)}
}

// times makes a colour brighter (k > 1) or darker.
func (c color) times(k float32) color { return color{c.r * k, c.g * k, c.b * k} }

// screen adds a light to a colour the way two projectors add up: never beyond white.
func (c color) screen(l color) color {
	return color{1 - (1-c.r)*(1-l.r), 1 - (1-c.g)*(1-l.g), 1 - (1-c.b)*(1-l.b)}
}

// ramp goes evenly through the stops as t goes from 0 to 1.
func ramp(t float32, stops ...color) color {
	t = clamp(t) * float32(len(stops)-1)
	i := min(int(t), len(stops)-2)
	return mix(stops[i], stops[i+1], t-float32(i))
}

func lerp(a, b, t float32) float32 { return a + (b-a)*t }

func clamp(v float32) float32 { return min(max(v, 0), 1) }

// smooth rises from 0 at lo to 1 at hi without a corner; with lo > hi it falls.
func smooth(lo, hi, v float32) float32 {
	t := clamp((v - lo) / (hi - lo))
	return t * t * (3 - 2*t)
}
