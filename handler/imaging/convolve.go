package imaging

import (
	"context"
	"fmt"
	"image"
	"math"

	"imagepro/handler/recipe"
)

// convolve weighs each pixel's neighbours.
func (p *planner) convolve(s recipe.Convolve) error {
	p.push(convolved{Convolve: s, in: p.plan.size, side: int(math.Sqrt(float64(len(s.Kernel))))})
	return nil
}

type convolved struct {
	recipe.Convolve
	in   image.Point
	side int // of the kernel
}

func (c convolved) size() image.Point { return c.in }
func (c convolved) scratch() int64    { return 0 }
func (c convolved) String() string    { return fmt.Sprintf("%s %d×%d", c.Op(), c.side, c.side) }

func (c convolved) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	dst := image.NewNRGBA(m.Rect)
	half := c.side / 2
	columns := edgeTable(c.in.X, half, c.Edge, 4)
	lines := edgeTable(c.in.Y, half, c.Edge, m.Stride)
	err := inRows(ctx, c.in.Y, func(from, to int) {
		around := make([]int, c.side) // where the lines of the kernel begin
		for y := from; y < to; y++ {
			copy(around, lines[y:])
			row := dst.Pix[y*dst.Stride:]
			for x := range c.in.X {
				c.pixel(row[4*x:4*x+4], m.Pix, around, columns[x:x+c.side], m.PixOffset(x, y))
			}
		}
	})
	return dst, err
}

// edgeTable returns where the pixels from -half to n+half are found, in steps of a width; -1 for nowhere.
func edgeTable(n, half int, edge recipe.Edge, step int) []int {
	table := make([]int, n+2*half)
	for i := range table {
		at := i - half
		switch {
		case at >= 0 && at < n:
		case edge == recipe.EdgeZero:
			table[i] = -1
			continue
		case edge == recipe.EdgeMirror:
			at = mirrored(at, n)
		default:
			at = min(n-1, max(0, at))
		}
		table[i] = at * step
	}
	return table
}

// mirrored returns the place that lies at a place outside, with the edge itself once.
func mirrored(at, n int) int {
	if n == 1 {
		return 0
	}
	at = ((at % (2*n - 2)) + 2*n - 2) % (2*n - 2)
	return min(at, 2*n-2-at)
}

// pixel sums up in the order of the kernel, as fabric does. With AlphaKeep a neighbour counts as far as it is opaque,
// and for the rest as if it were the pixel itself, so that hidden colours stay hidden.
func (c convolved) pixel(to, pix []byte, lines, columns []int, self int) {
	var r, g, b, a float64
	i := 0
	for _, line := range lines {
		for _, column := range columns {
			w := c.Kernel[i]
			i++
			if line < 0 || column < 0 {
				continue
			}
			q := pix[line+column:][:4:4]
			if c.Alpha == recipe.AlphaKeep && q[3] != 255 {
				own, share := pix[self:][:4:4], float64(q[3])/255
				r += w * (float64(own[0]) + (float64(q[0])-float64(own[0]))*share)
				g += w * (float64(own[1]) + (float64(q[1])-float64(own[1]))*share)
				b += w * (float64(own[2]) + (float64(q[2])-float64(own[2]))*share)
				continue
			}
			r += float64(q[0]) * w
			g += float64(q[1]) * w
			b += float64(q[2]) * w
			a += float64(q[3]) * w
		}
	}
	to[0], to[1], to[2] = level(r*c.Scale+c.Offset), level(g*c.Scale+c.Offset), level(b*c.Scale+c.Offset)
	if to[3] = pix[self+3]; c.Alpha == recipe.AlphaConvolve {
		to[3] = level(a*c.Scale + c.Offset)
	}
}
