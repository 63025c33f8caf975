package imaging

import (
	"context"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"imagepro/handler/recipe"
)

// drawnOn parses one step and carries it out on a picture of one colour.
func drawnOn(t *testing.T, c color.NRGBA, w, h int, step string) *image.NRGBA {
	t.Helper()
	r, err := recipe.Parse([]byte(`{"version":1,"steps":[` + step + `]}`))
	if err != nil {
		t.Fatalf("%s: %v", step, err)
	}
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	fill(m, c)
	return edited(t, m, r.Steps...)
}

// inked returns what a step paints on nothing, in shares of the full alpha.
func inked(t *testing.T, w, h int, step string) func(x, y int) float64 {
	t.Helper()
	m := drawnOn(t, color.NRGBA{}, w, h, step)
	return func(x, y int) float64 { return float64(m.NRGBAAt(x, y).A) / 255 }
}

// sampled returns which share of a pixel lies within something, by asking for many points.
func sampled(within func(x, y float64) bool) func(x, y int) float64 {
	const n = 16
	return func(x, y int) float64 {
		count := 0
		for j := range n {
			for i := range n {
				if within(float64(x)+(float64(i)+0.5)/n, float64(y)+(float64(j)+0.5)/n) {
					count++
				}
			}
		}
		return float64(count) / n / n
	}
}

// nearLine says whether a point is within a distance of a row of points.
func nearLine(points []spot, distance float64) func(x, y float64) bool {
	return func(x, y float64) bool {
		for i := range len(points) - 1 {
			a, b := points[i], points[i+1]
			dx, dy := b.x-a.x, b.y-a.y
			at := 0.0
			if dx != 0 || dy != 0 {
				at = max(0, min(1, ((x-a.x)*dx+(y-a.y)*dy)/(dx*dx+dy*dy)))
			}
			if math.Hypot(x-a.x-at*dx, y-a.y-at*dy) <= distance {
				return true
			}
		}
		return false
	}
}

// boxed says whether a point lies in a rectangle that is turned about its middle.
func boxed(x, y, w, h, degrees float64) func(px, py float64) bool {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return func(px, py float64) bool {
		dx, dy := px-x-w/2, py-y-h/2
		return math.Abs(dx*cos+dy*sin) <= w/2 && math.Abs(dy*cos-dx*sin) <= h/2
	}
}

