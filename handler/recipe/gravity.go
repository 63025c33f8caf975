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
	return word(o, "gravity", def, Center, North, NorthEast, East, SouthEast, South, SouthWest, West, NorthWest)
}
