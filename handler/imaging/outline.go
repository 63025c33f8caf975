package imaging

import (
	"image"
	"image/color"
	"image/draw"
	"iter"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/vector"
)

// spot is a point in pixels.
type spot struct{ x, y float64 }

// contour is a closed line of straight pieces.
type contour []spot

// curveSteps is how many straight pieces a curve of a glyph becomes; a letter has four to a dozen curves, so
// even one as high as the picture looks round.
const curveSteps = 12

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
			from, control, to := line[len(line)-1], place(s, 0), place(s, 1)
			for i := 1; i <= curveSteps; i++ {
				t := float64(i) / curveSteps
				u := 1 - t
				line = append(line, spot{
					u*u*from.x + 2*u*t*control.x + t*t*to.x,
					u*u*from.y + 2*u*t*control.y + t*t*to.y,
				})
			}
		}
	}
	if len(line) > 2 {
		all = append(all, line)
	}
	return all
}

// widened yields contours that cover everything within a distance of the lines: a bar along each piece and
// a disc at each corner. All of them run the same way round, so that where they overlap they add up.
func widened(outlines []contour, distance float64) iter.Seq[contour] {
	return func(yield func(contour) bool) {
		for _, line := range outlines {
			for i, from := range line {
				if !yield(disc(from, distance)) || !yield(bar(from, line[(i+1)%len(line)], distance)) {
					return
				}
			}
		}
	}
}

// bar returns the rectangle around a piece; it is a point if the piece is one.
func bar(from, to spot, distance float64) contour {
	length := math.Hypot(to.x-from.x, to.y-from.y)
	if length < 1e-9 {
		return contour{from}
	}
	nx, ny := (from.y-to.y)/length*distance, (to.x-from.x)/length*distance
	return contour{
		{from.x + nx, from.y + ny}, {from.x - nx, from.y - ny}, {to.x - nx, to.y - ny}, {to.x + nx, to.y + ny},
	}
}

// disc returns a polygon that runs the same way round as widened's bars.
func disc(at spot, radius float64) contour {
	corners := min(64, 8+int(2*radius))
	line := make(contour, corners)
	for i := range line {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(corners))
		line[i] = spot{at.x + radius*cos, at.y + radius*sin}
	}
	return line
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
	left, top, right, bottom := c[0].x, c[0].y, c[0].x, c[0].y
	for _, p := range c {
		left, right = min(left, p.x), max(right, p.x)
		top, bottom = min(top, p.y), max(bottom, p.y)
	}
	return right > x && left < x+width && bottom > y && top < y+height
}

// compose lays a layer on a picture of the same size, with an opacity from 0 to 255.
func compose(m, layer *image.NRGBA, opacity uint32) {
	eachRow(m, func(y int, row []byte) {
		from := layer.Pix[y*layer.Stride:]
		for i := 0; i < len(row); i += 4 {
			if a := uint32(from[i+3]); a > 0 {
				over(row[i:], color.NRGBA{R: from[i], G: from[i+1], B: from[i+2]}, a*opacity)
			}
		}
	})
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
