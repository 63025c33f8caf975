package editor

import (
	"math"
	"strings"
)

// overlay adds a picture that is laid on the picture, if the state holds its pixels.
func (c *converter) overlay(at string, o fields, on place) {
	f := c.placed(o, on, o.number("width", 0), o.number("height", 0))
	src := o.text("src", "")
	switch {
	case !strings.HasPrefix(src, "data:image/"):
		c.note(named(at, "src"),
			"Only a picture whose src is a data URI can be laid on the picture; this one is left out.")
		return
	case o.number("cropX", 0) != 0 || o.number("cropY", 0) != 0:
		c.note(at, "A part of a picture cannot be laid on the picture; it is left out.")
		return
	}
	w, h := f.width*f.scaleX, f.height*f.scaleY
	if math.Abs(f.scaleX/f.scaleY-1) > 0.01 {
		c.note(at, "The picture keeps the ratio of its sides.")
	}
	if f.flipX || f.flipY {
		c.note(at, "The picture is not mirrored.")
	}
	if len(o.list("filters")) > 0 {
		c.note(named(at, "filters"), "The filters of a picture that is laid on the picture are left out.")
	}
	c.effects(at, o)
	c.step(at, map[string]any{
		"op": "watermark", "image": map[string]any{"data": src}, "size": percent(max(w, h), min(c.width, c.height)),
		"gravity": "center",
		"offset":  map[string]any{"x": percent(f.x-c.width/2, c.width), "y": percent(f.y-c.height/2, c.height)},
		"angle":   rounded(f.angle, 4), "opacity": rounded(f.opacity, 4),
	})
}
