package editor

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"imagepro/handler/recipe"
)

// line adds a line. The editor's own lines may have the heads of arrows: "head" is the first point's.
func (c *converter) line(at string, o fields, on place) {
	x1, y1, x2, y2 := o.number("x1", 0), o.number("y1", 0), o.number("x2", 0), o.number("y2", 0)
	f := c.placed(o, on, math.Abs(x2-x1), math.Abs(y2-y1))
	cx, cy := (x1+x2)/2, (y1+y2)/2
	s := map[string]any{"unit": "rel", "points": []any{c.point(f, x1-cx, y1-cy), c.point(f, x2-cx, y2-cy)}}
	arrow := map[string]any{}
	heads := toFields(o["arrowType"])
	for theirs, ours := range map[string]string{"head": "start", "tail": "end"} {
		if head := heads.text(theirs, "none"); head != "none" && head != "" {
			arrow[ours] = head
		}
	}
	if len(arrow) > 0 {
		s["arrow"] = arrow
	}
	c.shape(at, "line", o, f, s)
}

// point returns a point of an object as a step has it.
func (c *converter) point(f figure, x, y float64) []any {
	x, y = f.spot(x, y)
	return []any{share(x, c.width), share(y, c.height)}
}

// box is what holds points.
type box struct{ left, top, right, bottom float64 }

func (b *box) add(x, y float64) {
	b.left, b.right = min(b.left, x), max(b.right, x)
	b.top, b.bottom = min(b.top, y), max(b.bottom, y)
}

func (b box) middle() (x, y float64) { return (b.left + b.right) / 2, (b.top + b.bottom) / 2 }

// nowhere is the box of no points.
var nowhere = box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}

// polygon adds a polygon or polyline, whose points are about the middle of the box around them.
func (c *converter) polygon(at, kind string, o fields, on place) {
	list := o.list("points")
	if len(list) == 0 {
		return
	}
	around := nowhere
	for _, value := range list {
		p := toFields(value)
		around.add(p.number("x", 0), p.number("y", 0))
	}
	f := c.placed(o, on, around.right-around.left, around.bottom-around.top)
	cx, cy := around.middle()
	points := make([]any, len(list))
	for i, value := range list {
		p := toFields(value)
		points[i] = c.point(f, p.number("x", 0)-cx, p.number("y", 0)-cy)
	}
	c.shape(at, kind, o, f, map[string]any{"unit": "rel", "points": points})
}

// path adds a path: what is drawn by hand, an icon or a picture that was traced.
func (c *converter) path(at string, o fields, on place) {
	pieces, err := recipe.ParsePath(pathData(o))
	if err != nil {
		c.note(named(at, "path"), "This path is left out: %s.", err)
		return
	}
	around := pathBox(pieces)
	f := c.placed(o, on, around.right-around.left, around.bottom-around.top)
	if f.scaleX == 0 || f.scaleY == 0 {
		return
	}
	cx, cy := around.middle()
	decimals := int(clamped(2+math.Ceil(math.Log10(max(f.scaleX, f.scaleY)*c.scale)), 0, 6))
	var d strings.Builder
	for _, piece := range pieces {
		for i, p := range piece.Points {
			x, y := p.X-cx, p.Y-cy
			if f.flipX {
				x = -x
			}
			if f.flipY {
				y = -y
			}
			d.WriteString(separator(piece.Command, i) + short(rounded(x, decimals)) + " " + short(rounded(y, decimals)))
		}
		if piece.Command == 'Z' {
			d.WriteByte('Z')
		}
	}
	f.width, f.height = max(f.width, 1/f.scaleX), max(f.height, 1/f.scaleY) // a straight line has a box of a pixel
	s := c.boxOf(f)
	s["d"] = d.String()
	w, h := rounded(f.width, 6), rounded(f.height, 6)
	s["viewBox"] = []any{-w / 2, -h / 2, w, h}
	c.shape(at, "path", o, f, s)
}

// separator returns what stands before a point of a path.
func separator(command byte, i int) string {
	if i == 0 {
		return string(command)
	}
	return " "
}

func short(x float64) string { return strconv.FormatFloat(x+0, 'f', -1, 64) } // -0 + 0 is 0

// pathData returns the data of a path, which fabric has as a list of commands.
func pathData(o fields) string {
	var d strings.Builder
	d.WriteString(o.text("path", ""))
	for _, value := range o.list("path") {
		command, _ := value.([]any)
		for _, part := range command {
			fmt.Fprintf(&d, "%v ", part)
		}
	}
	return d.String()
}

// pathBox returns the box around a path as fabric computes it (util/path.js, shapes/path.class.js): a quadratic curve
// is taken as a cubic one with its control point twice, which is larger.
func pathBox(pieces []recipe.Piece) box {
	around := nowhere
	var at, begin recipe.Spot
	for _, piece := range pieces {
		p := piece.Points
		switch piece.Command {
		case 'M':
			begin = p[0]
		case 'Q':
			around.addCurve(at, p[0], p[0], p[1])
		case 'C':
			around.addCurve(at, p[0], p[1], p[2])
		}
		at = begin
		if len(p) > 0 {
			at = p[len(p)-1]
		}
		around.add(at.X, at.Y)
	}
	return around
}

// addCurve adds where a cubic curve turns back in either direction.
func (b *box) addCurve(p0, p1, p2, p3 recipe.Spot) {
	at := func(t float64) {
		if t > 0 && t < 1 {
			u := 1 - t
			b.add(u*u*u*p0.X+3*u*u*t*p1.X+3*u*t*t*p2.X+t*t*t*p3.X, u*u*u*p0.Y+3*u*u*t*p1.Y+3*u*t*t*p2.Y+t*t*t*p3.Y)
		}
	}
	turns := func(x0, x1, x2, x3 float64) { // where the derivative, a t² + 2 b t + c, is zero
		a, b, c := x3-3*x2+3*x1-x0, x2-2*x1+x0, x1-x0
		if math.Abs(a) < 1e-12 {
			at(-c / (2 * b))
			return
		}
		root := math.Sqrt(b*b - a*c)
		at((-b + root) / a)
		at((-b - root) / a)
	}
	turns(p0.X, p1.X, p2.X, p3.X)
	turns(p0.Y, p1.Y, p2.Y, p3.Y)
}
