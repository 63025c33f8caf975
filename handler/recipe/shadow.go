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
	offset := o.object("offset")
	in := span{least: -2000, most: 2000, leastPercent: -100, mostPercent: 100}
	one := Length{Value: 1, Percent: true}
	s.OffsetX, s.OffsetY = offset.lengthOr("x", one, in), offset.lengthOr("y", one, in)
	offset.close()
	return s
}