func TestShapesCoverWhatGeometrySays(t *testing.T) {
	t.Parallel()
	curve := make([]spot, 101) // of the path below, point by point
	for i := range curve {
		u := float64(i) / 100
		v := 1 - u
		curve[i] = spot{
			10*v*v*v + 3*40*v*v*u + 3*20*v*u*u + 50*u*u*u, 10*v*v*v + 3*0*v*v*u + 3*60*v*u*u + 40*u*u*u,
		}
	}
	frame := func(px, py float64) bool {
		return boxed(10, 8, 40, 30, 0)(px, py) && !boxed(16, 14, 28, 18, 0)(px, py)
	}
	for name, c := range map[string]struct {
		step   string
		within func(x, y float64) bool
	}{
		"a rectangle": {
			`"shape":"rect","x":10.25,"y":8.5,"width":20,"height":"50%","fill":"#000"`, boxed(10.25, 8.5, 20, 25, 0),
		},
		"in shares": {
			`"shape":"rect","unit":"rel","x":0.1,"y":0.1,"width":0.5,"height":0.5,"fill":"#000"`,
			boxed(6, 5, 30, 25, 0),
		},
		"turned": {
			`"shape":"rect","x":15,"y":15,"width":30,"height":10,"fill":"#000","angle":30`, boxed(15, 15, 30, 10, 30),
		},
		"over the edge": {
			`"shape":"rect","x":-400,"y":-300,"width":420,"height":330,"fill":"#000","angle":180`,
			boxed(-400, -300, 420, 330, 0),
		},
		"far over the edge": {
			`"shape":"path","d":"M-10-10h21v21h-21z","viewBox":[0,0,1,1],"x":0,"y":0,"width":30000,"height":"500%",` +
				`"fill":"#000"`, boxed(0, 0, 60, 50, 0),
		},
		"lines from far away": {
			`"shape":"path","d":"M-30000 20H30000M30-30000V30000M-29984-29968 29984 30000","stroke":{"width":4}`,
			func(x, y float64) bool {
				return math.Abs(y-20) <= 2 || math.Abs(x-30) <= 2 || math.Abs(y-x-16) <= 2*math.Sqrt2
			},
		},
		"round corners": {
			`"shape":"rect","x":10,"y":10,"width":40,"height":20,"fill":"#000","radius":"50%"`,
			nearLine([]spot{{20, 20}, {40, 20}}, 10),
		},
		"an ellipse": {
			`"shape":"ellipse","x":10,"y":8,"width":40,"height":30,"fill":"#000"`,
			func(x, y float64) bool { return math.Hypot((x-30)/20, (y-23)/15) <= 1 },
		},
		"a triangle": {
			`"shape":"triangle","x":10,"y":10,"width":40,"height":30,"fill":"#000"`,
			func(x, y float64) bool { return y <= 40 && math.Abs(x-30) <= (y-10)*20/30 },
		},
		"a frame with miters": {
			`"shape":"rect","x":13,"y":11,"width":34,"height":24,"stroke":{"width":6}`, frame,
		},
		"a frame of a polygon": {
			`"shape":"polygon","points":[[13,11],[13,35],[47,35],[47,11]],"stroke":{"width":6,"cap":"round"}`, frame,
		},
		"a line with butts": {
			`"shape":"line","points":[[10,25],[50,25]],"stroke":{"width":9},"angle":40`, boxed(10, 20.5, 40, 9, 40),
		},
		"a line with squares": {
			`"shape":"line","points":[[14,25],[46,25]],"stroke":{"width":8,"cap":"square"},"angle":-20`,
			boxed(10, 21, 40, 8, -20),
		},
		"round caps and joins": {
			`"shape":"polyline","points":[[10,10],[30,40],[34,12],[52,30],[20,14]],"stroke":{"width":7,` +
				`"cap":"round","join":"round"}`,
			nearLine([]spot{{10, 10}, {30, 40}, {34, 12}, {52, 30}, {20, 14}}, 3.5),
		},
		"a curve": {
			`"shape":"path","d":"M10 10C40 0 20 60 50 40","stroke":{"width":8,"cap":"round","join":"round"}`,
			nearLine(curve, 4),
		},
		"a point": {
			`"shape":"path","d":"M0 0h0","x":30.5,"y":20,"stroke":{"width":12,"cap":"round"}`,
			nearLine([]spot{{30.5, 20}, {30.5, 20}}, 6),
		},
		"a path fitted": {
			`"shape":"path","d":"M-1-1h2v2h-2zM-.5-.5v1h1v-1z","viewBox":[-1,-1,2,2],"x":10,"y":"10%","width":40,` +
				`"height":40,"fill":"#000"`,
			func(x, y float64) bool { return boxed(10, 5, 40, 40, 0)(x, y) && !boxed(20, 15, 20, 20, 0)(x, y) },
		},
		"arcs": {
			`"shape":"path","d":"M10 25a20 15 0 1 1 40 0 20 15 0 0 1-40 0z","fill":"#000"`,
			func(x, y float64) bool { return math.Hypot((x-30)/20, (y-25)/15) <= 1 },
		},
		"a cut corner": {
			`"shape":"polyline","points":[[10,40],[30,10],[30,10],[50,40]],"stroke":{"width":10,"join":"bevel"}`,
			func(x, y float64) bool {
				length := math.Hypot(20, 30)
				slope := math.Atan2(30, 20) * 180 / math.Pi
				wedge := y >= 10-5*20/length && y <= 10 && math.Abs(x-30) <= (10-y)*30/20
				return wedge || boxed(20-length/2, 20, length, 10, -slope)(x, y) ||
					boxed(40-length/2, 20, length, 10, slope)(x, y)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, want := inked(t, 60, 50, `{"op":"shape",`+c.step+`}`), sampled(c.within)
			worst, sum := 0.0, 0.0
			for y := range 50 {
				for x := range 60 {
					d := math.Abs(got(x, y) - want(x, y))
					worst, sum = max(worst, d), sum+d
				}
			}
			if worst > 0.1 || sum > 2.5 {
				t.Errorf("coverage differs by up to %.3f, %.2f pixels in all", worst, sum)
			}
		})
	}
}

