package recipe

// Axis is a direction of mirroring.
type Axis string

// The axes.
const (
	Horizontal Axis = "horizontal" // left becomes right
	Vertical   Axis = "vertical"   // top becomes bottom
	Both       Axis = "both"       // a half turn
)

// Flip mirrors a picture.
type Flip struct {
	Axis Axis
}

// Op returns "flip".
func (Flip) Op() string { return "flip" }

func parseFlip(o *object) Step {
	return Flip{Axis: word(o, "axis", "", Horizontal, Vertical, Both)}
}
