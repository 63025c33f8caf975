package recipe

// AutoLevels stretches the levels of a picture: its percentile Low becomes black and its percentile High white.
type AutoLevels struct {
	Low  float64 // from 0 to 49
	High float64 // from 51 to 100
	// Channels stretches each channel by itself, which takes a cast of colour away as well.
	Channels bool
}

// Op returns "autoLevels".
func (AutoLevels) Op() string { return "autoLevels" }

func parseAutoLevels(o *object) Step {
	return AutoLevels{
		Low:      o.number("low", 0.5, 0, 49),
		High:     o.number("high", 99.5, 51, 100),
		Channels: o.boolean("channels", false),
	}
}