// What is painted twice by pieces of one stroke, or by fill and stroke of one shape, shows once.
func TestAStrokeIsNotDarkerWhereItOverlaps(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		`{"op":"shape","shape":"polyline","points":[[5,25],[55,25],[55,10],[30,10],[30,45],[5,25],[55,26]],` +
			`"stroke":{"width":9,"color":"#00000080","join":"round"}}`,
		`{"op":"shape","shape":"path","d":"M5 25q50-50 40 10t-30 5t20-20","stroke":{"width":14,"color":"#00000080"}}`,
		`{"op":"shape","shape":"line","points":[[10,25],[50,20]],"stroke":{"width":9,"color":"#00000080"},` +
			`"arrow":{"start":"chevron","end":"triangle"}}`,
		`{"op":"shape","shape":"ellipse","x":10,"y":10,"width":40,"height":30,"fill":"#000","stroke":{"width":9},` +
			`"opacity":0.502}`,
	} {
		m := drawnOn(t, color.NRGBA{}, 60, 50, step)
		full := 0
		for i := 3; i < len(m.Pix); i += 4 {
			switch a := m.Pix[i]; {
			case a > 128:
				t.Fatalf("%s: an alpha of %d", step, a)
			case a >= 127:
				full++
			}
		}
		if full < 300 {
			t.Errorf("%s: %d pixels are inked", step, full)
		}
	}
}

// The seams between the pieces of a wide curve do not show, on pictures of either kind of the rasterizer's numbers.
func TestCurvesHaveNoSeams(t *testing.T) {
	t.Parallel()
	for _, w := range []int{400, 700} {
		got := inked(t, w, 400,
			`{"op":"shape","shape":"path","d":"M60 300C60 0 340 0 340 300","stroke":{"width":60,"cap":"square"}}`)
		curve := make([]spot, 201)
		for i := range curve {
			u := float64(i) / 200
			v := 1 - u
			curve[i] = spot{60*v*v*v + 180*v*v*u + 1020*v*u*u + 340*u*u*u, 300*v*v*v + 300*u*u*u}
		}
		within := nearLine(curve, 28)
		for y := range 400 {
			for x := range w {
				if within(float64(x)+0.5, float64(y)+0.5) && got(x, y) < 1 {
					t.Fatalf("of %d,%d %.4f is covered", x, y, got(x, y))
				}
			}
		}
	}
}

func TestArrowsHaveTheEditorsHeads(t *testing.T) {
	t.Parallel()
	got := inked(t, 100, 60,
		`{"op":"shape","shape":"line","points":[[20,30],[80,30]],"stroke":{"width":10},"arrow":{"end":"chevron"}}`)
	// Its arms are 27 long at 30 degrees: they end at 80 - 23.4, 30 ± 13.5. The tip is a miter of 10 pixels.
	for _, c := range []struct {
		x, y int
		want float64
	}{{57, 43, 1}, {57, 16, 1}, {57, 49, 0}, {86, 30, 1}, {91, 30, 0}, {50, 43, 0}, {25, 30, 1}, {25, 37, 0},
		{18, 30, 0}} {
		if got(c.x, c.y) != c.want {
			t.Errorf("chevron: %d,%d is covered by %.2f, want %g", c.x, c.y, got(c.x, c.y), c.want)
		}
	}
	got = inked(t, 100, 60,
		`{"op":"shape","shape":"polyline","points":[[20,30],[20,30],[80,30],[80,50]],"stroke":{"width":10},`+
			`"arrow":{"start":"triangle"}}`)
	// Its sides of 17 end at 20 + 14.7, 30 ± 8.5; the stroke is wide enough to leave no hole.
	for _, c := range []struct {
		x, y int
		want float64
	}{{30, 30, 1}, {37, 41, 1}, {12, 30, 1}, {9, 30, 0}, {45, 37, 0}, {80, 45, 1}, {45, 30, 1}} {
		if got(c.x, c.y) != c.want {
			t.Errorf("triangle: %d,%d is covered by %.2f, want %g", c.x, c.y, got(c.x, c.y), c.want)
		}
	}
}

