package photos

import (
	"image"
	"math/rand/v2"
)

const (
	tileSize  = 512  // pixels; the texture repeats after that
	grainSize = 8192 // values; each row of a picture starts at another one
	channels  = 5    // red, green, blue, alpha, roughness
)

// film is what gives an enlarged painting the detail of a photograph: grain everywhere, texture where the
// painting is rough. Values are in 1/256 of a level.
type film struct {
	grain   [grainSize]int32
	texture [tileSize * tileSize]int32
}

func newFilm(n *noise, seed uint64) *film {
	f := &film{}
	r := rand.New(rand.NewPCG(seed, 0x66696c6d))
	for i := range f.grain {
		f.grain[i] = int32(r.NormFloat64() * 256)
	}
	for i := range f.texture {
		x, y := float32(i%tileSize), float32(i/tileSize)
		v := n.wrapped(x/2, y/2, tileSize/2-1)*0.6 + n.wrapped(x/4, y/4, tileSize/4-1) +
			n.wrapped(x/8, y/8, tileSize/8-1) + n.wrapped(x/16, y/16, tileSize/16-1)*0.6
		f.texture[i] = int32((v - 1.6) * 42 * 256)
	}
	return f
}

// develop enlarges a painting to w by h pixels and gives it grain of the given strength in levels.
func (f *film) develop(c *canvas, w, h int, strength float32, r *rand.Rand) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	columns := interpolation(w, c.w)
	rows := interpolation(h, c.h)
	line := make([]int32, c.w*channels)
	amount := int32(strength * 256)
	for y := range h {
		c.blendRows(rows[y], line)
		grain := r.IntN(grainSize)
		texture := f.texture[y%tileSize*tileSize:][:tileSize]
		out := img.Pix[y*img.Stride:][:w*4]
		for x, at := range columns {
			a := line[at.index*channels:][:channels]
			b := line[at.next*channels:][:channels]
			t := at.weight
			alpha := a[3] + (b[3]-a[3])*t>>8
			rough := a[4] + (b[4]-a[4])*t>>8
			detail := f.grain[(grain+x)%grainSize]*amount>>8 + texture[x%tileSize]*(rough>>8)>>8
			out[x*4] = level(a[0]+(b[0]-a[0])*t>>8, alpha, detail)
			out[x*4+1] = level(a[1]+(b[1]-a[1])*t>>8, alpha, detail)
			out[x*4+2] = level(a[2]+(b[2]-a[2])*t>>8, alpha, detail)
			out[x*4+3] = uint8(alpha >> 8)
		}
	}
	return img
}

// level turns a colour component that was multiplied with alpha into a level that was not. All values are
// in 1/256 of a level.
func level(v, alpha, detail int32) uint8 {
	if alpha < 255*256 {
		if alpha < 256 {
			return 0
		}
		v = v * 255 / (alpha >> 8)
	}
	v = (v + detail) >> 8
	if v < 0 {
		return 0
	}
	if v > 255 {
		return 255
	}
	return uint8(v)
}

// blendRows writes one row between two of the canvas: components multiplied with alpha, in 1/256 levels.
func (c *canvas) blendRows(at position, line []int32) {
	t := float32(at.weight) / 256
	a, b := at.index*c.w, at.next*c.w
	const one = 255 * 256
	for x := range c.w {
		i, j := a+x, b+x
		alpha, beta := c.alpha[i]*(1-t)*one, c.alpha[j]*t*one
		p, q := &c.color[i], &c.color[j]
		out := line[x*channels:][:channels]
		out[0] = int32(clamp(p.r)*alpha + clamp(q.r)*beta)
		out[1] = int32(clamp(p.g)*alpha + clamp(q.g)*beta)
		out[2] = int32(clamp(p.b)*alpha + clamp(q.b)*beta)
		out[3] = int32(alpha + beta + 0.5)
		out[4] = int32(lerp(c.rough[i], c.rough[j], t) * one)
	}
}

// position lies between two of the canvas's rows or columns; weight is that of the second, of 256.
type position struct {
	index, next int
	weight      int32
}

// interpolation maps each of size rows or columns to its place among the canvas's.
func interpolation(size, canvas int) []position {
	out := make([]position, size)
	scale := float32(canvas) / float32(size)
	for i := range out {
		at := min(max((float32(i)+0.5)*scale-0.5, 0), float32(canvas-1))
		index := int(at)
		out[i] = position{index, min(index+1, canvas-1), int32((at - float32(index)) * 256)}
	}
	return out
}
