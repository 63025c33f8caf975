package imaging

import (
	"image/color"
	"math/rand/v2"
	"testing"

	"imagepro/handler/recipe"
)

// windsAround is the winding number of a polygon about a point, by the sides that a ray to the right crosses.
func windsAround(points [][2]float64, x, y float64) int {
	winding := 0
	for i, a := range points {
		b := points[(i+1)%len(points)]
		side := (b[0]-a[0])*(y-a[1]) - (x-a[0])*(b[1]-a[1])
		switch {
		case a[1] <= y && b[1] > y && side > 0:
			winding++
		case a[1] > y && b[1] <= y && side < 0:
			winding--
		}
	}
	return winding
}

// Whatever of a polygon a point lies in, its pixel is hidden; and a pixel far from all of it is not.
func TestRedactedPolygonsHideEveryPixelTheyTouch(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	red := color.NRGBA{200, 0, 0, 255}
	for round := range 40 {
		m := noise(50, 40, uint64(round))
		points := make([][2]float64, 3+random.IntN(6))
		lengths := make([][2]recipe.Length, len(points))
		for i := range points {
			points[i] = [2]float64{random.Float64()*70 - 10, random.Float64()*60 - 10}
			lengths[i] = [2]recipe.Length{px(points[i][0]), px(points[i][1])}
		}
		regions := []recipe.Region{{Shape: recipe.Polygon, Points: lengths}}
		got := edited(t, m, recipe.Redact{Mode: recipe.RedactFill, Color: red, Regions: regions})
		pixelated := edited(t, m, recipe.Redact{Mode: recipe.RedactPixelate, Size: 16, Regions: regions})
		blurry := edited(t, m, recipe.Redact{Mode: recipe.RedactBlur, Sigma: 9, Regions: regions})
		const fine = 16
		for y := range 40 {
			for x := range 50 {
				inside := 0
				for j := range fine {
					for i := range fine {
						if windsAround(points, float64(x)+(float64(i)+0.5)/fine,
							float64(y)+(float64(j)+0.5)/fine) != 0 {
							inside++
						}
					}
				}
				hidden := got.NRGBAAt(x, y) == red
				if inside > 0 && !hidden {
					t.Fatalf("%d: %d,%d has %d parts in %v and is seen", round, x, y, inside, points)
				}
				if !hidden && (got.NRGBAAt(x, y) != m.NRGBAAt(x, y) || pixelated.NRGBAAt(x, y) != m.NRGBAAt(x, y) ||
					blurry.NRGBAAt(x, y) != m.NRGBAAt(x, y)) {
					t.Fatalf("%d: %d,%d was changed though it is not hidden", round, x, y)
				}
				if inside == 0 && hidden && !nearSide(points, float64(x)+0.5, float64(y)+0.5) {
					t.Fatalf("%d: %d,%d is hidden and nowhere near %v", round, x, y, points)
				}
			}
		}
	}
}

// nearSide reports whether a side of the polygon comes nearer to a point than a pixel's corner is to its middle.
func nearSide(points [][2]float64, x, y float64) bool {
	for i, a := range points {
		b := points[(i+1)%len(points)]
		dx, dy := b[0]-a[0], b[1]-a[1]
		share := min(max(((x-a[0])*dx+(y-a[1])*dy)/(dx*dx+dy*dy), 0), 1)
		ex, ey := a[0]+share*dx-x, a[1]+share*dy-y
		if ex*ex+ey*ey <= 0.5001 {
			return true
		}
	}
	return false
}

func TestAPolygonOnTheGridHidesNoMoreThanItself(t *testing.T) {
	t.Parallel()
	m := noise(12, 10, 3)
	red := color.NRGBA{200, 0, 0, 255}
	corner := func(x, y float64) [2]recipe.Length { return [2]recipe.Length{px(x), px(y)} }
	square := recipe.Region{Shape: recipe.Polygon,
		Points: [][2]recipe.Length{corner(3, 2), corner(9, 2), corner(9, 7), corner(3, 7)}}
	sliver := recipe.Region{Shape: recipe.Polygon,
		Points: [][2]recipe.Length{corner(1.5, 0.2), corner(1.5, 9.5), corner(1.5, 4)}}
	got := edited(t, m, recipe.Redact{Mode: recipe.RedactFill, Color: red, Regions: []recipe.Region{square, sliver}})
	for y := range 10 {
		for x := range 12 {
			want := x >= 3 && x < 9 && y >= 2 && y < 7 || x == 1
			if hidden := got.NRGBAAt(x, y) == red; hidden != want {
				t.Errorf("%d,%d: hidden is %v", x, y, hidden)
			}
		}
	}
}
