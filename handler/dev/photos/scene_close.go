package photos

import "math"

// ball returns how far the surface of a ball faces the viewer and the light, both 0 to 1, at a point inside
// its outline; u and v go from -1 to 1. The light comes from the upper left.
func ball(u, v float32) (facing, lit float32) {
	facing = float32(math.Sqrt(float64(max(1-u*u-v*v, 0))))
	return facing, clamp(-u*0.5 - v*0.6 + facing*0.62)
}

// table is a wooden table top from its far edge down.
func (p *painter) table(edge float32, wood color) {
	middle := p.aspect / 2
	p.fill(shape{0, edge, p.aspect, 1, func(_, y float32) float32 { return edge - y }}, paint{
		rough: 0.35, soft: 0.012,
		shade: func(x, y float32) color {
			depth := (y - edge) / (1 - edge)
			u := (x - middle) / (0.55 + depth*0.6) * 3.2
			board := float32(floor(u))
			joint := smooth(0.485, 0.5, abs(u-board-0.5))
			v := depth/(0.4+depth)*4 + board*7.3
			fibre := p.noise.fractal(u*9+board*3, v*0.8, 3)
			rings := sine(p.noise.fractal(u*1.2+board*5, v*0.35, 2)*46)*0.5 + 0.5
			return wood.times((0.62 + fibre*0.5 + rings*0.16 + depth*0.12) * (1 - 0.55*joint))
		},
	})
}

// portrait is somebody with a hat who looks at the evening, seen from behind, in the light of the sun.
func portrait(p *painter) {
	p.blurred(0.35, p.pick(hex(0x8fb0c9), hex(0xc9b79a)), hex(0xf2c58c), hex(0xb98a4f), hex(0x5d5a30))
	gold := []color{hex(0xffd894), hex(0xffb765), hex(0xfff0c8), hex(0xb9c26a)}
	p.bokeh(bokeh{count: 46, y0: 0.05, y1: 0.8, small: 0.02, large: 0.075, faint: 0.1, strong: 0.42, colors: gold})
	p.sun(p.aspect*p.between(0.1, 0.25), 0.2, 0.07, hex(0xffdca0))
	x := p.aspect * p.between(0.54, 0.62)
	p.figure(x, p.pick(hex(0x6b2f35), hex(0x2f4858), hex(0x8a7a5a)),
		p.pick(hex(0x3a2417), hex(0x6b4423), hex(0x1e1714)))
	p.bokeh(bokeh{count: 8, y0: 0.7, y1: 1.05, small: 0.05, large: 0.11, faint: 0.08, strong: 0.22, colors: gold})
}

// figure is the person of the portrait: shoulders, hair, hat.
func (p *painter) figure(x float32, coat, hair color) {
	rim := func(side float32) color { return hex(0xffcf8a).times(smooth(0.55, 1, -side) * 0.75) }
	p.fill(ellipse(x, 1.12, 0.36, 0.44), paint{soft: 0.006, rough: 0.6, shade: func(u, v float32) color {
		knit := p.noise.fractal(u*34, v*34, 2)*0.2 + abs(sine(u*160+sine(v*120)))*0.06
		_, lit := ball((u-x)/0.36, (v-1.12)/0.44)
		side := (u - x) / (0.36 * float32(math.Sqrt(float64(max(1-power((v-1.12)/0.44, 2), 0.02)))))
		return coat.times(0.4 + lit*0.8 + knit*0.6).screen(rim(side))
	}})
	wild := p.between(0, 200)
	locks := column(x, 0.34, 0.88, 0.2, func(y float32) float32 {
		t := (y - 0.34) / 0.54
		return (0.125+0.06*sine(t*2.6))*float32(math.Sqrt(float64(1-power(clamp(t), 5)))) +
			0.02*(p.noise.fractal(wild, y*16, 2)-0.5)
	})
	p.fill(locks, paint{soft: 0.008, rough: 0.5, shade: func(u, v float32) color {
		wave := u + 0.02*sine(v*17) + 0.012*sine(v*39+wild)
		strand := p.noise.fractal(wave*75, v*4+wild, 4)
		gloss := exp(-power((v-0.5)/0.06, 2)) * 0.35
		return hair.times(0.35 + strand*1.3 + gloss*strand*2).screen(rim((u - x) / 0.17))
	}})
	p.hat(x, p.pick(hex(0xd9bd8b), hex(0xc9a46a), hex(0x7a5a40)))
}

