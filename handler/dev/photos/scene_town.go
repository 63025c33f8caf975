package photos

import "math"

// warmLights are the colours of a town at night.
func warmLights() []color {
	return []color{hex(0xffc46b), hex(0xff9a3d), hex(0xffe2a8), hex(0xff5e4d), hex(0x6fb7ff), hex(0x7dffd0)}
}

// skyline is a town beside water at night, seen past lights that are out of focus.
func skyline(p *painter) {
	water := p.between(0.66, 0.72)
	p.sky(sky{hex(0x0b1230), p.pick(hex(0x8a5f88), hex(0x45709f), hex(0xb0705c)), hex(0x3a3a5c), water, 0.4})
	for i := range 3 {
		near := float32(i) / 2
		for x := p.between(-0.1, 0); x < p.aspect; {
			width := p.between(0.05, 0.13)
			height := p.between(0.12, 0.5) * (1.1 - near*0.35)
			if p.rand.IntN(6) == 0 {
				height *= 1.3
			}
			p.tower(x, water-height, x+width, water+0.01, mix(hex(0x4a4a70), hex(0x141726), near))
			x += width + p.between(0, 0.03)
		}
	}
	p.water(water, hex(0x0a1020), 0.14)
	p.bokeh(bokeh{
		count:  22,
		y0:     0.74,
		y1:     1.02,
		small:  0.03,
		large:  0.085,
		faint:  0.25,
		strong: 0.6,
		colors: warmLights(),
	})
}

// tower is a building with lit windows.
func (p *painter) tower(x0, y0, x1, y1 float32, wall color) {
	start := p.between(0, 200)
	wide, tall := p.between(0.007, 0.011), p.between(0.011, 0.017)
	glass := p.pick(hex(0xffcf80), hex(0xffe6b8), hex(0xcfe4ff), hex(0xffb861))
	share := p.between(0.56, 0.7)
	p.fill(bar(x0, y0, x1, y1, 0.001), paint{rough: 0.2, shade: func(x, y float32) color {
		u, v := (x-x0)/wide, (y-y0)/tall
		column, floorNo := float32(floor(u)), float32(floor(v))
		inside := smooth(0.5, 0.3, abs(u-column-0.5)) * smooth(0.5, 0.3, abs(v-floorNo-0.5))
		lit := p.noise.at(start+column*1.37, floorNo*1.61)
		c := wall.times(0.75 + (y-y0)*1.2 + 0.25*smooth(0.3, 0, (x-x0)/(x1-x0)))
		if lit < share {
			return mix(c, wall.times(0.6), inside)
		}
		return mix(c, glass.times(lit), inside*(0.35+0.65*smooth(share, share+0.15, lit)))
	}})
}

// street is a wet street at night, all of it out of focus but the kerb.
func street(p *painter) {
	p.blurred(0.3, hex(0x141a33), hex(0x2b2440), hex(0x3a2a2c), hex(0x0d0f16))
	lights := warmLights()
	p.bokeh(bokeh{count: 60, y0: 0.1, y1: 0.6, small: 0.015, large: 0.05, faint: 0.3, strong: 0.8, colors: lights})
	p.bokeh(bokeh{count: 26, y0: 0.15, y1: 0.58, small: 0.05, large: 0.1, faint: 0.2, strong: 0.55, colors: lights})
	p.water(0.62, hex(0x0b0d14), 0.3)
	vanish := p.aspect * p.between(0.4, 0.6)
	p.fill(shape{0, 0.62, p.aspect, 1, func(_, y float32) float32 { return 0.62 - y }}, paint{
		rough: 0.8, opacity: 0.5,
		shade: func(x, y float32) color {
			// Paving stones in perspective.
			far := 1 / (y - 0.6)
			u, v := (x-vanish)*far*3, far*1.5
			joint := max(abs(u-float32(floor(u))-0.5), abs(v-float32(floor(v))-0.5))
			return p.at(x, y).times(0.5 + p.noise.fractal(x*50, y*90, 3)*0.9 - 0.5*smooth(0.4, 0.5, joint))
		},
	})
	x := p.aspect * p.between(0.3, 0.7)
	p.walker(x, 0.86, 0.5)
}

