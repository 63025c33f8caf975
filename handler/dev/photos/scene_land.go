package photos

// lake is a mountain lake with firs on its shore.
func lake(p *painter) {
	haze := p.pick(hex(0xc9dcea), hex(0xf3d3b8), hex(0xdfe6ea))
	horizon := p.between(0.55, 0.62)
	p.sky(sky{p.pick(hex(0x2f6fb5), hex(0x3a5f98)), haze, hex(0xffffff), horizon, p.between(0.25, 0.6)})
	for i := range 3 {
		near := float32(i) / 2
		rock := mix(hex(0x5f6f84), hex(0x33442f), near)
		snow := 0.17 * (1 - near)
		p.ridge(ridge{
			base:    horizon - 0.01,
			height:  lerp(0.4, 0.1, near),
			scale:   lerp(1.3, 3, near),
			octaves: 7,
			sharp:   i < 2,
			rough:   0.5 * near,
			shade: func(x, y, depth float32) color {
				light := p.relief(x, y, 7+near*9, 6)
				c := rock.times(0.8 + light*(1.2-near*0.6))
				white := smooth(snow, snow*0.4, depth+light*0.07+0.03*p.noise.at(x*40, y*12)) * smooth(0, 0.02, snow)
				c = mix(c, hex(0xf4f7fb).times(0.82+light*0.5), white)
				return mix(c, haze, 0.34-near*0.26+clamp(depth)*0.6*(1-near))
			},
		})
	}
	p.water(horizon, hex(0x1d4a57), 0.08)
	shore := p.ridge(ridge{
		base:    1.02,
		height:  0.14,
		scale:   1.5,
		octaves: 5,
		rough:   1,
		shade:   func(x, y, _ float32) color { return hex(0x4b4f2e).times(0.8 + p.relief(x, y, 26, 4)) },
	})
	for range 26 {
		x := p.rand.Float32() * p.rand.Float32() * p.aspect * 0.7
		p.conifer(p.aspect-x, shore(p.aspect-x)+0.05, p.between(0.16, 0.46), hex(0x23402e).times(p.between(0.7, 1.3)))
	}
}

// meadow is a field with hills behind it and one tree.
func meadow(p *painter) {
	horizon := p.between(0.52, 0.6)
	p.sky(sky{hex(0x2b74c9), hex(0xcfe5f5), hex(0xffffff), horizon, p.between(0.5, 0.95)})
	green := p.pick(hex(0x7d9a35), hex(0xb59f3f), hex(0x6f9440))
	var field func(float32) float32
	for i := range 4 {
		near := float32(i) / 3
		field = p.ridge(ridge{
			base:    horizon + 0.05 + near*near*0.2,
			height:  0.2 - near*0.04,
			scale:   lerp(2.2, 1, near),
			octaves: 3 - i/2,
			rough:   0.25 + near*0.6,
			shade: func(x, y, depth float32) color {
				far := 1 / (depth + 0.07)
				u, v := (x-p.aspect/2)*far*5, far*9
				stripes := p.noise.fractal(x*3+y*9, v*0.4, 3)
				blades := p.noise.fractal(u*4, v*2.4, 4)
				c := mix(green.times(0.72), mix(green, hex(0xe2d873), 0.35), stripes)
				return mix(c.times(0.72+0.55*blades), hex(0xbcd3e4), 0.6*(1-near)*(1-near))
			},
		})
		for range 12 - 4*i {
			x, r := p.between(0, p.aspect), p.between(0.006, 0.012)*(1+near)
			c := mix(hex(0x2f4a24), hex(0xa9c3d6), 0.5*(1-near))
			for k := range 7 { // a bush is wider than tall, and brighter on top
				p.leaves(x+p.between(-2.2, 2.2)*r, field(x)+p.between(-1, 0.4)*r, r, c.times(1.15-float32(k)*0.05))
			}
		}
	}
	x := p.aspect * p.between(0.58, 0.76)
	foot := field(x) + 0.1
	p.shadow(x+0.1, foot+0.01, 0.24, 0.025, 0.55)
	p.tree(x, foot, p.between(0.5, 0.6), hex(0x1f3312), hex(0x9fbb46))
}

