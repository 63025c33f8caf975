package photos

// sky is what is above the horizon, and the whole background.
type sky struct {
	top, low, cloud color
	horizon         float32
	cover           float32 // how much of it is clouds, 0 to 1
}

func (p *painter) sky(s sky) {
	drift := p.between(0, 200)
	p.background(0, func(x, y float32) color {
		base := mix(s.top, s.low, power(clamp(y/s.horizon), 1.3))
		if s.cover == 0 || y >= s.horizon {
			return base
		}
		// Clouds lie on a plane overhead: they get smaller towards the horizon.
		far := 1 / (s.horizon*1.15 - y + 0.1)
		u, v := (x-p.aspect/2)*far*1.2+drift, far*2.6
		density := p.noise.fractal(u, v, 5)
		edge := 0.68 - s.cover*0.3
		cover := smooth(edge, edge+0.2, density) * smooth(s.horizon, s.horizon*0.75, y)
		lit := smooth(0.16, -0.1, p.noise.fractal(u+0.12, v+0.3, 3)-density)
		return mix(base, mix(s.cloud, mix(s.cloud, s.top, 0.45), lit), cover*0.95)
	})
}

// sun puts a light into the sky: a bright disc and the glow around it.
func (p *painter) sun(x, y, r float32, c color) {
	for _, glow := range []struct{ size, strength float32 }{{9, 0.45}, {3.5, 0.5}, {1.5, 0.6}} {
		reach := r * glow.size
		p.fill(disc(x, y, reach), paint{opacity: glow.strength, light: true, shade: func(u, v float32) color {
			d := length(u-x, v-y) / reach
			return c.times(exp(-d*d*4) * smooth(1, 0.6, d))
		}})
	}
	p.fill(disc(x, y, r), paint{soft: r * 0.15, shade: plain(mix(c, hex(0xffffff), 0.8)).shade})
}

// ridge is a layer of land from its skyline down to the lower edge.
type ridge struct {
	base, height float32 // the skyline lies between base-height and base
	scale        float32 // how many hills there are in the picture's height
	octaves      int
	sharp        bool    // peaks rather than hills
	start        float32 // where in the noise it begins; zero is anywhere
	rough        float32
	shade        func(x, y, depth float32) color // depth is how far below the skyline
}

// ridge paints a layer and returns its skyline.
func (p *painter) ridge(r ridge) func(x float32) float32 {
	if r.start == 0 {
		r.start = p.between(1, 200)
	}
	tops := make([]float32, p.w)
	for i := range tops {
		n := p.noise.fractal(r.start+float32(i)*p.pixel*r.scale, r.start, r.octaves)
		if r.sharp {
			n = 1 - abs(2*n-1)*1.3
		}
		tops[i] = r.base - r.height*n
	}
	top := func(x float32) float32 { return tops[min(max(int(x/p.pixel), 0), p.w-1)] }
	p.fill(shape{0, r.base - r.height, p.aspect, 1, func(x, y float32) float32 { return top(x) - y }}, paint{
		rough: r.rough,
		shade: func(x, y float32) color { return r.shade(x, y, y-top(x)) },
	})
	return top
}

// relief is the light on broken ground, about -1 to 1; the light comes from the upper left.
func (p *painter) relief(x, y, scale float32, octaves int) float32 {
	x, y = x*scale, y*scale
	return (p.noise.fractal(x, y, octaves) - p.noise.fractal(x+0.25, y+0.2, octaves)) * 5
}

// water mirrors what is above the horizon in all that is below it.
func (p *painter) water(horizon float32, tint color, ripple float32) {
	p.fill(shape{0, horizon, p.aspect, 1, func(_, y float32) float32 { return horizon - y }}, paint{
		rough: 0.15,
		shade: func(x, y float32) color {
			depth := y - horizon
			far := 1 / (depth + 0.04)
			wave := p.noise.fractal(x*far*0.5, far*2.4, 3) - 0.5
			mirrored := p.at(x+wave*ripple*0.4, max(horizon-depth*1.05-wave*ripple*(0.3+depth), 0))
			return mix(mirrored.times(0.86+wave*0.5*ripple*4), tint, clamp(0.22+depth*0.55))
		},
	})
}

