package photos

import "math/rand/v2"

// canvas is what a scene is painted on. Its height is 1 and its width is aspect, whatever the number of
// pixels; x grows to the right and y downwards.
type canvas struct {
	w, h   int
	aspect float32
	pixel  float32 // the width of a pixel
	color  []color
	alpha  []float32
	rough  []float32 // how much fine texture there is, 0 (sky, blurred background) to 1 (gravel)
}

func newCanvas(w, h int) *canvas {
	return &canvas{
		w:      w,
		h:      h,
		aspect: float32(w) / float32(h),
		pixel:  1 / float32(h),
		color:  make([]color, w*h),
		alpha:  make([]float32, w*h),
		rough:  make([]float32, w*h),
	}
}

// painter holds what a scene needs: where to paint, chance and noise.
type painter struct {
	*canvas
	rand  *rand.Rand
	noise *noise
}

// between returns a random number from lo to hi.
func (p *painter) between(lo, hi float32) float32 { return lerp(lo, hi, p.rand.Float32()) }

// pick returns one of the colours.
func (p *painter) pick(colors ...color) color { return colors[p.rand.IntN(len(colors))] }

// paint is how a shape is filled.
type paint struct {
	shade   func(x, y float32) color
	opacity float32 // zero is opaque
	soft    float32 // how wide the edge is; it is never narrower than a pixel
	rough   float32
	light   bool // adds light instead of covering
}

// plain fills with one colour.
func plain(c color) paint { return paint{shade: func(_, _ float32) color { return c }} }

// background paints every pixel.
func (c *canvas) background(rough float32, shade func(x, y float32) color) {
	for i := range c.color {
		x, y := (float32(i%c.w)+0.5)*c.pixel, (float32(i/c.w)+0.5)*c.pixel
		c.color[i], c.alpha[i], c.rough[i] = shade(x, y), 1, rough
	}
}

// fill paints a shape.
func (c *canvas) fill(s shape, p paint) {
	if p.opacity == 0 {
		p.opacity = 1
	}
	soft := max(p.soft, c.pixel)
	x0, x1 := c.span(s.x0-soft, s.x1+soft, c.w)
	y0, y1 := c.span(s.y0-soft, s.y1+soft, c.h)
	for py := y0; py < y1; py++ {
		y := (float32(py) + 0.5) * c.pixel
		for px := x0; px < x1; px++ {
			x := (float32(px) + 0.5) * c.pixel
			cover := clamp(0.5 - s.dist(x, y)/soft)
			if cover == 0 {
				continue
			}
			if p.soft > 0 {
				cover *= cover * (3 - 2*cover)
			}
			c.put(py*c.w+px, p.shade(x, y), cover*p.opacity, p)
		}
	}
}

// span turns two coordinates into a range of pixels on the canvas.
func (c *canvas) span(lo, hi float32, limit int) (int, int) {
	size := float32(limit)
	return int(min(max(lo/c.pixel, 0), size)), int(min(max(hi/c.pixel+1, 0), size))
}

// put lays a colour over the pixel i, or adds it as light.
func (c *canvas) put(i int, top color, cover float32, p paint) {
	if p.light {
		c.color[i] = c.color[i].screen(top.times(cover))
		return
	}
	alpha := cover + c.alpha[i]*(1-cover)
	if alpha == 0 {
		return
	}
	c.color[i] = mix(c.color[i], top, cover/alpha)
	c.rough[i] = lerp(c.rough[i], p.rough, cover)
	c.alpha[i] = alpha
}

// at returns the colour at a point; points outside are moved to the edge.
func (c *canvas) at(x, y float32) color {
	px := min(max(int(x/c.pixel), 0), c.w-1)
	py := min(max(int(y/c.pixel), 0), c.h-1)
	return c.color[py*c.w+px]
}

// oriented returns the canvas as a camera with this EXIF orientation would store it.
func (c *canvas) oriented(orientation int) *canvas {
	if orientation == 1 {
		return c
	}
	w, h := storedSize(orientation, c.w, c.h)
	out := newCanvas(w, h)
	for y := range c.h {
		for x := range c.w {
			sx, sy := stored(orientation, x, y, c.w, c.h)
			from, to := y*c.w+x, sy*w+sx
			out.color[to], out.alpha[to], out.rough[to] = c.color[from], c.alpha[from], c.rough[from]
		}
	}
	return out
}

// storedSize returns the size in the file of a picture that is w by h pixels when upright.
func storedSize(orientation, w, h int) (int, int) {
	if orientation >= 5 {
		return h, w
	}
	return w, h
}

// stored returns where in the file the pixel (x, y) of an upright picture of w by h pixels lies. The
// orientations are those of EXIF 2.32, tag 0x0112: which side of the scene the first row and column are.
func stored(orientation, x, y, w, h int) (int, int) {
	switch orientation {
	case 2: // first row is the top, first column the right side
		return w - 1 - x, y
	case 3: // bottom, right
		return w - 1 - x, h - 1 - y
	case 4: // bottom, left
		return x, h - 1 - y
	case 5: // left, top
		return y, x
	case 6: // right, top
		return y, w - 1 - x
	case 7: // right, bottom
		return h - 1 - y, w - 1 - x
	case 8: // left, bottom
		return h - 1 - y, x
	default: // 1: top, left
		return x, y
	}
}
