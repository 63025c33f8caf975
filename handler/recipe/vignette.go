package recipe

import "image/color"

// Vignette mixes a colour into a picture, from a distance of its middle on, more and more up to its corners. It is as
// round as the picture is.
type Vignette struct {
	Amount   float64     // of the colour in the corners, from 0 to 100 percent
	Midpoint float64     // where it begins, from 0 (the middle) to 95 percent of the way to the corners
	Color    color.NRGBA // opaque
}

// Op returns "filter".
func (Vignette) Op() string { return "filter" }

func parseVignette(o *object) Step {
	return Vignette{
		Amount: o.number("amount", 50, 0, 100), Midpoint: o.number("midpoint", 40, 0, 95),
		Color: o.opaque("color", "#000000"),
	}
}
