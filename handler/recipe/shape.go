package recipe

import (
	"image/color"
	"strconv"
)

// MaxPoints is how many points a line, polyline or polygon may have.
const MaxPoints = 500

// The shapes that are drawn, besides Rectangle and Ellipse.
const (
	Triangle Shape = "triangle" // its tip is in the middle of the upper side of its box
	Line     Shape = "line"
	Polyline Shape = "polyline"
	Polygon  Shape = "polygon" // closed
	Path     Shape = "path"
)

// Drawing draws a shape on a picture. It may reach over the edges; one that misses the picture is nothing.
type Drawing struct {
	Shape Shape
	// X, Y, Width and Height are the box of a rectangle, an ellipse, a triangle and a path with a ViewBox; percent of
	// the picture's width and height. Of another path, X and Y are where its zero is.
	X, Y, Width, Height Length
	Radius              Length      // of the corners of a rectangle; percent of its shorter side
	Points              [][2]Length // of a line, polyline or polygon; percent of the picture's width and height
	Path                []Piece     // in pixels, or stretched with its ViewBox
	ViewBox             ViewBox     // the part of a path's coordinates that fills the box; zero for none
	Fill                color.NRGBA // open lines are filled as if they were closed
	Stroke              Pen         // under it the fill reaches to the line
	ArrowStart          Arrow       // at the first point of a line or polyline
	ArrowEnd            Arrow       // at the last point
	Angle               float64     // clockwise degrees about the middle of the box, from 0 up to but not including 360
	Opacity             float64     // of fill and stroke as one, from 0 to 1
}

// ViewBox is a rectangle in a path's own coordinates.
type ViewBox struct{ X, Y, Width, Height float64 }

// Pen is how a line is drawn. Miters end at four times half the width, as in SVG.
type Pen struct {
	Color color.NRGBA
	Width Length // half of it on each side of the line; percent of the picture's shorter side; zero is none
	Cap   Cap
	Join  Join
}

// Cap is the end of an open line.
type Cap string

// The caps.
const (
	CapButt   Cap = "butt"
	CapRound  Cap = "round"
	CapSquare Cap = "square"
)

// Join is the corner of a line.
type Join string

// The joins.
const (
	JoinMiter Join = "miter"
	JoinRound Join = "round"
	JoinBevel Join = "bevel"
)

// Arrow is the head of an arrow, with the sizes of Toast UI's editor: its sides are at 30 degrees from the line.
type Arrow string

// The heads.
const (
	ArrowNone     Arrow = "none"
	ArrowChevron  Arrow = "chevron"  // two strokes of 2.7 times the width
	ArrowTriangle Arrow = "triangle" // sides of 1.7 times the width
)

// Op returns "shape".
func (Drawing) Op() string { return "shape" }

func parseShape(o *object) Step {
	s := Drawing{Shape: word(o, "shape", "", Rectangle, Ellipse, Triangle, Line, Polyline, Polygon, Path)}
	relative := o.relative()
	at := span{least: -far, most: far, leastPercent: -500, mostPercent: 500, relative: relative}
	side := span{least: 1, most: far, leastPercent: 0.01, mostPercent: 500, relative: relative}
	switch s.Shape {
	case Line:
		s.Points = o.points("points", at, 2, 2)
	case Polyline:
		s.Points = o.points("points", at, 2, MaxPoints)
	case Polygon:
		s.Points = o.points("points", at, 3, MaxPoints)
	case Path:
		s.parsePath(o, at, side)
	default:
		s.parseBox(o, at, side)
	}
	if s.Shape == Rectangle {
		s.Radius = o.lengthOr("radius", Length{}, span{most: far, mostPercent: 100})
	}
	if s.Shape == Line || s.Shape == Polyline {
		arrow := o.object("arrow")
		s.ArrowStart = word(arrow, "start", ArrowNone, ArrowNone, ArrowChevron, ArrowTriangle)
		s.ArrowEnd = word(arrow, "end", ArrowNone, ArrowNone, ArrowChevron, ArrowTriangle)
		arrow.close()
	}
	s.parseLook(o)
	return s
}

// parseBox reads the box of a shape.
func (s *Drawing) parseBox(o *object, at, side span) {
	s.X, s.Y = o.place("x", at), o.place("y", at)
	s.Width, s.Height = o.sides(side, "A shape needs a width and a height.")
}

// parsePath reads a path and where it stands.
func (s *Drawing) parsePath(o *object, at, side span) {
	scan, err := scanPath(o.text("d", "", MaxBytes))
	s.Path = scan.pieces
	if err != nil {
		o.report("d", "This is no path: %s.", err)
	}
	o.canonical["d"] = scan.canonical.String()
	least, most := Spot{-far, -far}, Spot{far, far}
	if o.has("viewBox") {
		v := o.numbers("viewBox", -1e6, 1e6, 4)
		s.ViewBox = ViewBox{v[0], v[1], v[2], v[3]}
		for i := 2; i < 4; i++ {
			if v[i] < 0.001 {
				o.problem.report(pointer(o.path, "viewBox")+"/"+strconv.Itoa(i),
					"A size from 0.001 to 1000000 is expected here.")
			}
		}
		const around = 10
		least = Spot{v[0] - around*v[2], v[1] - around*v[3]}
		most = Spot{v[0] + (1+around)*v[2], v[1] + (1+around)*v[3]}
		s.parseBox(o, at, side)
	} else {
		s.X, s.Y = o.place("x", at), o.place("y", at)
	}
	for _, piece := range s.Path {
		for _, p := range piece.Points {
			if p.X < least.X || p.X > most.X || p.Y < least.Y || p.Y > most.Y {
				o.report(
					"d", "The path leaves the room from %s, %s to %s, %s: ten times its viewBox on each side, or "+
						"30000 pixels.",
					short(least.X), short(least.Y), short(most.X), short(most.Y))
			}
		}
	}
}

// parseLook reads what is the same for all shapes.
func (s *Drawing) parseLook(o *object) {
	if s.Shape != Line {
		s.Fill = o.color("fill", "transparent")
	}
	stroke := o.object("stroke")
	s.Stroke = parsePen(stroke)
	stroke.close()
	if !s.Stroke.Visible() { // then nothing else about it counts
		none := newObject(o.problem, stroke.path, map[string]any{})
		s.Stroke, o.canonical["stroke"] = parsePen(none), none.canonical
	}
	if s.Fill.A == 0 && !s.Stroke.Visible() {
		o.report("stroke", "A shape needs a fill, or a stroke with a width, that can be seen.")
	}
	s.Angle = o.angle(0)
	s.Opacity = o.number("opacity", 1, 0, 1)
}

func parsePen(o *object) Pen {
	return Pen{
		Color: o.color("color", "#000000"),
		Width: o.length("width", span{least: 0.1, most: 2000, leastPercent: 0.01, mostPercent: 100}),
		Cap:   word(o, "cap", CapButt, CapButt, CapRound, CapSquare),
		Join:  word(o, "join", JoinMiter, JoinMiter, JoinRound, JoinBevel),
	}
}

// Visible reports whether a pen draws anything.
func (p Pen) Visible() bool { return !p.Width.IsZero() && p.Color.A > 0 }