// walker is somebody with an umbrella, seen from behind against the light.
func (p *painter) walker(x, foot, size float32) {
	coat := paint{rough: 0.3, shade: func(u, v float32) color {
		return mix(hex(0x15161d), hex(0x7a5a44), smooth(0.02, 0.1, abs(u-x)/size)*0.7)
	}}
	p.shadow(x, foot+0.005, size*0.25, size*0.03, 0.8)
	p.fill(stroke(x-size*0.035, foot-size*0.4, size*0.035, x-size*0.05, foot, size*0.02), coat)
	p.fill(stroke(x+size*0.035, foot-size*0.4, size*0.035, x+size*0.045, foot-size*0.015, size*0.02), coat)
	p.fill(stroke(x, foot-size*0.68, size*0.075, x, foot-size*0.28, size*0.11), coat)
	p.fill(disc(x, foot-size*0.82, size*0.055), coat)
	top, rim := foot-size*1.12, foot-size*0.86
	p.fill(stroke(x+size*0.1, foot-size*0.5, size*0.006, x, top, size*0.006), coat)
	canopy := ellipse(x, rim, size*0.42, rim-top)
	round := canopy.dist
	canopy.dist = func(u, v float32) float32 {
		scallop := size * 0.025 * abs(sine((u-x)/size*22))
		return max(round(u, v), v-rim+scallop)
	}
	red := p.pick(hex(0xc4302b), hex(0xe0a526), hex(0x2a6f97))
	p.fill(canopy, paint{shade: func(u, v float32) color {
		seam := abs(sine((u - x) / size * 11 / (0.4 + (v-top)/(rim-top))))
		return red.times(0.55 + 0.35*seam + (rim-v)/size*1.2 - (u-x)/size*0.5)
	}})
}

// fair is a summer fair: striped tents under bunting.
func fair(p *painter) {
	p.sky(sky{hex(0x2f83d6), hex(0xd6ebf7), hex(0xffffff), 0.72, p.between(0.35, 0.7)})
	p.ridge(ridge{
		base:    0.66,
		height:  0.14,
		scale:   3,
		octaves: 5,
		rough:   0.5,
		shade: func(x, y, depth float32) color {
			return mix(hex(0x5f7f4a), hex(0x2f4a26), p.noise.fractal(x*30, y*30, 3)).times(1.1 - depth)
		},
	})
	p.wheel(p.aspect*p.between(0.6, 0.8), 0.4, p.between(0.22, 0.28))
	p.ridge(ridge{
		base:    0.74,
		height:  0.03,
		scale:   2,
		octaves: 2,
		rough:   0.9,
		shade: func(x, y, depth float32) color {
			return mix(hex(0x86a84a), hex(0x55802f), p.noise.fractal(x*40, y*70, 3)).times(0.8 + depth)
		},
	})
	x := p.between(-0.1, 0.05)
	for x < p.aspect {
		size := p.between(0.24, 0.34)
		p.tent(x+size/2, p.between(0.74, 0.8), size, p.pick(hex(0xd8342f), hex(0x2766b1), hex(0xe7a51d), hex(0x2e8b57)))
		x += size * p.between(0.95, 1.25)
	}
	for range 34 {
		p.visitor(p.between(0, p.aspect), p.between(0.8, 0.97))
	}
	p.bunting(0.1)
	p.bunting(0.2)
}

// wheel is a Ferris wheel.
func (p *painter) wheel(x, y, r float32) {
	steel := plain(hex(0xf1f3f5))
	p.fill(stroke(x, y, 0.006, x-r*0.55, 0.72, 0.008), steel)
	p.fill(stroke(x, y, 0.006, x+r*0.55, 0.72, 0.008), steel)
	ring := disc(x, y, r*1.02)
	ring.dist = func(u, v float32) float32 { return abs(length(u-x, v-y)-r) - 0.004 }
	p.fill(ring, steel)
	for i := range 12 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 6)
		u, v := x+r*float32(cos), y+r*float32(sin)
		p.fill(stroke(x, y, 0.002, u, v, 0.002), steel)
		c := []color{hex(0xe63946), hex(0xf4a261), hex(0x2a9d8f), hex(0x3a6ea5)}[i%4]
		p.fill(bar(u-0.02, v, u+0.02, v+0.038, 0.012), paint{shade: func(_, w float32) color {
			return c.times(1.15 - (w-v)*12)
		}})
	}
}

