package imaging

import (
	"context"
	"fmt"
	"image"
	"iter"
	"math"
	"runtime"
	"slices"

	"imagepro/handler/recipe"
)

// The heads of arrows, as in Toast UI's editor (extension/arrowLine.js): lengths in widths of the line.
const (
	chevronLength  = 2.7
	triangleLength = 1.7
	arrowAngle     = 30 * math.Pi / 180
)

// shape draws a shape. Its lines are laid out here, so that only painting is left for apply.
func (p *planner) shape(s recipe.Drawing) error {
	if s.Opacity == 0 {
		return nil
	}
	in := p.plan.size
	shorter := min(in.X, in.Y)
	lines, middle := shapeLines(s, in)
	if len(lines) == 0 {
		return nil
	}
	d := drawn{
		Drawing: s,
		in:      in,
		lines:   lines,
		pen:     pen{half: s.Stroke.Width.Of(shorter) / 2, cap: s.Stroke.Cap, join: s.Stroke.Join},
	}
	d.heads(2 * d.pen.half)
	for _, l := range d.lines {
		turnAbout(middle, s.Angle, l.points)
	}
	if d.part = d.paints(); !d.part.Empty() {
		p.push(d)
	}
	return nil
}

// shapeLines returns the lines of a shape before it is turned, and what it is turned about.
func shapeLines(s recipe.Drawing, in image.Point) (lines []line, middle spot) {
	x, y := s.X.Of(in.X), s.Y.Of(in.Y)
	w, h := s.Width.Of(in.X), s.Height.Of(in.Y)
	middle = spot{x + w/2, y + h/2}
	switch s.Shape {
	case recipe.Rectangle:
		radius := min(lengthOf(s.Radius, min(w, h)), w/2, h/2)
		return closed([]contour{roundedBox(x, y, w, h, radius)}), middle
	case recipe.Ellipse:
		return closed([]contour{ellipse(middle, w/2, h/2)}), middle
	case recipe.Triangle:
		return closed([]contour{{{x + w/2, y}, {x + w, y + h}, {x, y + h}}}), middle
	case recipe.Path:
		box := s.ViewBox
		place := func(p recipe.Spot) spot { return spot{x + p.X, y + p.Y} }
		if box.Width > 0 {
			place = func(p recipe.Spot) spot {
				return spot{x + (p.X-box.X)/box.Width*w, y + (p.Y-box.Y)/box.Height*h}
			}
		}
		lines = pathLines(s.Path, place)
		if box.Width == 0 {
			middle = middleOf(lines)
		}
		return lines, middle
	}
	lines = []line{{pointsOf(s.Points, in), s.Shape == recipe.Polygon}}
	return lines, middleOf(lines)
}

