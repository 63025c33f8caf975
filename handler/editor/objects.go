package editor

import (
	"math"

	"imagepro/handler/fault"
)

// place is where objects are drawn: the canvas, or a group on it. It flips, makes larger, turns and moves, in this
// order.
type place struct {
	x, y           float64 // of the middle
	scaleX, scaleY float64 // above zero
	flipX, flipY   bool
	angle          float64 // clockwise degrees
	opacity        float64
	groups         int
}

// whole is the canvas, whose coordinates are the objects'.
var whole = place{scaleX: 1, scaleY: 1, opacity: 1}

// mostGroups is how deep groups may be in each other.
const mostGroups = 5

// draw adds objects, from the lowest to the highest.
func (c *converter) draw(at string, list []any, on place) error {
	for i, value := range list {
		o := toFields(value)
		if c.objects++; c.objects > MaxObjects {
			return fault.Newf(fault.Invalid, "At most %d objects are allowed.", MaxObjects).At(at)
		}
		if o == nil || !o.flag("visible", true) || o.number("opacity", 1) <= 0 {
			continue
		}
		if err := c.object(numbered(at, i), o, on); err != nil {
			return err
		}
	}
	return nil
}

func (c *converter) object(at string, o fields, on place) error {
	kind := o.text("type", "")
	switch kind {
	case "group", "activeSelection":
		if on.groups == mostGroups {
			c.note(at, "Groups that are more than %d deep are left out.", mostGroups)
			return nil
		}
		c.effects(at, o)
		group := c.placed(o, on, o.number("width", 0), o.number("height", 0)).place
		group.groups++
		return c.draw(named(at, "objects"), o.list("objects"), group)
	case "rect", "ellipse", "circle", "triangle":
		c.box(at, kind, o, on)
	case "line":
		c.line(at, o, on)
	case "polyline", "polygon":
		c.polygon(at, kind, o, on)
	case "path":
		c.path(at, o, on)
	case "i-text", "text", "textbox":
		c.text(at, kind, o, on)
	case "image":
		c.overlay(at, o, on)
	default:
		c.note(at, "Objects of the type %q are not known here; this one is left out.", kind)
	}
	return nil
}

// effects tells of what no object is drawn with here.
func (c *converter) effects(at string, o fields) {
	for _, name := range []string{"shadow", "clipPath"} {
		if o.has(name) {
			c.note(named(at, name), "This is left out.")
		}
	}
	if len(o.list("strokeDashArray")) > 0 {
		c.note(named(at, "strokeDashArray"), "The line is drawn without gaps.")
	}
	if o.number("skewX", 0) != 0 || o.number("skewY", 0) != 0 {
		c.note(at, "The object is drawn without being skewed.")
	}
	for name, usual := range map[string]string{"globalCompositeOperation": "source-over", "fillRule": "nonzero",
		"paintFirst": "fill"} {
		if value := o.text(name, usual); value != usual {
			c.note(named(at, name), "The object is drawn as with %s.", usual)
		}
	}
}

// figure is an object with its place on the canvas. Its own coordinates have their zero in its middle.
type figure struct {
	place
	width, height float64 // without stroke, before it is made larger
	stroke        float64 // width on the canvas, whether there is one or not
}

// placed finds where an object is: left and top are those of its origin, which is a part of the box around its stroke.
func (c *converter) placed(o fields, on place, width, height float64) figure {
	f := figure{width: width, height: height}
	f.scaleX, f.scaleY = math.Abs(o.number("scaleX", 1)), math.Abs(o.number("scaleY", 1))
	stroke := max(0, o.number("strokeWidth", 1))
	w, h := f.outer(o, stroke)
	angle := o.number("angle", 0)
	x, y := turned(w*origin(o, "originX"), h*origin(o, "originY"), angle)
	x, y = x+o.number("left", 0), y+o.number("top", 0)
	if !o.flag("strokeUniform", false) {
		stroke *= (f.scaleX + f.scaleY) / 2
	}

	// Where that is on the canvas: a flip turns the other way round.
	f.flipX, f.flipY = o.flag("flipX", false) != on.flipX, o.flag("flipY", false) != on.flipY
	if on.flipX {
		x = -x
	}
	if on.flipY {
		y = -y
	}
	if on.flipX != on.flipY {
		angle = -angle
	}
	x, y = turned(x*on.scaleX, y*on.scaleY, on.angle)
	f.x, f.y = on.x+x, on.y+y
	f.angle = math.Mod(on.angle+angle, 360)
	f.scaleX, f.scaleY = f.scaleX*on.scaleX, f.scaleY*on.scaleY
	f.opacity = clamped(o.number("opacity", 1), 0, 1) * on.opacity
	f.groups = on.groups
	f.stroke = stroke * (on.scaleX + on.scaleY) / 2
	return f
}

// outer returns the size of the box around an object with its stroke, as fabric computes it.
func (f figure) outer(o fields, stroke float64) (w, h float64) {
	if o.flag("strokeUniform", false) {
		return f.width*f.scaleX + stroke, f.height*f.scaleY + stroke
	}
	w, h = (f.width+stroke)*f.scaleX, (f.height+stroke)*f.scaleY
	if o.text("type", "") == "line" && o.text("strokeLineCap", "butt") == "butt" {
		if f.width == 0 {
			h -= stroke * f.scaleY
		}
		if f.height == 0 {
			w -= stroke * f.scaleX
		}
	}
	return w, h
}

// origin returns how far the middle is from an origin, in parts of the side.
func origin(o fields, name string) float64 {
	switch o.text(name, "left") {
	case "center":
		return 0
	case "right", "bottom":
		return -0.5
	}
	return 0.5 - o.number(name, 0) // fabric takes parts as well
}

// turned returns a point, turned clockwise about zero by degrees.
func turned(x, y, degrees float64) (float64, float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return x*cos - y*sin, x*sin + y*cos
}

// spot returns where a point of an object would be on the canvas if the object were not turned.
func (f figure) spot(x, y float64) (float64, float64) {
	if f.flipX {
		x = -x
	}
	if f.flipY {
		y = -y
	}
	return f.x + x*f.scaleX, f.y + y*f.scaleY
}

// boxOf returns the fields of a step that say where a figure's box is.
func (c *converter) boxOf(f figure) map[string]any {
	w, h := f.width*f.scaleX, f.height*f.scaleY
	return map[string]any{
		"unit": "rel", "x": share(f.x-w/2, c.width), "y": share(f.y-h/2, c.height), "width": share(w, c.width),
		"height": share(h, c.height),
	}
}