// conifer paints a fir.
func (p *painter) conifer(x, foot, height float32, c color) {
	wild := p.between(0, 200)
	width := height * p.between(0.15, 0.2)
	half := func(y float32) float32 {
		t := clamp(1 - (foot-y)/height)
		step := t*9 + wild
		step -= float32(floor(step))
		return width * power(t, 0.85) * (0.62 + 0.38*step) * (0.7 + 0.6*p.noise.at(y/height*60, wild))
	}
	p.fill(column(x, foot-height, foot, width*1.4, half), paint{rough: 0.7, shade: func(u, v float32) color {
		light := p.noise.fractal(u/height*22, v/height*30+wild, 3) - (u-x)/width*0.25
		return c.times(0.45 + 1.1*light)
	}})
}

// tree paints a broadleaf tree.
func (p *painter) tree(x, foot, size float32, dark, light color) {
	bark := paint{rough: 0.8, shade: func(u, v float32) color {
		return hex(0x4a3a2c).times(0.6 + 0.8*p.noise.at(u/size*60, v/size*10) - (u-x)/size*6)
	}}
	p.fill(stroke(x, foot, size*0.05, x, foot-size*0.55, size*0.03), bark)
	p.fill(stroke(x, foot-size*0.35, size*0.025, x+size*0.2, foot-size*0.65, size*0.012), bark)
	p.fill(stroke(x, foot-size*0.3, size*0.025, x-size*0.18, foot-size*0.6, size*0.012), bark)
	for i := range 260 {
		// Later leaves lie in front and, as the light comes from above, are a little brighter.
		u, v := float32(p.rand.NormFloat64())*0.17, float32(p.rand.NormFloat64())*0.14
		if length(u/0.4, v/0.33) > 1 {
			continue
		}
		lit := clamp(0.35 - v*1.3 - u*0.9 + float32(i)/900 + p.between(-0.12, 0.12))
		p.leaves(x+u*size, foot-size*0.72+v*size, size*p.between(0.035, 0.07), mix(dark, light, lit))
	}
}

// leaves paints a tuft of foliage.
func (p *painter) leaves(x, y, r float32, c color) {
	wild := p.between(0, 200)
	tuft := disc(x, y, r)
	tuft.dist = func(u, v float32) float32 {
		return length(u-x, v-y) - r*(0.45+0.8*p.noise.fractal(wild+(u-x)/r*2.5, (v-y)/r*2.5, 2))
	}
	p.fill(tuft, paint{rough: 0.9, shade: func(u, v float32) color {
		return c.times(0.7 + 0.6*p.noise.at(wild+(u-x)/r*4, (v-y)/r*4))
	}})
}

// bokeh paints lights that are out of focus.
type bokeh struct {
	count          int
	y0, y1         float32 // between these heights
	small, large   float32 // radius
	faint, strong  float32 // how bright
	colors         []color
	overX0, overX1 float32 // between these; both zero means everywhere
}

func (p *painter) bokeh(b bokeh) {
	if b.overX1 == 0 {
		b.overX1 = p.aspect
	}
	for range b.count {
		x, y := p.between(b.overX0, b.overX1), p.between(b.y0, b.y1)
		r := p.between(b.small, b.large)
		c := p.pick(b.colors...)
		p.fill(disc(x, y, r), paint{
			soft:    r * 0.14,
			opacity: p.between(b.faint, b.strong),
			light:   true,
			// A lens paints the rim of such a disc a little brighter.
			shade: func(u, v float32) color { return c.times(0.72 + 0.28*power(length(u-x, v-y)/r, 4)) },
		})
	}
}

// shadow darkens an ellipse, most in its middle.
func (p *painter) shadow(x, y, rx, ry, strength float32) {
	s, soft := ellipse(x, y, rx, ry), min(rx, ry)
	s.dist = func(u, v float32) float32 { return (length((u-x)/rx, (v-y)/ry) - 0.5) * soft }
	p.fill(s, paint{soft: soft, opacity: strength, shade: plain(hex(0x050508)).shade})
}

// blurred is a background far out of focus: soft patches of the given colours from top to foot.
func (p *painter) blurred(variety float32, stops ...color) {
	start := p.between(0, 200)
	p.background(0, func(x, y float32) color {
		v := p.noise.fractal(start+x*2.6, y*2.6, 2) - 0.5
		w := p.noise.at(start+x*4, 50+y*4) - 0.5
		return ramp(y+v*variety, stops...).times(1 + w*variety)
	})
}
