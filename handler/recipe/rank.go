package recipe

// RankMode is which level of a neighbourhood is taken.
type RankMode string

// The modes, which are the names of their operations.
const (
	Median  RankMode = "median"  // takes specks away
	Minimum RankMode = "minimum" // lets what is dark grow
	Maximum RankMode = "maximum" // lets what is light grow
)

// Rank makes each channel of each pixel one level of the square around it. Alpha stays.
type Rank struct {
	Mode RankMode
	Size int // of the square in pixels: 3, 5 or 7
}

// Op returns the mode.
func (r Rank) Op() string { return string(r.Mode) }

// parseRank returns the function that reads an operation of a mode.
func parseRank(mode RankMode) func(*object) Step {
	return func(o *object) Step {
		size := o.integer("size", 3, 3, 7)
		if size%2 == 0 {
			o.report("size", "One of these numbers is expected here: 3, 5, 7.")
		}
		return Rank{Mode: mode, Size: size}
	}
}
