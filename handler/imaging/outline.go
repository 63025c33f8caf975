package imaging

import (
	"image"
	"image/color"
	"image/draw"
	"iter"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/vector"

	"imagepro/handler/recipe"
)

// spot is a point in pixels.
type spot struct{ x, y float64 }

// contour is a closed line of straight pieces.
type contour []spot

// flatness is how far a straight piece may be from the curve that it stands for, in pixels.
const flatness = 0.02

// mostSteps is how many straight pieces a curve becomes at the most.
const mostSteps = 200

// curved appends straight pieces, not more than most, for the Bézier curve from the end of a line, with its control
// points and its end.
func curved(c contour, most int, points ...spot) contour {
	all := [4]spot{c[len(c)-1]}
	degree := copy(all[1:], points)
	bend := 0.0
	for i := range degree - 1 {
		bend = max(bend, math.Hypot(all[i].x-2*all[i+1].x+all[i+2].x, all[i].y-2*all[i+1].y+all[i+2].y))
	}
	// A piece of an nth of the curve is at most a bound of its second derivative, over 8 n², from it.
	n := ceil(math.Sqrt(float64(degree*(degree-1)) * bend / (8 * flatness)))
	n = max(1, min(n, most))
	for i := 1; i <= n; i++ {
		c = append(c, onCurve(all, degree, float64(i)/float64(n)))
	}
	return c
}

// onCurve returns the point of a Bézier curve at a share of its way (de Casteljau).
func onCurve(p [4]spot, degree int, t float64) spot {
	for ; degree > 0; degree-- {
		for i := range degree {
			p[i] = spot{p[i].x + (p[i+1].x-p[i].x)*t, p[i].y + (p[i+1].y-p[i].y)*t}
		}
	}
	return p[0]
}

// arcSteps returns how many straight pieces a part of a circle becomes.
func arcSteps(radius, span float64) int {
	step := min(math.Pi/4, 2*math.Acos(max(0, 1-flatness/max(radius, flatness))))
	return max(1, min(ceil(span/step), mostSteps))
}

// outlines returns the glyphs of a layout as contours, moved.
func (f *face) outlines(l layout, dx, dy float64) []contour {
	var all []contour
	scale := l.size / f.upem
	for _, g := range l.glyphs {
		segments, err := f.font.LoadGlyph(&f.buf, g.index, f.em, nil)
		if err != nil {
			continue
		}
		place := func(s sfnt.Segment, i int) spot {
			return spot{float64(s.Args[i].X)*scale + g.x + dx, float64(s.Args[i].Y)*scale + g.y + dy}
		}
		all = appendGlyph(all, segments, place)
	}
	return all
}

// appendGlyph appends a glyph's contours. The Go fonts are TrueType: their curves are quadratic.
func appendGlyph(all []contour, segments sfnt.Segments, place func(sfnt.Segment, int) spot) []contour {
	var line contour
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if len(line) > 2 {
				all = append(all, line)
			}
			line = contour{place(s, 0)}
		case sfnt.SegmentOpLineTo:
			line = append(line, place(s, 0))
		case sfnt.SegmentOpQuadTo:
			line = curved(line, mostSteps, place(s, 0), place(s, 1))
		}
	}
	if len(line) > 2 {
		all = append(all, line)
	}
	return all
}

// paint lays a colour on the part of a layer that contours enclose; origin is the layer's place in the
// contours' coordinates.
func paint(layer *image.NRGBA, lines iter.Seq[contour], origin image.Point, c color.NRGBA) {
	size := layer.Rect.Size()
	raster := vector.NewRasterizer(size.X, size.Y)
	raster.DrawOp = draw.Src
	ox, oy := float64(origin.X), float64(origin.Y)
	for line := range lines {
		if !line.touches(ox, oy, float64(size.X), float64(size.Y)) {
			continue
		}
		raster.MoveTo(float32(line[0].x-ox), float32(line[0].y-oy))
		for _, p := range line[1:] {
			raster.LineTo(float32(p.x-ox), float32(p.y-oy))
		}
		raster.ClosePath()
	}
	mask := image.NewAlpha(layer.Rect)
	raster.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	eachRow(layer, func(y int, row []byte) {
		for x, cover := range mask.Pix[y*mask.Stride:][:size.X] {
			if cover > 0 {
				over(row[x*4:], c, uint32(cover)*uint32(c.A))
			}
		}
	})
}

// touches reports whether a contour's box meets a rectangle.
func (c contour) touches(x, y, width, height float64) bool {
	least, most := c.bounds()
	return most.x > x && least.x < x+width && most.y > y && least.y < y+height
}

// bounds returns the box around a contour.
func (c contour) bounds() (least, most spot) {
	least, most = spot{math.Inf(1), math.Inf(1)}, spot{math.Inf(-1), math.Inf(-1)}
	for _, p := range c {
		least, most = spot{min(least.x, p.x), min(least.y, p.y)}, spot{max(most.x, p.x), max(most.y, p.y)}
	}
	return least, most
}

// pixelsAround returns the pixels in a box that is made larger by a reach on all sides.
func pixelsAround(least, most spot, reach float64) image.Rectangle {
	return image.Rect(int(math.Floor(least.x-reach)), int(math.Floor(least.y-reach)), ceil(most.x+reach),
		ceil(most.y+reach))
}

// compose lays a layer on a picture of the same size, with an opacity from 0 to 255.
func compose(m, layer *image.NRGBA, opacity uint32) {
	lay := compositing(recipe.CompositeOver, opacity)
	eachRow(m, func(y int, row []byte) { lay(row, layer.Pix[y*layer.Stride:]) })
}

// over lays a colour on a straight pixel; its alpha comes in units of 1/65025.
func over(p []byte, c color.NRGBA, alpha uint32) {
	const full = 255 * 255
	under := uint64(p[3]) * uint64(full-alpha) // of full·255
	sum := uint64(alpha)*255 + under
	if sum == 0 {
		return
	}
	blend := func(top, bottom uint8) uint8 {
		return uint8((uint64(top)*uint64(alpha)*255 + uint64(bottom)*under + sum/2) / sum)
	}
	p[0], p[1], p[2] = blend(c.R, p[0]), blend(c.G, p[1]), blend(c.B, p[2])
	p[3] = uint8((sum + full/2) / full)
}
