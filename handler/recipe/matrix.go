package recipe

// Matrix mixes the channels of each pixel: four rows, of red, green, blue and alpha, of four factors for these channels
// and an offset in units of the full level.
type Matrix struct {
	Name   string // of the filter; empty for a matrix of the recipe's own
	Values [20]float64
}

// Op returns "filter" or "colorMatrix".
func (m Matrix) Op() string {
	if m.Name != "" {
		return "filter"
	}
	return "colorMatrix"
}

// maxFactor bounds the factors of a matrix.
const maxFactor = 100

func parseMatrix(o *object) Step {
	return Matrix{Values: [20]float64(o.numbers("matrix", -maxFactor, maxFactor, 20))}
}

// toned are the filters that are matrices, with the figures of fabric 4.6.0 (src/filters/colormatrix_filters).
var toned = map[string][20]float64{
	"vintage": {
		0.62793, 0.32021, -0.03965, 0, 0.03784,
		0.02578, 0.64411, 0.03259, 0, 0.02926,
		0.0466, -0.08512, 0.52416, 0, 0.02023,
		0, 0, 0, 1, 0,
	},
	"brownie": {
		0.5997, 0.34553, -0.27082, 0, 0.186,
		-0.0377, 0.86095, 0.15059, 0, -0.1449,
		0.24113, -0.07441, 0.44972, 0, -0.02965,
		0, 0, 0, 1, 0,
	},
	"kodachrome": {
		1.12855, -0.39673, -0.03992, 0, 0.24991,
		-0.16404, 1.08352, -0.05498, 0, 0.09698,
		-0.16786, -0.56034, 1.60148, 0, 0.13972,
		0, 0, 0, 1, 0,
	},
	"technicolor": {
		1.91252, -0.85453, -0.09155, 0, 0.04624,
		-0.30878, 1.76589, -0.10601, 0, -0.27589,
		-0.2311, -0.75018, 1.84759, 0, 0.12137,
		0, 0, 0, 1, 0,
	},
	"polaroid": {
		1.438, -0.062, -0.062, 0, 0,
		-0.122, 1.378, -0.122, 0, 0,
		-0.016, -0.016, 1.483, 0, 0,
		0, 0, 0, 1, 0,
	},
	"blackWhite": {
		1.5, 1.5, 1.5, 0, -1,
		1.5, 1.5, 1.5, 0, -1,
		1.5, 1.5, 1.5, 0, -1,
		0, 0, 0, 1, 0,
	},
}

// parseToned returns the function that reads a filter which has nothing but its name.
func parseToned(name string) func(*object) Step {
	return func(*object) Step { return Matrix{Name: name, Values: toned[name]} }
}
