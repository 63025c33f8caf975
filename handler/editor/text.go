package editor

import (
	"math"
	"strconv"
	"strings"
)

// lineShare is how high a line of text is in fabric, in font sizes for each of its lineHeight.
const lineShare = 1.13

// text adds a text: at the edge that it is aligned to, its middle at the height of the middle in the editor, since the
// letters are those of another font.
func (c *converter) text(at, kind string, o fields, on place) {
	words := o.text("text", "")
	if strings.TrimSpace(words) == "" {
		return
	}
	f := c.placed(o, on, o.number("width", 0), o.number("height", 0))
	if f.flipX || f.flipY {
		c.note(at, "The text is not mirrored.")
	}
	size := o.number("fontSize", 40) * f.scaleY
	s := map[string]any{
		"op": "text", "text": strings.NewReplacer("{", "{{", "}", "}}").Replace(words),
		"size": percent(size, min(c.width, c.height)),
		"bold": isBold(o), "italic": o.text("fontStyle", "") == "italic" || o.text("fontStyle", "") == "oblique",
		"underline": o.flag("underline", false) || strings.Contains(o.text("textDecoration", ""), "underline"),
		"color":     hex(c.paint(at, "fill", "rgb(0,0,0)", o)), "opacity": rounded(f.opacity, 4),
		"lineHeight": rounded(clamped(o.number("lineHeight", 1.16)*lineShare, 0.5, 4), 4),
	}
	c.anchor(at, s, o, f)
	if kind == "textbox" {
		s["maxWidth"] = percent(clamped(f.width*f.scaleX, 0.01*c.width, c.width), c.width)
	}
	if stroke := c.paint(at, "stroke", "", o); stroke.A > 0 && f.stroke > 0 {
		s["stroke"] = map[string]any{"color": hex(stroke), "width": percent(f.stroke/2, size)}
	}
	for _, name := range []string{"backgroundColor", "textBackgroundColor"} {
		if o.text(name, "") != "" {
			s["background"] = map[string]any{"color": hex(c.paint(at, name, "", o)), "padding": 0}
		}
	}
	c.textNotes(at, o)
	c.effects(at, o)
	c.step(at, s)
}

// anchor says where a text stands: at the edge that it is aligned to or, if it is turned, about its middle.
func (c *converter) anchor(at string, s map[string]any, o fields, f figure) {
	half := f.width * f.scaleX / 2
	align := o.text("textAlign", "left")
	edge, across := "center", f.x-c.width/2
	switch align {
	case "center", "justify-center":
		s["align"] = "center"
	case "right", "justify-right":
		s["align"], edge = "right", "east"
	default:
		s["align"], edge = "left", "west"
		if align != "left" {
			c.note(named(at, "textAlign"), "The text is aligned to the left.")
		}
	}
	switch s["gravity"] = edge; {
	case math.Abs(math.Remainder(f.angle, 360)) > 0.01: // it turns about its middle, which is no edge's
		s["gravity"], s["angle"] = "center", rounded(f.angle, 4)
	case edge == "east":
		across = c.width - f.x - half
	case edge == "west":
		across = f.x - half
	}
	s["offset"] = map[string]any{"x": percent(across, c.width), "y": percent(f.y-c.height/2, c.height)}
}

func (c *converter) textNotes(at string, o fields) {
	c.note(named(at, "fontFamily"), "The text is written in the font of this service, not in %s.",
		strconv.Quote(o.text("fontFamily", "Times New Roman")))
	for _, name := range []string{"overline", "linethrough"} {
		if o.flag(name, false) {
			c.note(named(at, name), "The text is written without this line.")
		}
	}
	if o.number("charSpacing", 0) != 0 {
		c.note(named(at, "charSpacing"), "The letters are as far apart as usual.")
	}
	if len(toFields(o["styles"])) > 0 {
		c.note(named(at, "styles"), "All letters of the text look the same.")
	}
}

// isBold reads a font weight, a word or a number.
func isBold(o fields) bool {
	weight := o.number("fontWeight", 400)
	if n, err := strconv.ParseFloat(o.text("fontWeight", ""), 64); err == nil {
		weight = n
	}
	return weight >= 600 || o.text("fontWeight", "") == "bold" || o.text("fontWeight", "") == "bolder"
}