// roundedBox returns a rectangle, with round corners if there is a radius.
func roundedBox(x, y, w, h, radius float64) contour {
	if radius <= 0 {
		return contour{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
	}
	var c contour
	corner := pen{half: radius}
	for i, at := range []spot{{x + w - radius, y + h - radius}, {x + radius, y + h - radius}, {x + radius, y + radius},
		{x + w - radius, y + radius}} {
		c = append(c, corner.arc(at, float64(i)*math.Pi/2, math.Pi/2)...)
	}
	return c
}

func ellipse(middle spot, rx, ry float64) contour {
	unit := pen{half: 1}
	n := arcSteps(max(rx, ry), 2*math.Pi)
	c := make(contour, n)
	for i := range c {
		p := unit.edge(spot{}, 2*math.Pi*float64(i)/float64(n))
		c[i] = spot{middle.x + rx*p.x, middle.y + ry*p.y}
	}
	return c
}

// mostPoints is how many points the lines of a path have at about the most, so that a long path keeps nobody waiting:
// its curves get fewer straight pieces than they may need.
const mostPoints = 20_000

// pathLines returns the lines of a path.
func pathLines(path []recipe.Piece, place func(recipe.Spot) spot) []line {
	var lines []line
	most := min(mostSteps, mostPoints/len(path))
	for _, piece := range path {
		points := make([]spot, len(piece.Points))
		for i, p := range piece.Points {
			points[i] = place(p)
		}
		last := len(lines) - 1
		switch piece.Command {
		case 'M':
			lines = append(lines, line{points: points})
		case 'L':
			lines[last].points = append(lines[last].points, points...)
		case 'Z':
			lines[last].closed = true
		default:
			lines[last].points = curved(lines[last].points, most, points...)
		}
	}
	// What only begins draws nothing.
	return slices.DeleteFunc(lines, func(l line) bool { return len(l.points) < 2 && !l.closed })
}

// bounds returns the box around lines.
func bounds(lines []line) (least, most spot) {
	var all contour
	for _, l := range lines {
		all = append(all, l.points...)
	}
	return all.bounds()
}

func middleOf(lines []line) spot {
	least, most := bounds(lines)
	return spot{(least.x + most.x) / 2, (least.y + most.y) / 2}
}

// turnAbout turns points clockwise by degrees.
func turnAbout(middle spot, angle float64, points contour) {
	if angle == 0 {
		return
	}
	sin, cos := math.Sincos(angle * math.Pi / 180)
	for i, p := range points {
		dx, dy := p.x-middle.x, p.y-middle.y
		points[i] = spot{middle.x + dx*cos - dy*sin, middle.y + dx*sin + dy*cos}
	}
}

// drawn is a shape with its place.
type drawn struct {
	recipe.Drawing
	in    image.Point
	lines []line // in the picture's coordinates
	pen   pen
	part  image.Rectangle // of the picture that it may touch
}

// heads adds the heads of an arrow to the line.
func (d *drawn) heads(width float64) {
	add := func(kind recipe.Arrow, points contour) {
		length := chevronLength * width
		if kind == recipe.ArrowTriangle {
			length = triangleLength * width
		}
		if kind == "" || kind == recipe.ArrowNone || len(points) < 2 {
			return
		}
		tip := points[0]
		back := pen{half: length}
		angle := direction(tip, points[1])
		d.lines = append(d.lines, line{
			contour{back.edge(tip, angle+arrowAngle), tip, back.edge(tip, angle-arrowAngle)},
			kind == recipe.ArrowTriangle,
		})
	}
	points := d.lines[0].distinct()
	add(d.ArrowStart, points)
	slices.Reverse(points)
	add(d.ArrowEnd, points)
}

// paints returns the part of the picture that the shape may touch.
func (d drawn) paints() image.Rectangle {
	least, most := bounds(d.lines)
	reach := 0.0
	if d.Stroke.Visible() {
		reach = d.pen.reach()
	}
	reach -= 1e-6 // what sticks out by a millionth of a pixel is rounding
	return pixelsAround(least, most, reach).Intersect(image.Rectangle{Max: d.in})
}

func (d drawn) size() image.Point { return d.in }
func (d drawn) String() string    { return fmt.Sprintf("%s at %v", d.Shape, d.part) }

// scratch is, for each processor, a band of the layer with a mask and the rasterizer's sums; and the contours.
func (d drawn) scratch() int64 {
	points := 0
	for _, l := range d.lines {
		points += len(l.points)
	}
	rows := min(d.part.Dy(), rowsAtOnce*runtime.GOMAXPROCS(0))
	return int64(d.part.Dx())*int64(rows)*9 + int64(points)*400
}

// apply paints fill and stroke on a layer of their own, so that the opacity counts for both of them as one. Bands of
// rows share nothing but the contours.
func (d drawn) apply(ctx context.Context, m *image.NRGBA) (*image.NRGBA, error) {
	var fills, strokes []contour
	if d.Fill.A > 0 {
		fills = d.areas()
	}
	if d.Stroke.Visible() {
		strokes = slices.Collect(d.pen.stroked(d.lines))
	}
	part := view(m, d.part)
	err := inRows(ctx, d.part.Dy(), func(from, to int) {
		layer := image.NewNRGBA(image.Rect(0, 0, d.part.Dx(), to-from))
		origin := d.part.Min.Add(image.Pt(0, from))
		paint(layer, until(ctx, fills), origin, d.Fill)
		paint(layer, until(ctx, strokes), origin, d.Stroke.Color)
		compose(rows(part, from, to), layer, uint32(d.Opacity*255+0.5))
	})
	return m, err
}

// until yields contours while the context is not done.
func until(ctx context.Context, all []contour) iter.Seq[contour] {
	return func(yield func(contour) bool) {
		for _, c := range all {
			if ctx.Err() != nil || !yield(c) {
				return
			}
		}
	}
}

// areas returns what a fill fills: all lines as if they were closed, but not the heads of arrows.
func (d drawn) areas() []contour {
	lines := d.lines
	if d.Shape == recipe.Polyline {
		lines = lines[:1]
	}
	all := make([]contour, len(lines))
	for i, l := range lines {
		all[i] = l.points
	}
	return all
}
