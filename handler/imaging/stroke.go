package imaging

import (
	"iter"
	"math"

	"imagepro/handler/recipe"
)

// line is a row of straight pieces; a closed one ends where it begins.
type line struct {
	points contour
	closed bool
}

// closed returns contours as closed lines.
func closed(contours []contour) []line {
	lines := make([]line, len(contours))
	for i, c := range contours {
		lines[i] = line{c, true}
	}
	return lines
}

// pen is how lines are drawn.
type pen struct {
	half float64 // of the width, in pixels
	cap  recipe.Cap
	join recipe.Join
}

// miterLimit is how far a miter may reach, in halves of the width; a sharper corner is cut.
const miterLimit = 4

// fineTurn is a turn that is taken as part of a curve, whatever joins corners.
const fineTurn = 10 * math.Pi / 180

// reach returns how far from its lines a pen draws.
func (p pen) reach() float64 {
	if p.join == recipe.JoinMiter {
		return p.half * miterLimit
	}
	return p.half * math.Sqrt2 // the corner of a square cap
}

// stroked yields contours that cover what a pen draws: a bar along each piece, a wedge at the outer side of each
// corner, and the caps. All of them run the same way round, so that where they overlap they add up. What neighbouring
// bars share at the inner side of a corner is taken away once, by a contour that runs the other way round: counted
// twice, it would make the edge of a curve rough.
func (p pen) stroked(lines []line) iter.Seq[contour] {
	return func(yield func(contour) bool) {
		for _, l := range lines {
			for _, c := range p.cover(l) {
				if len(c) > 0 && !yield(c) { // caps and overlaps may be none
					return
				}
			}
		}
	}
}

// cover returns the contours of one line.
func (p pen) cover(l line) []contour {
	points := l.distinct()
	switch n := len(points); {
	case n == 0:
		return nil
	case n == 1:
		return []contour{p.dot(points[0])}
	case l.closed:
		return p.along(points, true)
	default:
		return append(p.along(points, false), p.end(points[1], points[0]), p.end(points[n-2], points[n-1]))
	}
}

// along returns the bars between points, and what belongs to the corners between bars.
func (p pen) along(points contour, closed bool) []contour {
	n := len(points)
	all := make([]contour, 0, 3*n+2)
	for i, from := range points {
		to, after := points[(i+1)%n], points[(i+2)%n]
		if i+1 < n || closed {
			all = append(all, p.bar(from, to))
		}
		if i+2 < n || closed {
			all = append(all, p.corner(from, to, after), p.overlap(from, to, after))
		}
	}
	return all
}

// distinct returns the points without those that are where the one before is.
func (l line) distinct() contour {
	var points contour
	for _, p := range l.points {
		if len(points) == 0 || !near(p, points[len(points)-1]) {
			points = append(points, p)
		}
	}
	for l.closed && len(points) > 1 && near(points[0], points[len(points)-1]) {
		points = points[:len(points)-1]
	}
	return points
}

func near(a, b spot) bool { return math.Hypot(a.x-b.x, a.y-b.y) < 1e-6 }

// normal returns what leads from a line to the edge of what is drawn of it, a quarter turn on from its direction.
func (p pen) normal(from, to spot) spot {
	length := math.Hypot(to.x-from.x, to.y-from.y)
	return spot{(from.y - to.y) / length * p.half, (to.x - from.x) / length * p.half}
}

func (a spot) plus(b spot) spot  { return spot{a.x + b.x, a.y + b.y} }
func (a spot) minus(b spot) spot { return spot{a.x - b.x, a.y - b.y} }

// bar returns the rectangle around a piece. The ends of the piece are among its points, as they are among those of
// corners and caps: edges that are the same to the last bit leave no seam.
func (p pen) bar(from, to spot) contour {
	n := p.normal(from, to)
	return contour{from.plus(n), from, from.minus(n), to.minus(n), to, to.plus(n)}
}

// corner returns what a join adds at the middle one of three points.
func (p pen) corner(before, at, after spot) contour {
	in, out := p.normal(before, at), p.normal(at, after)
	turn := math.Atan2(in.x*out.y-in.y*out.x, in.x*out.x+in.y*out.y)
	first, last := at.minus(in), at.minus(out)
	if turn < 0 {
		first, last, turn = at.plus(out), at.plus(in), -turn
	}
	switch {
	case p.join == recipe.JoinRound || turn < fineTurn:
		return p.wedge(at, first, last, turn)
	case p.join == recipe.JoinMiter && math.Cos(turn/2)*miterLimit >= 1:
		tip := pen{half: p.half / math.Cos(turn/2)}
		return contour{at, first, tip.edge(at, direction(at, first)+turn/2), last}
	}
	return contour{at, first, last}
}

// overlap returns what the bars of two pieces share at the inner side of their corner, if both are long enough for it.
func (p pen) overlap(before, at, after spot) contour {
	in, out := p.normal(before, at), p.normal(at, after)
	turn := math.Atan2(in.x*out.y-in.y*out.x, in.x*out.x+in.y*out.y)
	far := p.half * math.Abs(math.Tan(turn/2))
	shorter := min(math.Hypot(at.x-before.x, at.y-before.y), math.Hypot(after.x-at.x, after.y-at.y))
	if far > shorter {
		return nil
	}
	share := 1 / (1 + math.Cos(turn))
	tip := spot{(in.x + out.x) * share, (in.y + out.y) * share}
	if turn < 0 {
		return contour{at, at.minus(in), at.minus(tip), at.minus(out)}
	}
	return contour{at, at.plus(out), at.plus(tip), at.plus(in)}
}

// wedge returns the part of a circle around a point between two points of the circle.
func (p pen) wedge(at, first, last spot, span float64) contour {
	arc := p.arc(at, direction(at, first), span)
	arc[0], arc[len(arc)-1] = first, last
	return append(arc, at)
}

// end returns what a cap adds to the last point of an open line.
func (p pen) end(before, at spot) contour {
	n := p.normal(before, at)
	switch p.cap {
	case recipe.CapRound:
		return p.wedge(at, at.minus(n), at.plus(n), math.Pi)
	case recipe.CapSquare:
		out := at.plus(spot{n.y, -n.x})
		return contour{at.plus(n), at, at.minus(n), out.minus(n), out.plus(n)}
	}
	return nil
}

// dot returns what the caps draw of a line that is a point.
func (p pen) dot(at spot) contour {
	switch p.cap {
	case recipe.CapRound:
		return p.arc(at, 0, 2*math.Pi)
	case recipe.CapSquare:
		return p.bar(spot{at.x - p.half, at.y}, spot{at.x + p.half, at.y})
	}
	return nil
}

// arc returns points of the circle around a point, by growing angles.
func (p pen) arc(at spot, start, span float64) contour {
	n := arcSteps(p.half, span)
	c := make(contour, 0, n+2)
	for i := range n + 1 {
		c = append(c, p.edge(at, start+span*float64(i)/float64(n)))
	}
	return c
}

func (p pen) edge(at spot, angle float64) spot {
	sin, cos := math.Sincos(angle)
	return spot{at.x + p.half*cos, at.y + p.half*sin}
}

func direction(from, to spot) float64 { return math.Atan2(to.y-from.y, to.x-from.x) }