func (p *painter) hat(x float32, straw color) {
	weave := func(u, v float32) float32 {
		return 0.82 + 0.12*sine(u*420)*sine(v*420) + 0.2*p.noise.fractal(u*20, v*20, 3)
	}
	crown := turned(bar(x-0.13, 0.14, x+0.13, 0.42, 0.09), x, 0.3, -0.06, 0.25)
	p.fill(crown, paint{rough: 0.5, shade: func(u, v float32) color {
		c := straw.times(weave(u, v) * (0.95 - (u-x)*2.6))
		band := smooth(0.012, 0.006, abs(v-0.335-(u-x)*-0.06)-0.018)
		return mix(c, hex(0x2b2020), band).screen(hex(0xffe2b0).times(smooth(-0.09, -0.135, u-x) * 0.6))
	}})
	brim := turned(ellipse(x, 0.375, 0.27, 0.05), x, 0.375, -0.06, 0.3)
	p.fill(brim, paint{rough: 0.5, shade: func(u, v float32) color {
		return straw.times(weave(u, v) * (0.85 - (u-x)*1.2 - (v-0.375)*4)).screen(
			hex(0xffe2b0).times(smooth(-0.16, -0.28, u-x) * 0.6))
	}})
}

// bottle is a product on a table.
func bottle(p *painter) {
	wall := p.pick(hex(0x9fb5b0), hex(0xc7b9a8), hex(0x8a94a8))
	p.blurred(0.2, wall.times(1.15), wall, wall.times(0.7))
	p.bokeh(bokeh{
		count:  12,
		y0:     0.05,
		y1:     0.5,
		small:  0.06,
		large:  0.13,
		faint:  0.08,
		strong: 0.25,
		colors: []color{hex(0xfff4dc), hex(0xffe0b0), hex(0xe0f0ff)},
	})
	p.table(0.68, p.pick(hex(0xa9764a), hex(0xc79a6b), hex(0x7a5238)))
	x := p.aspect * p.between(0.42, 0.58)
	p.shadow(x+0.14, 0.872, 0.34, 0.05, 0.75)
	p.flask(x, 0.87, 0.66, p.pick(hex(0x1f6f5c), hex(0x8c3a1f), hex(0x234e86)), p.pick(hex(0xf3ead7), hex(0xe9c46a)))
	p.shadow(x+0.29, 0.89, 0.13, 0.035, 0.7)
	p.fruit(x+0.24, 0.83, 0.07, hex(0xe58a1f))
	p.shadow(x-0.18, 0.9, 0.11, 0.03, 0.7)
	p.fruit(x-0.22, 0.85, 0.06, hex(0xd9c62f))
}

