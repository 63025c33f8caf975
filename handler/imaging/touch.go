package imaging

import (
	"cmp"
	"image"
	"math"
	"slices"

	"imagepro/handler/recipe"
)

// pointsOf returns the points of a recipe in pixels.
func pointsOf(points [][2]recipe.Length, in image.Point) contour {
	c := make(contour, len(points))
	for i, p := range points {
		c[i] = spot{p[0].Of(in.X), p[1].Of(in.Y)}
	}
	return c
}

// touch marks the pixels of a row, from left on, of which the smallest part lies in the contour or on its line. What it
// winds around at all is in it.
func (c contour) touch(y, left int, row []bool) {
	clear(row)
	type crossing struct {
		x    float64
		down int
	}
	var crossings []crossing // at the middle of the row
	mark := func(from, to float64) {
		at := func(x float64) int { return int(min(max(math.Ceil(x)-float64(left), 0), float64(len(row)))) }
		for i := at(from); i < at(to); i++ {
			row[i] = true
		}
	}
	top, middle, bottom := float64(y), float64(y)+0.5, float64(y+1)
	for i, a := range c {
		b, down := c[(i+1)%len(c)], 1
		if a.y > b.y {
			a, b, down = b, a, -1
		}
		if b.y <= top || a.y >= bottom {
			continue
		}
		from, to := a.x, b.x
		if a.y < b.y {
			at := func(y float64) float64 { return a.x + (b.x-a.x)*(y-a.y)/(b.y-a.y) }
			from, to = at(max(a.y, top)), at(min(b.y, bottom))
			if a.y <= middle && middle < b.y {
				crossings = append(crossings, crossing{at(middle), down})
			}
		}
		mark(math.Floor(min(from, to)), max(from, to))
	}
	slices.SortFunc(crossings, func(a, b crossing) int { return cmp.Compare(a.x, b.x) })
	winding := 0
	for i, k := range crossings {
		if winding != 0 { // the pixels whose middle lies between; of the others a line told
			mark(crossings[i-1].x-0.5, k.x-0.5)
		}
		winding += k.down
	}
}
