package editor

import (
	"image/color"
	"math"
)

// box adds a shape that fills its box.
func (c *converter) box(at, kind string, o fields, on place) {
	width, height := o.number("width", 0), o.number("height", 0)
	shape := kind
	switch kind {
	case "circle": // fabric's has a radius; the editor's own is fabric's ellipse under that name
		shape = "ellipse"
		width, height = 2*o.number("radius", o.number("rx", 0)), 2*o.number("radius", o.number("ry", 0))
		if math.Abs(o.number("endAngle", 2*math.Pi)-o.number("startAngle", 0)) < 2*math.Pi-1e-3 {
			c.note(at, "A part of a circle is drawn as the whole.")
		}
	case "ellipse":
		width, height = 2*o.number("rx", width/2), 2*o.number("ry", height/2)
	}
	f := c.placed(o, on, width, height)
	if kind == "triangle" && f.flipY {
		f.angle += 180 // it is the same from left and right
	}
	if fill := toFields(o["fill"]); fill != nil && c.covered(at, shape, fill, f) {
		o["fill"] = ""
	}
	s := c.boxOf(f)
	if radius := max(o.number("rx", 0), o.number("ry", 0)); kind == "rect" && radius > 0 {
		if rx, ry := o.number("rx", 0)*f.scaleX, o.number("ry", 0)*f.scaleY; rx > 0 && ry > 0 && math.Abs(rx-ry) > 0.5 {
			c.note(at, "The corners are as round in both directions.")
		}
		s["radius"] = percent(radius*min(f.scaleX, f.scaleY), max(min(width*f.scaleX, height*f.scaleY), 1e-9))
	}
	c.shape(at, shape, o, f, s)
}

// covered adds what hides a part of the picture: the editor fills shapes with blurred or pixelated pixels. A pattern
// that is not known hides as well, since what was hidden may not show. A gradient does not: covered is false.
func (c *converter) covered(at, shape string, fill fields, f figure) bool {
	at = named(at, "fill")
	kind := fill.text("type", "")
	if kind == "linear" || kind == "radial" {
		return false
	}
	s := c.hiding(fill)
	if kind != "filter" || s["mode"] == "fill" {
		c.note(at, "A fill that is no colour hides what is under it, in black.")
	}
	w, h := f.width*f.scaleX, f.height*f.scaleY
	if f.angle != 0 && (shape != "ellipse" || w != h) || shape == "triangle" {
		if points := c.onCanvas(f.corners(shape)); len(points) > 0 {
			s["regions"] = []any{map[string]any{"shape": "polygon", "unit": "rel", "points": points}}
			c.step(at, s)
		}
		return true
	}
	x, y := f.x-w/2, f.y-h/2
	if shape == "rect" || w > c.width || h > c.height { // a smaller ellipse keeps its box
		shape = "rect"
		left, top := max(x, 0), max(y, 0)
		w, h = min(x+w, c.width)-left, min(y+h, c.height)-top
		x, y = left, top
	}
	if x >= c.width || y >= c.height || x+w <= 0 || y+h <= 0 || w <= 0 || h <= 0 {
		return true // it is out of the picture
	}
	s["regions"] = []any{map[string]any{
		"shape": shape, "unit": "rel", "x": share(x, c.width), "y": share(y, c.height),
		"width": max(share(w, c.width), 0.0001), "height": max(share(h, c.height), 0.0001),
	}}
	c.step(at, s)
	return true
}

// ellipseCorners is how many corners stand for a turned ellipse: one of 4000 pixels is then hidden 2.5 pixels too wide.
const ellipseCorners = 64

// corners returns the corners of a triangle, of a rectangle, or of a polygon around an ellipse, turned on the canvas.
func (f figure) corners(shape string) [][2]float64 {
	unit := [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}
	switch shape {
	case "triangle":
		unit = [][2]float64{{0, -1}, {1, 1}, {-1, 1}}
	case "ellipse":
		unit = nil
		for i := range ellipseCorners {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / ellipseCorners)
			around := 1 / math.Cos(math.Pi/ellipseCorners)
			unit = append(unit, [2]float64{cos * around, sin * around})
		}
	}
	for i, p := range unit {
		x, y := turned(p[0]*f.width/2*f.scaleX, p[1]*f.height/2*f.scaleY, f.angle)
		unit[i] = [2]float64{f.x + x, f.y + y}
	}
	return unit
}

