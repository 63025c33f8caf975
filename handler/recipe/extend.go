package recipe

import "image/color"

// Extend adds room around a picture.
type Extend struct {
	Top, Right, Bottom, Left Length // percent of the picture's height (top, bottom) or width (left, right)
	Background               color.NRGBA
}

// Op returns "extend".
func (Extend) Op() string { return "extend" }

func parseExtend(o *object) Step {
	side := span{most: MaxSide, mostPercent: 500}
	s := Extend{
		Top:        o.lengthOr("top", Length{}, side),
		Right:      o.lengthOr("right", Length{}, side),
		Bottom:     o.lengthOr("bottom", Length{}, side),
		Left:       o.lengthOr("left", Length{}, side),
		Background: o.color("background", "transparent"),
	}
	return s
}

// Border draws a frame around a picture, which grows by it.
type Border struct {
	Width Length // percent of the shorter side
	Color color.NRGBA
}

// Op returns "border".
func (Border) Op() string { return "border" }

func parseBorder(o *object) Step {
	return Border{
		Width: o.lengthOr("width", Length{Value: 2, Percent: true}, span{
			least:        1,
			most:         2000,
			leastPercent: 0.1,
			mostPercent:  100,
		}),
		Color: o.color("color", "#ffffff"),
	}
}

// RoundCorners makes the corners of a picture transparent.
type RoundCorners struct {
	Radius Length // percent of the shorter side; 50 % or more rounds it as far as it goes
}

// Op returns "roundCorners".
func (RoundCorners) Op() string { return "roundCorners" }

func parseRoundCorners(o *object) Step {
	return RoundCorners{
		Radius: o.lengthOr("radius", Length{Value: 5, Percent: true}, span{
			least:        1,
			most:         MaxSide,
			leastPercent: 0.1,
			mostPercent:  100,
		})}
}
