package recipe_test

import (
	"math"
	"testing"

	"imagepro/handler/recipe"
)

// Of the four arcs between two points, the flags choose one: by where its middle is, and by how long it is.
func TestArcsFollowTheirFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d      string
		middle recipe.Spot
		turn   float64 // of the whole arc, in degrees
	}{
		{"M1 0A1 1 0 0 1 0 1", recipe.Spot{}, 90},
		{"M1 0A1 1 0 0 0 0 1", recipe.Spot{X: 1, Y: 1}, -90},
		{"M1 0A1 1 0 1 1 0 1", recipe.Spot{X: 1, Y: 1}, 270},
		{"M1 0A1 1 0 1 0 0 1", recipe.Spot{}, -270},
		{"M1 0A-.1 .1 0 1 1-1 0", recipe.Spot{}, 180}, // too small a radius becomes as large as needed
		{"M2 0a1 1 77 01-1 1", recipe.Spot{X: 1}, 90},
	} {
		pieces, err := recipe.ParsePath(c.d)
		if err != nil {
			t.Fatalf("%s: %v", c.d, err)
		}
		turned, before := 0.0, pieces[0].Points[0]
		for _, piece := range pieces[1:] {
			a, b, e, f := before, piece.Points[0], piece.Points[1], piece.Points[2]
			for i := range 21 { // all along the curve
				u := float64(i) / 20
				v := 1 - u
				x := v*v*v*a.X + 3*v*v*u*b.X + 3*v*u*u*e.X + u*u*u*f.X - c.middle.X
				y := v*v*v*a.Y + 3*v*v*u*b.Y + 3*v*u*u*e.Y + u*u*u*f.Y - c.middle.Y
				if d := math.Abs(math.Hypot(x, y) - 1); d > 5e-6 {
					t.Fatalf("%s: a point is %g off the circle", c.d, d)
				}
			}
			step := math.Atan2(f.Y-c.middle.Y, f.X-c.middle.X) - math.Atan2(a.Y-c.middle.Y, a.X-c.middle.X)
			turned += math.Remainder(step, 2*math.Pi)
			before = f
		}
		if math.Abs(turned*180/math.Pi-c.turn) > 1e-3 {
			t.Errorf("%s turns by %.3f degrees, want %g", c.d, turned*180/math.Pi, c.turn)
		}
	}
	turned, err := recipe.ParsePath("M0 0A2 1 90 0 1 0 4") // an ellipse that stands: twice as high as wide
	if err != nil {
		t.Fatal(err)
	}
	if p := turned[2].Points[2]; math.Hypot(p.X-1, p.Y-2) > 1e-9 {
		t.Errorf("the middle of the turned arc is %v, want 1, 2", p)
	}
}