// onCanvas returns what of a convex polygon lies on the canvas, in parts of it; nothing for one beside it
// (Sutherland and Hodgman).
func (c *converter) onCanvas(points [][2]float64) []any {
	for side := range 4 {
		axis, sign, limit := side/2, 1.0, 0.0
		if side%2 == 1 {
			sign, limit = -1, []float64{c.width, c.height}[axis]
		}
		within := func(p [2]float64) float64 { return sign * (p[axis] - limit) }
		var kept [][2]float64
		for i, b := range points {
			a := points[(i+len(points)-1)%len(points)]
			if from, to := within(a), within(b); from*to < 0 {
				t := from / (from - to)
				kept = append(kept, [2]float64{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])})
			}
			if within(b) >= 0 {
				kept = append(kept, b)
			}
		}
		points = kept
	}
	if len(points) < 3 {
		return nil
	}
	all := make([]any, len(points))
	for i, p := range points {
		all[i] = []any{share(p[0], c.width), share(p[1], c.height)}
	}
	return all
}

// hiding returns a redaction as a fill asks for.
func (c *converter) hiding(fill fields) map[string]any {
	s := map[string]any{"op": "redact", "mode": "fill"}
	for _, value := range fill.list("filter") {
		filter := toFields(value)
		switch {
		case filter.has("pixelate"):
			s["mode"], s["size"] = "pixelate", clamped(math.Round(filter.number("pixelate", 0)*c.scale), 8, 1024)
		case filter.has("blur"):
			sigma := filter.number("blur", 0) * blurSpread * math.Sqrt(c.width*c.height) * c.scale
			s["mode"], s["sigma"] = "blur", rounded(clamped(sigma, 5, 100), 2)
		}
	}
	return s
}

// shape adds a step, with what is the same for all shapes. What neither fill nor stroke draws is nothing.
func (c *converter) shape(at, kind string, o fields, f figure, s map[string]any) {
	fill := color.NRGBA{}
	if kind != "line" {
		fill = c.paint(at, "fill", "rgb(0,0,0)", o)
	}
	stroke := c.paint(at, "stroke", "", o)
	if f.stroke <= 0 {
		stroke = color.NRGBA{}
	}
	if fill.A == 0 && stroke.A == 0 {
		return
	}
	c.effects(at, o)
	if o.text("backgroundColor", "") != "" {
		c.note(named(at, "backgroundColor"), "The box behind the object is left out.")
	}
	s["op"], s["shape"] = "shape", kind
	if fill.A > 0 {
		s["fill"] = hex(fill)
	}
	if stroke.A > 0 {
		s["stroke"] = map[string]any{
			"color": hex(stroke), "width": percent(f.stroke, min(c.width, c.height)),
			"cap": o.text("strokeLineCap", "butt"), "join": o.text("strokeLineJoin", "miter"),
		}
		if !o.flag("strokeUniform", false) && math.Abs(f.scaleX-f.scaleY) > 0.02*max(f.scaleX, f.scaleY) {
			c.note(at, "The line is as wide in all directions.")
		}
	}
	if angle := rounded(math.Mod(f.angle, 360), 4); angle != 0 {
		s["angle"] = angle
	}
	switch {
	case f.opacity == 1:
	case fill.A > 0 && stroke.A > 0: // the editor fades them one by one: the fill shines through the line
		s["fill"] = hex(faded(fill, f.opacity))
		s["stroke"].(map[string]any)["color"] = hex(faded(stroke, f.opacity))
	default:
		s["opacity"] = rounded(f.opacity, 4)
	}
	c.step(at, s)
}

func faded(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(math.Round(float64(c.A) * opacity))
	return c
}

// paint returns the colour of a fill or stroke. Of a gradient it is the first one.
func (c *converter) paint(at, name, def string, o fields) color.NRGBA {
	text := def
	switch value := o[name].(type) {
	case string:
		text = value
	case nil:
		if _, given := o[name]; given {
			text = ""
		}
	default:
		text = "black"
		if stops := toFields(value).list("colorStops"); len(stops) > 0 {
			text = toFields(stops[0]).text("color", text)
		}
		c.note(named(at, name), "What is no single colour is drawn in one.")
	}
	drawn, ok := toColor(text)
	if !ok {
		c.note(named(at, name), "This colour is not understood; it is taken as black.")
		return color.NRGBA{A: 255}
	}
	return drawn
}