// tent is a striped pavilion.
func (p *painter) tent(x, foot, size float32, c color) {
	stripes := func(scale, dim float32) func(u, v float32) color {
		return func(u, v float32) color {
			s := (u - x) / size * scale
			cloth := hex(0xf6f1e4)
			if floor(s)&1 == 0 {
				cloth = c
			}
			return cloth.times((dim - (u-x)/size*0.35) * (0.93 + 0.14*p.noise.fractal(u*30, v*12, 2)))
		}
	}
	wall := size * 0.5
	p.shadow(x+size*0.08, foot+0.004, size*0.56, 0.02, 0.6)
	p.fill(bar(x-size*0.45, foot-wall, x+size*0.45, foot, 0.002), paint{rough: 0.2, shade: stripes(11, 0.78)})
	p.fill(convex(x-size*0.12, foot, x-size*0.07, foot-wall*0.7, x+size*0.07, foot-wall*0.7, x+size*0.12, foot),
		plain(hex(0x33261f)))
	peak := foot - size*0.9
	roof := func(u, v float32) color { return stripes(11*0.45/(0.06+0.44*(v-peak)/(size*0.4)), 1)(u, v) }
	p.fill(convex(x, peak, x+size*0.52, foot-wall, x-size*0.52, foot-wall), paint{rough: 0.2, shade: roof})
	p.fill(stroke(x, peak, 0.003, x, peak-0.05, 0.002), plain(hex(0xe8e0d0)))
	p.fill(convex(x, peak-0.05, x+0.05, peak-0.036, x, peak-0.022), plain(c))
}

// visitor is a small figure in a crowd.
func (p *painter) visitor(x, foot float32) {
	size := 0.05 + (foot-0.78)*0.75
	shirt := p.pick(hex(0xd94f4f), hex(0x3f6fb5), hex(0xf0c04a), hex(0xf2f2ee), hex(0x5a9a68), hex(0x333a4a))
	p.shadow(x+size*0.15, foot, size*0.25, size*0.05, 0.5)
	lit := func(c color) paint {
		return paint{rough: 0.3, shade: func(u, _ float32) color { return c.times(1 - (u-x)/size*1.6) }}
	}
	p.fill(stroke(x-size*0.04, foot-size*0.45, size*0.05, x-size*0.06, foot, size*0.035), lit(hex(0x37415a)))
	p.fill(stroke(x+size*0.04, foot-size*0.45, size*0.05, x+size*0.06, foot, size*0.035), lit(hex(0x2c3448)))
	p.fill(stroke(x, foot-size*0.75, size*0.09, x, foot-size*0.46, size*0.1), lit(shirt))
	p.fill(disc(x, foot-size*0.93, size*0.07), lit(hex(0xd9a57c)))
	p.fill(ellipse(x, foot-size*0.965, size*0.075, size*0.05), lit(p.pick(hex(0x4a3423), hex(0x1f1a18), hex(0xb98a4a))))
}

// bunting is a line of flags across the picture that hangs from y.
func (p *painter) bunting(y float32) {
	tilt := p.between(-0.05, 0.05)
	hang := func(x float32) float32 {
		t := x / p.aspect
		return y + tilt*t + 0.22*t*(1-t)
	}
	flags := []color{hex(0xe63946), hex(0xffd166), hex(0x2a9d8f), hex(0xf8f4e8), hex(0x457b9d)}
	const step = 0.07
	for i := range int(p.aspect/step) + 1 {
		x := float32(i) * step
		p.fill(stroke(x, hang(x), 0.002, x+step, hang(x+step), 0.002), plain(hex(0x4a4038)))
		c := flags[i%len(flags)]
		a, b := x+step*0.1, x+step*0.9
		p.fill(convex(a, hang(a), b, hang(b), x+step*0.55, hang(x)+step*1.15),
			paint{rough: 0.15, shade: func(u, v float32) color {
				return c.times(0.82 + 0.3*p.noise.at(u*60, v*14))
			}})
	}
}
