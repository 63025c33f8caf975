package photos

import "math"

// mug is a product cut out for a shop: a soft shadow on nothing.
func mug(p *painter) {
	x, s := p.aspect*0.47, min(p.aspect, 1.1)/1.1
	top, foot, r := float32(0.26), float32(0.84), 0.25*s
	glaze := p.pick(hex(0xd9513c), hex(0x2f7f8c), hex(0xe3b23c))
	p.shadow(x+0.07*s, foot+0.015, 0.46*s, 0.08, 0.6)
	handle := disc(x+r, 0.54, 0.2*s)
	handle.dist = func(u, v float32) float32 { return abs(length((u-x-r)*1.1, v-0.54)-0.15*s) - 0.03*s }
	p.fill(handle, paint{shade: func(u, v float32) color {
		d := length((u-x-r)*1.1, v-0.54) - 0.15*s
		return glaze.times(0.8 - d*9 - (v-0.54)*0.9)
	}})
	p.fill(ellipse(x, foot, r*0.9, 0.035), paint{shade: func(u, v float32) color {
		return p.glazed(glaze, (u-x)/r, u, v).times(0.95 - max(v-foot, 0)*9)
	}})
	body := column(x, top, foot, r, func(y float32) float32 {
		return r * (1 - 0.1*smooth(0.8, 1, (y-top)/(foot-top)))
	})
	p.fill(body, paint{rough: 0.05, shade: func(u, v float32) color {
		return p.glazed(glaze, (u-x)/r, u, v).times(1 - 0.05*smooth(foot-0.05, foot, v))
	}})
	p.fill(ellipse(x, top, r, 0.06), plain(mix(glaze, hex(0xffffff), 0.45)))
	p.fill(ellipse(x, top+0.004, r*0.93, 0.052), paint{shade: func(u, v float32) color {
		return mix(hex(0x3b2012), hex(0x8a5a35),
			smooth(0.25, 0.6, p.noise.fractal(u*14, v*40, 3))).times(0.7 - (u-x)*0.8)
	}})
}

// glazed is the colour of a round pot at side, -1 (left) to 1.
func (p *painter) glazed(glaze color, side, x, y float32) color {
	drip := 0.42 + 0.09*sine(x*31) + 0.05*sine(x*67)
	c := mix(glaze, hex(0xf3ece0), smooth(-0.006, 0.006, y-drip-0.12))
	c = c.times(0.94 + 0.12*p.noise.fractal(x*50, y*50, 3))
	round := float32(math.Sqrt(float64(max(1-side*side, 0))))
	c = c.times(0.34 + 0.66*round - side*0.22)
	return c.screen(color{1, 1, 1}.times(0.55*smooth(0.11, 0, abs(side+0.55)) + 0.12*smooth(0.3, 0, abs(side+0.4))))
}

// badge is a logo: rings and a mountain on nothing.
func badge(p *painter) {
	x, y, r := p.aspect/2, float32(0.52), 0.42*min(p.aspect, 1)
	ink, paper := p.pick(hex(0x1d3557), hex(0x6d2e46), hex(0x1f5f4a)), hex(0xf6f1e3)
	p.fill(disc(x+0.008, y+0.014, r*1.02), paint{soft: r * 0.12, opacity: 0.45, shade: plain(hex(0x050508)).shade})
	for _, ring := range []struct {
		r float32
		c color
	}{{1, ink}, {0.94, paper}, {0.91, ink}, {0.68, paper}, {0.66, hex(0x8ecae6)}} {
		p.fill(disc(x, y, r*ring.r), plain(ring.c))
	}
	inside := func(s shape) shape {
		edge := s.dist
		s.dist = func(u, v float32) float32 { return max(edge(u, v), length(u-x, v-y)-r*0.66) }
		return s
	}
	p.fill(inside(disc(x+r*0.28, y-r*0.25, r*0.14)), plain(hex(0xffb703)))
	for _, m := range []struct {
		at, top, half float32
		c             color
	}{{0.25, -0.2, 0.55, mix(ink, hex(0x8ecae6), 0.4)}, {-0.15, -0.42, 0.7, ink}} {
		u, top := x+r*m.at, y+r*m.top
		p.fill(inside(convex(u, top, u+r*m.half, y+r*0.5, u-r*m.half, y+r*0.5)), plain(m.c))
		p.fill(inside(convex(u, top, u+r*m.half*0.25, top+r*0.23, u, top+r*0.15, u-r*m.half*0.25, top+r*0.23)),
			plain(paper))
	}
	p.fill(inside(shape{x - r, y + r*0.2, x + r, y + r, func(u, v float32) float32 {
		return y + r*(0.36+0.035*sine((u-x)/r*14)) - v
	}}), plain(hex(0x219ebc)))
	for i := range 24 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 12)
		p.fill(disc(x+r*0.795*float32(cos), y+r*0.795*float32(sin), r*0.03), plain(paper))
	}
}