// dusk is the sea at sunset with a sailing boat.
func dusk(p *painter) {
	horizon := p.between(0.56, 0.66)
	warm := p.pick(hex(0xff9a4d), hex(0xff7f66), hex(0xffb35c))
	p.sky(
		sky{p.pick(hex(0x29345f), hex(0x4a3a6b)), warm, mix(warm, hex(0x7a4a63), 0.55), horizon, p.between(0.4, 0.75)})
	x := p.aspect * p.between(0.3, 0.7)
	p.sun(x, horizon-0.09, 0.045, mix(warm, hex(0xfff0c0), 0.6))
	p.ridge(ridge{
		base:    horizon + 0.005,
		height:  0.09,
		scale:   1.3,
		octaves: 5,
		shade: func(_, _, depth float32) color {
			return mix(hex(0x4d3550), warm, 0.25+depth*2)
		},
	})
	p.water(horizon, hex(0x1c2440), 0.2)
	p.glitter(x, horizon, warm)
	p.boat(p.aspect-x*0.8, horizon+0.09, 0.13)
	p.ridge(ridge{
		base:    1.08,
		height:  0.2,
		scale:   1.8,
		octaves: 6,
		rough:   0.8,
		shade:   func(u, v, _ float32) color { return hex(0x1d1a22).times(0.8 + p.relief(u, v, 20, 4)) },
	})
}

// glitter is the path of the sun on water.
func (p *painter) glitter(x, horizon float32, c color) {
	for range 900 {
		t := p.rand.Float32()
		y := horizon + 0.004 + t*t*(1-horizon)
		spread := 0.025 + (y-horizon)*0.32
		u := x + float32(p.rand.NormFloat64())*spread*0.6
		w := 0.004 + (y-horizon)*0.05
		p.fill(ellipse(u, y, w, w*0.16), paint{
			soft:    w * 0.15,
			opacity: p.between(0.2, 0.75),
			light:   true,
			shade:   plain(mix(c, hex(0xfff2c8), 0.5)).shade,
		})
	}
}

// boat is the silhouette of a sailing boat whose waterline is at y.
func (p *painter) boat(x, y, size float32) {
	dark := plain(hex(0x1a1822))
	sail := paint{shade: func(_, v float32) color { return mix(hex(0x4d3a44), hex(0xd9a486), (y-v)/size) }}
	p.fill(convex(x-size*0.03, y-size, x-size*0.03, y-size*0.12, x-size*0.34, y-size*0.12), sail)
	p.fill(convex(x+size*0.01, y-size*0.95, x+size*0.3, y-size*0.12, x+size*0.01, y-size*0.12), sail)
	p.fill(stroke(x-size*0.01, y, size*0.012, x-size*0.01, y-size*1.05, size*0.006), dark)
	p.fill(convex(x-size*0.36, y-size*0.09, x+size*0.42, y-size*0.09, x+size*0.28, y, x-size*0.28, y), dark)
	p.fill(ellipse(x, y+size*0.08, size*0.3, size*0.06), paint{soft: size * 0.08, opacity: 0.6, shade: dark.shade})
}

// dunes is a desert in low light.
func dunes(p *painter) {
	p.sky(sky{hex(0x3d6ea8), hex(0xf2d9b5), hex(0xfff5e5), 0.5, p.between(0, 0.3)})
	p.sun(p.aspect*p.between(0.15, 0.3), p.between(0.16, 0.26), 0.03, hex(0xfff0d0))
	sand := p.pick(hex(0xd99a58), hex(0xcf8648), hex(0xd9ab72))
	for i := range 5 {
		near := float32(i) / 4
		start, scale := p.between(1, 200), lerp(2.4, 1.1, near)
		slope := func(x float32) float32 {
			const step = 0.02
			return p.noise.fractal(start+(x+step)*scale, start, 2) - p.noise.fractal(start+(x-step)*scale, start, 2)
		}
		p.ridge(ridge{
			base:    0.52 + near*near*0.44,
			height:  0.14 + near*0.2,
			scale:   scale,
			octaves: 2,
			start:   start,
			rough:   0.3 + near*0.3,
			shade: func(x, y, depth float32) color {
				// The sun stands on the left: flanks that fall to the right lie in the shade, and the line
				// between the two wanders down from the crest.
				wander := (p.noise.at(x*7, y*7) - 0.5) * 0.05
				lit := smooth(-0.03, 0.01, slope(x-depth*0.9+wander)+wander*0.2)
				bend := p.noise.fractal(x*4, y*6, 2)
				waves := sine((y+bend*0.12)*lerp(900, 330, near)) * 0.05 * near
				c := mix(sand.times(0.5), mix(sand, hex(0xffe3b0), 0.35), lit)
				return mix(c.times(1+waves), hex(0xf0dcc0), 0.5*(1-near))
			},
		})
	}
}

