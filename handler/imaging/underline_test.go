package imaging

import (
	"fmt"
	"testing"
)

func TestALineIsUnderEachLineOfAText(t *testing.T) {
	t.Parallel()
	for _, align := range []string{"left", "center", "right"} {
		step := `{"op":"text","text":"nnnnnn\nnn","size":30,"align":"%s","gravity":"northwest","underline":%v}`
		with := inked(t, 200, 90, fmt.Sprintf(step, align, true))
		without := inked(t, 200, 90, fmt.Sprintf(step, align, false))
		var bars [][3]int // of rows that only the underlined text has: first and last column, and row
		for y := range 90 {
			first, last := -1, -1
			for x := range 200 {
				if with(x, y) > 0.9 && without(x, y) == 0 {
					if first < 0 {
						first = x
					}
					last = x
				}
			}
			if first >= 0 {
				bars = append(bars, [3]int{first, last, y})
			}
		}
		if len(bars) < 2 || len(bars) > 6 {
			t.Fatalf("%s: %d rows of bars: %v", align, len(bars), bars)
		}
		upper, lower := bars[0], bars[len(bars)-1]
		long, short := upper[1]-upper[0], lower[1]-lower[0]
		if lower[2]-upper[2] < 28 || long < 2*short || long > 4*short {
			t.Errorf("%s: bars of %d and %d pixels, %d apart", align, long, short, lower[2]-upper[2])
		}
		indent := lower[0] - upper[0]
		if want := map[string]int{"left": 0, "center": (long - short) / 2,
			"right": long - short}[align]; indent < want-2 || indent > want+2 {
			t.Errorf("%s: the short bar is indented by %d pixels, want %d", align, indent, want)
		}
	}
}
