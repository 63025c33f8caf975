package recipe

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxPieces is how many pieces a path may have.
const MaxPieces = 2000

// Spot is a point of a path.
type Spot struct{ X, Y float64 }

// Piece is one step of a path, in absolute coordinates. Points holds the control points and at last the end: 1 for 'M'
// (begins a line) and 'L' (straight), 2 for 'Q', 3 for 'C' (Bézier curves) and none for 'Z' (back to where the line
// began).
type Piece struct {
	Command byte
	Points  []Spot
}

// ParsePath reads path data of SVG 1.1 (section 8.3): the commands M, L, H, V, C, S, Q, T, A, Z and their relative
// forms. Arcs come out as curves of at most an eighth of a turn, which stay within four millionths of the radius. A
// path begins with M, has at most MaxPieces pieces, and every coordinate lies between -1e6 and 1e6. The error tells
// what is wrong near which byte.
func ParsePath(d string) ([]Piece, error) {
	s, err := scanPath(d)
	if err != nil {
		return nil, err
	}
	return s.pieces, nil
}

// pathScanner reads path data. It stops at the first mistake.
type pathScanner struct {
	data      string
	at        int // byte
	pieces    []Piece
	canonical strings.Builder // the same in the commands M, L, C, Q, A and Z, absolute
	pen       Spot            // where the last piece ended
	begin     Spot            // where the line began
	control   Spot            // the last control point, for S and T
	before    byte            // the command before, in upper case
	err       error
}

func scanPath(d string) (*pathScanner, error) {
	s := &pathScanner{data: d}
	for s.skipSpace(); s.at < len(d) && s.err == nil; s.skipSpace() {
		command := d[s.at]
		upper := command &^ 0x20
		count, known := pathArguments[upper]
		switch {
		case !known:
			s.fail("one of the commands M, L, H, V, C, S, Q, T, A and Z")
		case s.before == 0 && upper != 'M':
			s.fail("M, with which a path begins,")
		default:
			s.at++
			s.command(upper, command != upper, count)
		}
	}
	if s.err == nil && len(s.pieces) < 2 {
		s.fail("a line or curve")
	}
	return s, s.err
}

// pathArguments are the commands and how many numbers each takes.
var pathArguments = map[byte]int{'M': 2, 'L': 2, 'H': 1, 'V': 1, 'C': 6, 'S': 4, 'Q': 4, 'T': 2, 'A': 7, 'Z': 0}

// command reads the arguments of a command, as often as they come.
func (s *pathScanner) command(upper byte, relative bool, count int) {
	if upper == 'Z' {
		s.add('Z', nil)
		s.canonical.WriteByte('Z')
		s.pen, s.before = s.begin, 'Z'
		return
	}
	for again := true; again && s.err == nil; again = s.more() {
		var args [7]float64
		for i := range count {
			if i > 0 {
				s.skipComma()
			}
			if upper == 'A' && (i == 3 || i == 4) {
				args[i] = s.flag()
			} else {
				args[i] = s.number()
			}
		}
		if s.err == nil {
			s.draw(upper, s.absolute(upper, relative, args))
			s.before = upper
		}
		if upper == 'M' {
			upper = 'L' // further pairs are lines
		}
	}
}

// absolute adds where the pen is to relative coordinates, rounds to six decimals and checks all.
func (s *pathScanner) absolute(upper byte, relative bool, args [7]float64) [7]float64 {
	const most = 1e6
	from := 0
	if upper == 'A' {
		from = 5
	}
	for i := range args {
		switch vertical := upper == 'V' || (i-from)%2 == 1; {
		case !relative || i < from || i >= pathArguments[upper]:
		case vertical:
			args[i] += s.pen.Y
		default:
			args[i] += s.pen.X
		}
		args[i] = roundTo(args[i], 1e6)
		if !(math.Abs(args[i]) <= most) {
			s.fail("a coordinate from -1000000 to 1000000")
		}
	}
	return args
}

// draw appends what a command draws.
func (s *pathScanner) draw(upper byte, a [7]float64) {
	if s.before == 'Z' && upper != 'M' {
		s.line('M', s.begin)
	}
	mirrored := func(of ...byte) Spot {
		for _, command := range of {
			if s.before == command {
				return Spot{2*s.pen.X - s.control.X, 2*s.pen.Y - s.control.Y}
			}
		}
		return s.pen
	}
	switch upper {
	case 'M', 'L':
		s.line(upper, Spot{a[0], a[1]})
	case 'H':
		s.line('L', Spot{a[0], s.pen.Y})
	case 'V':
		s.line('L', Spot{s.pen.X, a[0]})
	case 'C':
		s.curve(Spot{a[0], a[1]}, Spot{a[2], a[3]}, Spot{a[4], a[5]})
	case 'S':
		s.curve(mirrored('C', 'S'), Spot{a[0], a[1]}, Spot{a[2], a[3]})
	case 'Q':
		s.curve(Spot{a[0], a[1]}, Spot{a[2], a[3]})
	case 'T':
		s.curve(mirrored('Q', 'T'), Spot{a[0], a[1]})
	case 'A':
		s.arc(a)
	}
}

func (s *pathScanner) line(command byte, to Spot) {
	if command == 'M' {
		s.begin = to
	}
	s.add(command, []Spot{to})
	s.write(command, to.X, to.Y)
	s.pen = to
}

// curve appends a Bézier curve: its control points and its end.
func (s *pathScanner) curve(points ...Spot) {
	command := byte('Q')
	if len(points) == 3 {
		command = 'C'
	}
	var numbers []float64
	for _, p := range points {
		numbers = append(numbers, p.X, p.Y)
	}
	s.add(command, points)
	s.write(command, numbers...)
	s.control, s.pen = points[len(points)-2], points[len(points)-1]
}

