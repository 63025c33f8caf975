package recipe

// Adjust changes light and colours, in the order of its fields. 0 changes nothing, of Gamma 1. The formulas of
// brightness, contrast and saturation are gift's (github.com/disintegration/gift): brightness is added, contrast turns
// about the middle grey, saturation is that of HSL.
type Adjust struct {
	Exposure             float64 // stops of light, from -5 to 5
	Gamma                float64 // from 0.1 to 10; above 1 is lighter
	Brightness, Contrast float64 // from -100 to 100
	// from -100 to 100: what is light, what is dark, made lighter or darker; black and white stay
	Highlights, Shadows float64
	Sigmoid             Sigmoid
	// from -100 (cold) to 100 (warm): blue and red are made stronger or weaker by up to a quarter
	Temperature float64
	Saturation  float64 // from -100 to 100
	Vibrance    float64 // from -100 to 100: saturation that spares what is saturated
	Hue         float64 // degrees about the grey axis, from -180 to 180
	// Editor says that it is to look as in Toast UI's editor: gamma, brightness, contrast, saturation, vibrance and
	// hue, with fabric's formulas and a hundredth of the value as fabric's.
	Editor bool
}

// Sigmoid is a curve in the shape of an S: contrast that spares black and white. The formula is gift's.
type Sigmoid struct {
	Midpoint float64 // the level about which it turns, from 0 to 1
	Factor   float64 // from -10 (less contrast) to 10; 0 changes nothing
}

// Op returns "adjust".
func (Adjust) Op() string { return "adjust" }

func parseAdjust(o *object) Step {
	s := Adjust{
		Editor:     o.compat(),
		Gamma:      o.number("gamma", 1, 0.1, 10),
		Brightness: o.number("brightness", 0, -100, 100),
		Contrast:   o.number("contrast", 0, -100, 100),
		Saturation: o.number("saturation", 0, -100, 100),
		Vibrance:   o.number("vibrance", 0, -100, 100),
		Hue:        o.number("hue", 0, -180, 180),
	}
	if !s.Editor {
		s.Highlights = o.number("highlights", 0, -100, 100)
		s.Shadows = o.number("shadows", 0, -100, 100)
		sigmoid := o.object("sigmoid")
		s.Sigmoid = Sigmoid{Midpoint: sigmoid.number("midpoint", 0.5, 0, 1),
			Factor: sigmoid.number("factor", 0, -10, 10)}
		sigmoid.close()
		s.Exposure = o.number("exposure", 0, -5, 5)
		s.Temperature = o.number("temperature", 0, -100, 100)
	}
	return s
}