// flask is a glass bottle with a label; it stands on foot.
func (p *painter) flask(x, foot, size float32, glass, label color) {
	half := func(y float32) float32 {
		t := (foot - y) / size
		return size * (0.155 - 0.105*smooth(0.56, 0.78, t) - 0.05*smooth(0.015, -0.01, t))
	}
	shine := func(u float32) float32 {
		return 0.9*smooth(0.1, 0, abs(u+0.62)) + 0.35*smooth(0.06, 0, abs(u-0.72))
	}
	p.fill(column(x, foot-size*0.93, foot, size*0.2, half), paint{shade: func(u, v float32) color {
		side := (u - x) / half(v)
		liquid := smooth(0.62, 0.6, (foot-v)/size)
		c := glass.times(0.5 + 0.5*(1-side*side) + 0.5*smooth(0.2, 0.9, side)*liquid)
		return c.screen(color{1, 1, 1}.times(shine(side) * 0.6))
	}})
	p.fill(bar(x-size*0.06, foot-size, x+size*0.06, foot-size*0.88, 0.01), paint{shade: func(u, _ float32) color {
		side := (u - x) / (size * 0.06)
		return hex(0x3a2c22).times(1.2 - side*0.5 + shine(side))
	}})
	top, low := foot-size*0.5, foot-size*0.14
	p.fill(bar(x-size*0.155, top, x+size*0.155, low, 0.002), paint{rough: 0.3, shade: func(u, v float32) color {
		side := (u - x) / (size * 0.155)
		t := (v - top) / (low - top)
		ink := smooth(0.02, 0.01, abs(t-0.08)-0.012) + smooth(0.02, 0.01, abs(t-0.92)-0.012)
		crest := length(side*0.75, (t-0.42)*1.4)
		ink += smooth(0.34, 0.32, crest) * smooth(0.24, 0.26, crest)
		ink += smooth(0.14, 0.12, crest) + smooth(0.015, 0.008, abs(t-0.76)-0.014)*smooth(0.6, 0.58, abs(side))
		return mix(label, glass.times(0.8), clamp(ink)).times(1.05 - 0.55*side*side - side*0.18)
	}})
}

// fruit is an orange or a lemon.
func (p *painter) fruit(x, y, r float32, peel color) {
	wild := p.between(0, 200)
	p.fill(disc(x, y, r), paint{rough: 0.45, shade: func(u, v float32) color {
		a, b := (u-x)/r, (v-y)/r
		facing, lit := ball(a, b)
		pores := p.noise.at(wild+a*26/(0.4+facing), b*26/(0.4+facing))
		c := mix(peel.times(0.22), peel.times(1.08), lit).times(0.88 + pores*0.2)
		// The table throws some of its warm light back.
		c = c.screen(hex(0x6b3a18).times(smooth(0.4, 1, b) * 0.35))
		return c.screen(color{1, 0.97, 0.9}.times(0.75 * power(clamp(lit), 18)))
	}})
	p.fill(ellipse(x+r*0.1, y-r*0.78, r*0.09, r*0.06), plain(hex(0x4d5a24)))
}

// fruits is a bowl of oranges.
func fruits(p *painter) {
	p.blurred(0.25, hex(0x3a4a52), hex(0x64757a), hex(0x3a3f3d))
	p.table(0.6, p.pick(hex(0x8a5f3e), hex(0x5d4636), hex(0xb08a62)))
	x := p.aspect * p.between(0.46, 0.54)
	s := min(p.aspect, 1.1) / 1.1
	p.shadow(x+0.1*s, 0.885, 0.56*s, 0.07, 0.8)
	for _, at := range [][2]float32{{-0.2, 0.56}, {0.17, 0.55}, {-0.02, 0.5}, {-0.11, 0.43}, {0.09, 0.42},
		{-0.26, 0.62}, {0.27, 0.61}, {0.05, 0.6}, {-0.1, 0.61}} {
		p.fruit(x+at[0]*s, at[1], 0.115*s, p.pick(hex(0xf08a1d), hex(0xe87518), hex(0xf4a02a)))
	}
	glaze := p.pick(hex(0xe9e4d8), hex(0x2f5d73), hex(0x7f9a8a))
	bowl := column(x, 0.62, 0.89, 0.45*s, func(y float32) float32 {
		t := (y - 0.62) / 0.27
		return s * 0.42 * float32(math.Sqrt(float64(max(1-t*t*0.88, 0))))
	})
	p.fill(bowl, paint{rough: 0.1, shade: func(u, v float32) color {
		side, t := (u-x)/(0.42*s), (v-0.62)/0.27
		_, lit := ball(side, t*0.9-0.1)
		speckle := smooth(0.72, 0.8, p.noise.fractal(u*60, v*60, 2))
		c := mix(glaze.times(0.25+lit*0.95), hex(0x3a3228), speckle*0.5)
		return c.screen(color{1, 1, 1}.times(0.5 * smooth(0.16, 0, length(side+0.5, (t-0.3)*0.6))))
	}})
	p.fill(bar(x-0.43*s, 0.605, x+0.43*s, 0.635, 0.015), paint{shade: func(u, v float32) color {
		return glaze.times(1.1 - (u-x)*0.7 - (v-0.62)*9)
	}})
	p.shadow(x-0.4*s, 0.85+0.09*s, 0.19*s, 0.045*s, 0.7)
	p.fruit(x-0.46*s, 0.85, 0.1*s, hex(0xf08a1d))
}