// arc appends an elliptical arc: radii, turn of the ellipse, the two flags and the end.
func (s *pathScanner) arc(a [7]float64) {
	to := Spot{a[5], a[6]}
	rx, ry := math.Abs(a[0]), math.Abs(a[1])
	switch {
	case to == s.pen:
		return
	case rx == 0 || ry == 0:
		s.line('L', to)
		return
	}
	for _, points := range arcCurves(s.pen, rx, ry, a[2], a[3] == 1, a[4] == 1, to) {
		s.add('C', points)
	}
	s.write('A', rx, ry, a[2], a[3], a[4], to.X, to.Y)
	s.pen = to
}

func (s *pathScanner) add(command byte, points []Spot) {
	if len(s.pieces) == MaxPieces {
		s.fail(fmt.Sprintf("the end of the path, which may have at most %d pieces,", MaxPieces))
		return
	}
	s.pieces = append(s.pieces, Piece{command, points})
}

func (s *pathScanner) write(command byte, numbers ...float64) {
	for i, x := range numbers {
		if i == 0 {
			s.canonical.WriteByte(command)
		} else {
			s.canonical.WriteByte(' ')
		}
		s.canonical.WriteString(short(x + 0)) // -0 + 0 is 0
	}
}

func (s *pathScanner) fail(expected string) {
	if s.err == nil {
		s.err = fmt.Errorf("near byte %d of the path %s is expected", s.at, expected)
	}
}

// more reports whether another set of arguments follows, after a comma or not.
func (s *pathScanner) more() bool {
	if s.skipComma() {
		return true
	}
	return s.at < len(s.data) && strings.IndexByte("+-.0123456789", s.data[s.at]) >= 0
}

func (s *pathScanner) skipSpace() {
	for s.at < len(s.data) && strings.IndexByte(" \t\n\r\f", s.data[s.at]) >= 0 {
		s.at++
	}
}

// skipComma skips space with at most one comma in it.
func (s *pathScanner) skipComma() (comma bool) {
	s.skipSpace()
	if comma = s.at < len(s.data) && s.data[s.at] == ','; comma {
		s.at++
		s.skipSpace()
	}
	return comma
}

// number reads a decimal number: sign, digits, fraction, exponent.
func (s *pathScanner) number() float64 {
	s.skipSpace()
	rest := s.data[s.at:]
	n := 0
	digits := func() int {
		from := n
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		return n - from
	}
	sign := func() {
		if n < len(rest) && (rest[n] == '+' || rest[n] == '-') {
			n++
		}
	}
	sign()
	count := digits()
	if n < len(rest) && rest[n] == '.' {
		n++
		count += digits()
	}
	if end := n; n < len(rest) && rest[n]|0x20 == 'e' {
		n++
		if sign(); digits() == 0 {
			n = end
		}
	}
	x, err := strconv.ParseFloat(rest[:n], 64)
	if count == 0 || err != nil {
		s.fail("a number")
		return 0
	}
	s.at += n
	return x
}

// flag reads 0 or 1, which need nothing between them and what follows.
func (s *pathScanner) flag() float64 {
	s.skipSpace()
	if s.at < len(s.data) && (s.data[s.at] == '0' || s.data[s.at] == '1') {
		s.at++
		return float64(s.data[s.at-1] - '0')
	}
	s.fail("a flag, 0 or 1,")
	return 0
}

// arcCurves returns an arc as cubic curves: two control points and the end each. SVG 1.1, appendix F.6, tells how the
// ellipse is found; radii that are too small for the distance are made larger there.
func arcCurves(from Spot, rx, ry, turn float64, large, sweep bool, to Spot) [][]Spot {
	sin, cos := math.Sincos(turn * math.Pi / 180)
	dx, dy := (from.X-to.X)/2, (from.Y-to.Y)/2
	x, y := cos*dx+sin*dy, cos*dy-sin*dx
	if scale := math.Hypot(x/rx, y/ry); scale > 1 {
		rx, ry = rx*scale, ry*scale
	}
	// On the unit circle, the middle of the chord is at (ux, uy) from one end; the centre is beside it.
	ux, uy := x/rx, y/ry
	chord := math.Hypot(ux, uy)
	away := math.Sqrt(max(0, 1-chord*chord)) / chord
	if large == sweep {
		away = -away
	}
	cx, cy := uy*away, -ux*away
	start := math.Atan2(uy-cy, ux-cx)
	span := math.Mod(math.Atan2(-uy-cy, -ux-cx)-start+4*math.Pi, 2*math.Pi)
	if !sweep {
		span -= 2 * math.Pi
	}
	place := func(ex, ey float64) Spot { // from the unit circle about the origin
		ex, ey = (ex+cx)*rx, (ey+cy)*ry
		return Spot{cos*ex - sin*ey + (from.X+to.X)/2, sin*ex + cos*ey + (from.Y+to.Y)/2}
	}
	n := max(1, int(math.Ceil(math.Abs(span)/(math.Pi/4)-1e-9)))
	step := span / float64(n)
	arm := 4.0 / 3 * math.Tan(step/4)
	curves := make([][]Spot, n)
	for i := range curves {
		s0, c0 := math.Sincos(start + step*float64(i))
		s1, c1 := math.Sincos(start + step*float64(i+1))
		curves[i] = []Spot{place(c0-arm*s0, s0+arm*c0), place(c1+arm*s1, s1-arm*c1), place(c1, s1)}
	}
	curves[n-1][2] = to
	return curves
}

// roundTo rounds to a fraction: 1e6 is six decimals.
func roundTo(x, fraction float64) float64 { return math.Round(x*fraction) / fraction }