// forest is a wood in fog.
func forest(p *painter) {
	fog := p.pick(hex(0xd8dfd2), hex(0xe9dcc0), hex(0xcfdbe0))
	p.blurred(0.25, mix(fog, hex(0xffffff), 0.3), fog, mix(fog, hex(0x6d7a58), 0.5))
	p.sun(p.aspect*p.between(0.35, 0.65), 0.2, 0.05, mix(fog, hex(0xfff0c8), 0.7))
	for i := range 5 {
		near := float32(i) / 4
		bark := mix(mix(fog, hex(0x66705c), 0.35), hex(0x2c261f), near)
		ground := p.ridge(ridge{
			base:    0.66 + near*0.3,
			height:  0.08,
			scale:   2,
			octaves: 4,
			rough:   near,
			shade: func(x, y, _ float32) color {
				return mix(fog, hex(0x4f5a26), 0.25+near*0.7).times(0.85 + 0.3*near*p.relief(x, y, 30, 5))
			},
		})
		for range 11 - 2*i {
			x, r := p.between(-0.05, p.aspect+0.05), lerp(0.008, 0.04, near)*p.between(0.7, 1.3)
			lean := p.between(-0.05, 0.05)
			p.fill(stroke(x, ground(x)+0.03, r, x+lean, -0.1, r*0.6),
				paint{rough: near, shade: func(u, v float32) color {
					side := (u - x - lean*0.5) / r
					return bark.times(0.6 + 0.75*p.noise.fractal(u*70, v*9, 3) - side*0.16)
				}})
			if near < 0.9 {
				p.conifer(x+p.between(-0.1, 0.1), ground(x)+0.02, p.between(0.1, 0.4)*(0.4+near),
					mix(fog, hex(0x2b3a20), 0.3+near*0.6))
			}
		}
	}
}

// aurora is a winter night with northern lights.
func aurora(p *painter) {
	p.sky(sky{hex(0x070b1f), hex(0x16324a), hex(0x000000), 0.72, 0})
	for range 380 {
		p.fill(disc(p.between(0, p.aspect), p.between(0, 0.65), p.between(0.0006, 0.0016)), paint{
			opacity: p.between(0.2, 0.9), light: true, shade: plain(hex(0xe8f0ff)).shade})
	}
	for i := range 3 {
		base, start := 0.5-float32(i)*0.11, p.between(0, 200)
		glow := p.pick(hex(0x3cffa0), hex(0x4fe8b8), hex(0x9a6bff))
		curtain := shape{0, 0, p.aspect, 0.72, func(_, _ float32) float32 { return -1 }}
		p.fill(curtain, paint{light: true, shade: func(x, y float32) color {
			foot := base + (p.noise.fractal(start+x*1.6, 3, 3)-0.5)*0.45
			rays := p.noise.fractal(start+x*16, y*0.6, 3)
			up := foot - y
			return glow.times(smooth(-0.025, 0.02, up) * exp(-max(up, 0)*7) * (0.15 + rays*0.95))
		}})
	}
	snow := func(x, y, depth float32) color {
		return mix(hex(0x2d4658), hex(0x9fc4cf), 0.5+p.relief(x, y, 5, 6)*0.3).times(0.95 - depth*0.6)
	}
	p.ridge(ridge{base: 0.76, height: 0.3, scale: 1.8, octaves: 6, rough: 0.2, shade: snow})
	ground := p.ridge(ridge{base: 0.95, height: 0.2, scale: 1.1, octaves: 3, rough: 0.35, shade: snow})
	for range 18 {
		x := p.between(0, p.aspect)
		p.conifer(x, ground(x)+0.06, p.between(0.12, 0.34), hex(0x14252c).times(p.between(0.8, 1.5)))
	}
}
