package recipe

// Noise adds grain. The same seed makes the same grain.
type Noise struct {
	Amount     float64 // levels between the darkest and the lightest grain, from 0 to 1000 as in Toast UI's editor
	Seed       int     // from 0 to 2147483647
	Monochrome bool    // whether all channels of a pixel get the same
}

// Op returns "noise".
func (Noise) Op() string { return "noise" }

func parseNoise(o *object) Step {
	return Noise{
		Amount:     o.number("amount", 100, 0, 1000),
		Seed:       o.integer("seed", 0, 0, 1<<31-1),
		Monochrome: o.boolean("monochrome", true),
	}
}
