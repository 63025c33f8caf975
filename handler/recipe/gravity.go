package recipe

// Gravity is the part of a picture that something is put at or kept.
type Gravity string

// The nine gravities.
const (
	Center    Gravity = "center"
	North     Gravity = "north"
	NorthEast Gravity = "northeast"
	East      Gravity = "east"
	SouthEast Gravity = "southeast"
	South     Gravity = "south"
	SouthWest Gravity = "southwest"
	West      Gravity = "west"
	NorthWest Gravity = "northwest"
)

// Smart is where most of what people look at is: skin, edges and strong colours. Only cuts know it.
const Smart Gravity = "smart"

// Focal is the point of a picture that a cut keeps as near to its middle as it can: shares from 0 to 1 of the picture's
// width and height.
type Focal struct {
	X, Y float64
}

// Sides returns where the gravity is on each axis: -1 is left or top, 0 the middle, 1 right or bottom.
func (g Gravity) Sides() (x, y int) {
	switch g {
	case North, NorthEast, NorthWest:
		y = -1
	case South, SouthEast, SouthWest:
		y = 1
	}
	switch g {
	case West, NorthWest, SouthWest:
		x = -1
	case East, NorthEast, SouthEast:
		x = 1
	}
	return x, y
}

func (o *object) gravity(def Gravity) Gravity {
	return word(o, "gravity", def, gravities()...)
}

func gravities() []Gravity {
	return []Gravity{Center, North, NorthEast, East, SouthEast, South, SouthWest, West, NorthWest}
}

// cutGravity reads where a cut is made: at a gravity, Smart among them, or around a focal point.
func (o *object) cutGravity() (Gravity, *Focal) {
	if !o.has("focal") {
		return word(o, "gravity", Center, append(gravities(), Smart)...), nil
	}
	o.refuse("focal", "gravity")
	point := o.object("focal")
	defer point.close()
	return "", &Focal{X: point.number("x", required, 0, 1), Y: point.number("y", required, 0, 1)}
}
