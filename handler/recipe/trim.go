package recipe

import "image/color"

// Equal is on which axes a trim takes the same from both sides.
type Equal string

// The axes.
const (
	EqualNone       Equal = "none"
	EqualHorizontal Equal = "horizontal"
	EqualVertical   Equal = "vertical"
	EqualBoth       Equal = "both"
)

// Trim cuts the edges of one colour off. A picture of nothing else stays as it is.
type Trim struct {
	// Auto says that the colour is that of the upper left pixel; otherwise it is Color.
	Auto      bool
	Color     color.NRGBA
	Threshold int    // levels by which the edges may differ from the colour, from 0 to 255
	Margin    Length // of the edges that is left; percent of the shorter side of what is left without it
	Equal     Equal
}

// Op returns "trim".
func (Trim) Op() string { return "trim" }

func parseTrim(o *object) Step {
	s := Trim{
		Threshold: o.integer("threshold", 10, 0, 255),
		Margin:    o.lengthOr("margin", Length{}, span{most: MaxSide, mostPercent: 100}),
		Equal:     word(o, "equal", EqualNone, EqualNone, EqualHorizontal, EqualVertical, EqualBoth),
	}
	if s.Auto = o.fields["color"] == nil || o.fields["color"] == "auto"; s.Auto {
		o.text("color", "auto", 4)
	} else {
		s.Color = o.color("color", "#ffffff")
	}
	return s
}
