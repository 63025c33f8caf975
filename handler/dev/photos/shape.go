package photos

import "math"

// shape is an outline: dist is the distance of a point to it, negative inside, and exact enough near the
// edge. The box holds all that is inside.
type shape struct {
	x0, y0, x1, y1 float32
	dist           func(x, y float32) float32
}

func disc(x, y, r float32) shape { return ellipse(x, y, r, r) }

func ellipse(cx, cy, rx, ry float32) shape {
	return shape{cx - rx, cy - ry, cx + rx, cy + ry, func(x, y float32) float32 {
		return (length((x-cx)/rx, (y-cy)/ry) - 1) * min(rx, ry)
	}}
}

// bar is a rectangle with rounded corners of radius r.
func bar(x0, y0, x1, y1, r float32) shape {
	cx, cy, hx, hy := (x0+x1)/2, (y0+y1)/2, (x1-x0)/2-r, (y1-y0)/2-r
	return shape{x0, y0, x1, y1, func(x, y float32) float32 {
		dx, dy := abs(x-cx)-hx, abs(y-cy)-hy
		return length(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - r
	}}
}

// stroke is a line with round ends that is r0 thick at its start and r1 at its end.
func stroke(x0, y0, r0, x1, y1, r1 float32) shape {
	dx, dy := x1-x0, y1-y0
	square := max(dx*dx+dy*dy, 1e-9)
	r := max(r0, r1)
	return shape{min(x0, x1) - r, min(y0, y1) - r, max(x0, x1) + r, max(y0, y1) + r, func(x, y float32) float32 {
		t := clamp(((x-x0)*dx + (y-y0)*dy) / square)
		return length(x-x0-dx*t, y-y0-dy*t) - lerp(r0, r1, t)
	}}
}

// turned is a shape around (cx, cy) turned clockwise by an angle in radians; reach is how far it extends.
func turned(s shape, cx, cy, angle, reach float32) shape {
	sin, cos := math.Sincos(float64(angle))
	sn, cs := float32(sin), float32(cos)
	return shape{cx - reach, cy - reach, cx + reach, cy + reach, func(x, y float32) float32 {
		x, y = x-cx, y-cy
		return s.dist(cx+x*cs+y*sn, cy-x*sn+y*cs)
	}}
}

// convex is a convex polygon; its corners go around clockwise: x0, y0, x1, y1, ...
func convex(corners ...float32) shape {
	s := shape{corners[0], corners[1], corners[0], corners[1], nil}
	for i := 0; i < len(corners); i += 2 {
		s.x0, s.x1 = min(s.x0, corners[i]), max(s.x1, corners[i])
		s.y0, s.y1 = min(s.y0, corners[i+1]), max(s.y1, corners[i+1])
	}
	s.dist = func(x, y float32) float32 {
		far := float32(math.Inf(-1))
		for i := 0; i < len(corners); i += 2 {
			j := (i + 2) % len(corners)
			dx, dy := corners[j]-corners[i], corners[j+1]-corners[i+1]
			far = max(far, ((x-corners[i])*dy-(y-corners[i+1])*dx)/length(dx, dy))
		}
		return far
	}
	return s
}

// column is a shape around the upright axis x = cx from top to foot; half is half its width at a height.
func column(cx, top, foot, reach float32, half func(y float32) float32) shape {
	return shape{cx - reach, top, cx + reach, foot, func(x, y float32) float32 {
		return max(abs(x-cx)-half(y), top-y, y-foot)
	}}
}

func length(x, y float32) float32 { return float32(math.Sqrt(float64(x*x + y*y))) }

func abs(v float32) float32 { return float32(math.Abs(float64(v))) }

func sine(v float32) float32 { return float32(math.Sin(float64(v))) }

func exp(v float32) float32 { return float32(math.Exp(float64(v))) }

func power(v, e float32) float32 { return float32(math.Pow(float64(v), float64(e))) }
