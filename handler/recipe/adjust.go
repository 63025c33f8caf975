package recipe

// Adjust changes brightness, then contrast, then saturation. Each is from -100 to 100; 0 changes nothing.
// The formulas are gift's (github.com/disintegration/gift): brightness is added, contrast turns about the
// middle grey, saturation is that of HSL.
type Adjust struct {
	Brightness, Contrast, Saturation float64
}

// Op returns "adjust".
func (Adjust) Op() string { return "adjust" }

func parseAdjust(o *object) Step {
	return Adjust{
		Brightness: o.number("brightness", 0, -100, 100),
		Contrast:   o.number("contrast", 0, -100, 100),
		Saturation: o.number("saturation", 0, -100, 100),
	}
}