// blossom is a flower close by.
func blossom(p *painter) {
	p.blurred(0.45, hex(0x9ab86a), hex(0x5f8a44), hex(0x2f5228))
	p.bokeh(bokeh{
		count:  24,
		y0:     0,
		y1:     1,
		small:  0.05,
		large:  0.13,
		faint:  0.06,
		strong: 0.22,
		colors: []color{hex(0xe0f0a0), hex(0xb8d880), hex(0xfff0b0)},
	})
	x, y := p.aspect*p.between(0.42, 0.6), p.between(0.4, 0.47)
	stem := paint{soft: 0.006, rough: 0.2, shade: func(u, v float32) color {
		return hex(0x55803a).times(0.9 - (u-x)*6 + 0.2*p.noise.at(u*40, v*12))
	}}
	p.fill(stroke(x, y, 0.016, x+p.between(-0.12, 0.12), 1.05, 0.02), stem)
	p.flower(x, y, 0.33*min(p.aspect, 1), p.pick(hex(0xf4f1ec), hex(0xe8579a), hex(0xf5c22e), hex(0x9a6be0)))
}

// flower paints petals around a yellow middle, the outer ones first.
func (p *painter) flower(x, y, r float32, petal color) {
	for ring := range 2 {
		size := r * (1 - 0.2*float32(ring))
		for i := range 17 {
			angle := float32(i)*2*math.Pi/17 + float32(ring)*0.19 + p.between(-0.06, 0.06)
			wild := p.between(0, 200)
			near, far := y-size*0.12, y-size*p.between(0.9, 1.02)
			leaf := ellipse(x, (near+far)/2, size*0.125, (near-far)/2)
			sin, cos := math.Sincos(float64(angle))
			sn, cs := float32(sin), float32(cos)
			light := 0.86 - sn*0.1 + cs*0.06 + 0.1*float32(ring)
			p.fill(turned(leaf, x, y, angle, size*1.05), paint{rough: 0.15, shade: func(u, v float32) color {
				a, b := u-x, v-y
				along, across := (a*sn-b*cs)/size, (a*cs+b*sn)/size
				vein := p.noise.fractal(wild+across*34, along*2, 2)
				edge := smooth(0.05, 0.13, abs(across))
				return petal.times(
					light * (0.72 + 0.3*vein + 0.16*along - 0.22*edge) * (0.55 + 0.5*smooth(0.12, 0.5, along)))
			}})
		}
	}
	for range 240 {
		angle, d := float64(p.between(0, 2*math.Pi)), power(p.rand.Float32(), 0.5)*r*0.24
		u, v := x+d*float32(math.Cos(angle)), y+d*float32(math.Sin(angle))*0.95
		c := mix(hex(0xf7c325), hex(0x8a4d0f), clamp(d/r*3+((u-x)+(v-y))/r))
		p.fruitlet(u, v, r*0.028, c)
	}
}

func (p *painter) fruitlet(x, y, r float32, c color) {
	p.fill(disc(x, y, r), paint{rough: 0.3, shade: func(u, v float32) color {
		_, lit := ball((u-x)/r, (v-y)/r)
		return c.times(0.55 + lit*0.7)
	}})
}
