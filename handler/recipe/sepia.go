package recipe

// Sepia tones a picture brown.
type Sepia struct {
	Amount float64 // percent, from 0 (nothing) to 100
}

// Op returns "filter".
func (Sepia) Op() string { return "filter" }

func parseSepia(o *object) Step {
	return Sepia{Amount: o.number("amount", 100, 0, 100)}
}