// petals is a flower cut out with soft edges.
func petals(p *painter) {
	r := 0.4 * min(p.aspect, 1)
	x, y := p.aspect/2, float32(0.53)
	p.shadow(x+0.02, y+0.05, r*1.15, r*1.1, 0.6)
	p.flower(x, y, r, p.pick(hex(0xe8579a), hex(0xf08a3c), hex(0x8f6be0)))
}

// stage is a concert that fades out towards the edges of the picture.
func stage(p *painter) {
	p.blurred(0.2, hex(0x0c0a18), hex(0x1c1233), hex(0x2a1430), hex(0x0a0810))
	colors := []color{hex(0xff3d81), hex(0x3d7bff), hex(0xffb03d), hex(0x4dffd2), hex(0xb46bff)}
	for i := range 9 {
		x := p.aspect * (0.08 + 0.84*float32(i)/8)
		foot := p.aspect*0.5 + (x-p.aspect*0.5)*p.between(-0.6, 0.9)
		p.beam(x, 0.1, foot, 0.78, p.pick(colors...))
	}
	p.fill(bar(0, 0.07, p.aspect, 0.11, 0.004), plain(hex(0x14141c)))
	p.fill(shape{0, 0.74, p.aspect, 1, func(_, y float32) float32 { return 0.74 - y }}, paint{rough: 0.2,
		shade: func(x, y float32) color {
			return mix(hex(0x6b4a7a), hex(0x140c1a),
				smooth(0.74, 0.84, y)).times(0.7 + 0.6*p.noise.fractal(x*4, y*60, 2))
		}})
	for i := range 4 {
		p.player(p.aspect*(0.2+0.2*float32(i))+p.between(-0.04, 0.04), 0.77, p.between(0.26, 0.31), colors[i])
	}
	for range 70 {
		x, y, r := p.between(0, p.aspect), p.between(0.87, 1.05), p.between(0.025, 0.04)
		head := plain(hex(0x0d0a14).times(p.between(0.5, 2.2)))
		p.fill(ellipse(x, y, r*0.75, r), head)
		p.fill(ellipse(x, y+r*2.1, r*1.7, r*1.4), head)
		if p.rand.IntN(4) == 0 {
			p.fill(stroke(x+r, y+r*1.5, r*0.35, x+r*p.between(0.8, 1.6), y-r*1.8, r*0.25), head)
		}
	}
	for i := range p.alpha {
		x, y := float32(i%p.w)*p.pixel, float32(i/p.w)*p.pixel
		p.alpha[i] = smooth(0, 0.13, min(x, p.aspect-x)) * smooth(0, 0.13, min(y, 1-y))
	}
}

// beam is the light of a lamp at (x0, y0) that falls on (x1, y1).
func (p *painter) beam(x0, y0, x1, y1 float32, c color) {
	p.fill(stroke(x0, y0, 0.008, x1, y1, 0.12),
		paint{
			soft:    0.06,
			opacity: 0.55,
			light:   true,
			shade: func(x, y float32) color {
				smoke := 0.55 + 0.9*p.noise.fractal(x*5, y*5, 3)
				return c.times(smoke * exp(-length(x-x0, y-y0)*1.5))
			},
		})
	p.sun(x0, y0, 0.012, c)
}

// player is a musician with a guitar against the light.
func (p *painter) player(x, foot, size float32, rim color) {
	body := paint{shade: func(u, _ float32) color {
		return mix(hex(0x0b0910), rim, smooth(0.02, 0.14, abs(u-x)/size)*0.45)
	}}
	p.fill(stroke(x-size*0.05, foot-size*0.45, size*0.05, x-size*0.13, foot, size*0.03), body)
	p.fill(stroke(x+size*0.05, foot-size*0.45, size*0.05, x+size*0.13, foot, size*0.03), body)
	p.fill(stroke(x, foot-size*0.75, size*0.09, x, foot-size*0.45, size*0.08), body)
	p.fill(ellipse(x, foot-size*0.92, size*0.06, size*0.075), body)
	p.fill(stroke(x-size*0.08, foot-size*0.75, size*0.035, x-size*0.18, foot-size*0.52, size*0.03), body)
	p.fill(stroke(x-size*0.12, foot-size*0.46, size*0.085, x-size*0.02, foot-size*0.5, size*0.05), body)
	p.fill(stroke(x, foot-size*0.5, size*0.018, x+size*0.3, foot-size*0.66, size*0.016), body)
}