func TestShapesLayTheirColoursOnThePicture(t *testing.T) {
	t.Parallel()
	m := drawnOn(t, color.NRGBA{200, 100, 0, 255}, 40, 40,
		`{"op":"shape","shape":"rect","x":10,"y":10,"width":20,"height":20,"fill":"#0000ff80","stroke":{"width":4,`+
			`"color":"#00ff00"},"opacity":0.5}`)
	for _, c := range []struct {
		x, y int
		want color.NRGBA
	}{
		{0, 0, color.NRGBA{200, 100, 0, 255}},
		{9, 20, color.NRGBA{100, 178, 0, 255}},  // the stroke, half of it
		{11, 20, color.NRGBA{100, 178, 0, 255}}, // it hides the fill
		{20, 20, color.NRGBA{150, 75, 64, 255}}, // a quarter of the fill
	} {
		got := m.NRGBAAt(c.x, c.y)
		if abs(int(got.R)-int(c.want.R)) > 1 || abs(int(got.G)-int(c.want.G)) > 1 ||
			abs(int(got.B)-int(c.want.B)) > 1 || got.A != 255 {
			t.Errorf("%d,%d is %v, want %v", c.x, c.y, got, c.want)
		}
	}
	if got := drawnOn(t, color.NRGBA{}, 20, 20,
		`{"op":"shape","shape":"rect","x":5,"y":5,"width":10,"height":10,"fill":"#123456"}`).NRGBAAt(10,
		10); got != (color.NRGBA{0x12, 0x34, 0x56, 255}) {
		t.Errorf("on nothing the colour is %v", got)
	}
}

func TestWhatDoesNotTouchThePictureIsNotPlanned(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]string{
		`"shape":"rect","x":100,"y":0,"width":10,"height":10,"fill":"#000"`: "",
		`"shape":"rect","x":-14,"y":0,"width":10,"height":10,"stroke":{"width":8,` +
			`"join":"round"}`: "rect at (0,0)-(2,16)",
		`"shape":"line","points":[[-50,-50],[-20,-20]],"stroke":{"width":4}`:               "",
		`"shape":"path","d":"M10 10M20 20","fill":"#000"`:                                  "",
		`"shape":"ellipse","x":10,"y":10,"width":10,"height":10,"fill":"#000","opacity":0`: "",
		`"shape":"ellipse","x":10,"y":10,"width":20,"height":10,` +
			`"fill":"#000"`: "ellipse at (10,10)-(30,20)",
		`"shape":"polygon","points":[["10%",10],["30%","20%"],[20,0]],"fill":"#000",` +
			`"angle":180`: "polygon at (10,0)-(30,20)",
		`"shape":"path","d":"M5,5 L6,6","x":"50%","y":3,"stroke":{"width":"1%",` +
			`"join":"round"}`: "path at (54,7)-(57,10)",
		`"shape":"triangle","x":0,"y":0,"width":"500%","height":"500%",` +
			`"fill":"#000"`: "triangle at (0,0)-(100,100)",
		`"shape":"rect","x":30000,"y":0,"width":10,"height":10,"fill":"#000","angle":180`: "",
		`"shape":"polyline","points":[[1,1],[1,1]],"stroke":{"width":2},` +
			`"arrow":{"end":"chevron"}`: "polyline at (0,0)-(5,5)",
	} {
		p, err := planOf(t, jpegInfo(100, 100, 1), `{"version":1,"steps":[{"op":"shape",`+step+`}]}`)
		if err != nil {
			t.Errorf("%s: %v", step, err)
			continue
		}
		lines := strings.Split(p.String(), "\n")
		if want == "" && len(p.operations) != 0 || want != "" && !strings.HasPrefix(lines[1], want+" → ") {
			t.Errorf("%s: the plan is %q, want %q", step, lines, want)
		}
	}
}

func TestLongShapesEndWithTheContext(t *testing.T) {
	t.Parallel()
	p, err := planOf(t, jpegInfo(1000, 1000, 1),
		`{"version":1,"steps":[{"op":"shape","shape":"rect","x":0,"y":0,"width":1000,"height":1000,"fill":"#000"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.operations[0].apply(ctx, image.NewNRGBA(image.Rect(0, 0, 1000, 1000))); err == nil {
		t.Error("a done context is not noticed")
	}
}
