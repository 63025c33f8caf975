package recipe

import "image/color"

// Shadow puts a shadow under what is not transparent of a picture.
type Shadow struct {
	Sigma            Length // of its blur, zero for a sharp one; percent of the shorter side
	OffsetX, OffsetY Length // right and down; percent of the shorter side
	Color            color.NRGBA
	Expand           bool // whether the picture grows, transparent, by what the shadow needs
}

// Op returns "shadow".
func (Shadow) Op() string { return "shadow" }

func parseShadow(o *object) Step {
	s := Shadow{
		Sigma:  o.lengthOr("sigma", Length{Value: 1, Percent: true}, span{most: 100, mostPercent: 5}),
		Color:  o.color("color", "#00000080"),
		Expand: o.boolean("expand", true),
	}
	s.OffsetX, s.OffsetY = o.offset(Length{Value: 1, Percent: true}, 2000)
	return s
}
