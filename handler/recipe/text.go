package recipe

import (
	"image/color"
	"slices"
	"strings"
)

// MaxText is the longest text of a watermark, in bytes, before its placeholders are filled in.
const MaxText = 2048

// Align is how the lines of a text stand to each other.
type Align string

// The alignments.
const (
	AlignLeft   Align = "left"
	AlignCenter Align = "center"
	AlignRight  Align = "right"
)

// Text writes a text on a picture.
type Text struct {
	// Text may hold line breaks and placeholders; see Expand.
	Text         string
	Bold, Italic bool
	Underline    bool
	Size         Length // of the font; percent of the shorter side
	Color        color.NRGBA
	Opacity      float64 // of the whole watermark, from 0 to 1
	Angle        float64 // clockwise degrees about the middle of the text, from 0 up to but not including 360
	Align        Align
	LineHeight   float64 // a multiple of Size, from 0.5 to 4
	Gravity      Gravity
	// Offset moves the text away from the edges of its gravity, or right and down from the middle; percent
	// of the picture's width and height.
	OffsetX, OffsetY Length
	MaxWidth         Length // lines are wrapped at it; percent of the picture's width
	Stroke           Stroke
	Background       TextBackground
}

// Stroke is an outline around the letters, under their fill.
type Stroke struct {
	Color color.NRGBA
	Width Length // of what is seen outside the letters; percent of the font size; zero is none
}

// TextBackground is a box behind the text.
type TextBackground struct {
	Color   color.NRGBA
	Padding Length // on every side; percent of the font size
}

// Op returns "text".
func (Text) Op() string { return "text" }

func parseText(o *object) Step {
	s := Text{
		Text:      o.text("text", "", MaxText),
		Bold:      o.boolean("bold", false),
		Italic:    o.boolean("italic", false),
		Underline: o.boolean("underline", false),
		Size: o.lengthOr("size", Length{Value: 4, Percent: true}, span{
			least:        4,
			most:         2000,
			leastPercent: 0.5,
			mostPercent:  100,
		}),
		Color:      o.color("color", "#ffffff"),
		Opacity:    o.number("opacity", 1, 0, 1),
		Angle:      o.angle(0),
		Align:      word(o, "align", AlignLeft, AlignLeft, AlignCenter, AlignRight),
		LineHeight: o.number("lineHeight", 1.16, 0.5, 4),
		Gravity:    o.gravity(SouthEast),
		MaxWidth: o.lengthOr("maxWidth", Length{Value: 100, Percent: true}, span{
			least:        1,
			most:         MaxSide,
			leastPercent: 1,
			mostPercent:  100,
		}),
	}
	checkText(o, s.Text)

	s.OffsetX, s.OffsetY = o.offset(Length{}, MaxSide)

	stroke := o.object("stroke")
	s.Stroke.Color = stroke.color("color", "#000000")
	s.Stroke.Width = stroke.lengthOr("width", Length{}, span{most: 100, mostPercent: 25})
	stroke.close()

	background := o.object("background")
	s.Background.Color = background.color("color", "transparent")
	s.Background.Padding = background.lengthOr("padding", Length{Value: 25, Percent: true},
		span{most: 500, mostPercent: 200})
	background.close()
	return s
}

func checkText(o *object, text string) {
	if strings.TrimSpace(text) == "" {
		o.report("text", "A text of 1 to %d bytes is expected here.", MaxText)
	}
	o.problem.checkPlaceholders(pointer(o.path, "text"), text)
}

// checkPlaceholders refuses a text with placeholders that are none.
func (p *problem) checkPlaceholders(at, text string) {
	if _, ok := expand(text, func(string) string { return "" }); !ok {
		p.report(at, "A placeholder is not known or not closed. Known: {%s}. A brace itself is written twice.",
			strings.Join(placeholders(), "}, {"))
	}
}

// placeholders lists what may stand between braces.
func placeholders() []string {
	return []string{"name", "ext", "width", "height", "date", "year", "taken", "title", "creator", "copyright"}
}

// Expand returns a text with each placeholder {x} replaced by value("x") and doubled braces made single.
// The names are those that Parse accepts; see placeholders.
func Expand(text string, value func(name string) string) string {
	text, _ = expand(text, value)
	return text
}

// expand also reports whether every placeholder is known and closed; if not, the text ends before the first
// that is not.
func expand(text string, value func(string) string) (expanded string, ok bool) {
	var to strings.Builder
	for text != "" {
		if strings.HasPrefix(text, "{{") || strings.HasPrefix(text, "}}") {
			to.WriteByte(text[0])
			text = text[2:]
			continue
		}
		if text[0] != '{' {
			to.WriteByte(text[0])
			text = text[1:]
			continue
		}
		name, rest, closed := strings.Cut(text[1:], "}")
		if !closed || !slices.Contains(placeholders(), name) {
			return to.String(), false
		}
		to.WriteString(value(name))
		text = rest
	}
	return to.String(), true
}
