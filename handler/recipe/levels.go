package recipe

import "image/color"

// Invert turns each level into its opposite.
type Invert struct{}

// Op returns "filter".
func (Invert) Op() string { return "filter" }

func parseInvert(*object) Step { return Invert{} }

// Threshold makes what is lighter than a level white and the rest black, by the luma of Rec. 709.
type Threshold struct {
	Level float64 // from 0 to 255
}

// Op returns "filter".
func (Threshold) Op() string { return "filter" }

func parseThreshold(o *object) Step { return Threshold{Level: o.number("level", 128, 0, 255)} }

// Posterize leaves a few levels of each channel.
type Posterize struct {
	Levels int // from 2 to 255
}

// Op returns "filter".
func (Posterize) Op() string { return "filter" }

func parsePosterize(o *object) Step { return Posterize{Levels: o.integer("levels", 4, 2, 255)} }

// Solarize inverts levels above one.
type Solarize struct {
	Level float64 // from 0 to 255
}

// Op returns "filter".
func (Solarize) Op() string { return "filter" }

func parseSolarize(o *object) Step { return Solarize{Level: o.number("level", 128, 0, 255)} }

// Duotone draws a picture with two colours by the luma of Rec. 709: from one for black to one for white.
type Duotone struct {
	Dark, Light color.NRGBA // opaque
}

// Op returns "filter".
func (Duotone) Op() string { return "filter" }

func parseDuotone(o *object) Step {
	return Duotone{Dark: o.opaque("dark", "#000000"), Light: o.opaque("light", "#ffffff")}
}

// opaque is color for a colour that nothing shines through.
func (o *object) opaque(name, def string) color.NRGBA {
	c := o.color(name, def)
	if c.A != 255 {
		o.report(name, "This colour has to be opaque.")
	}
	return c
}
