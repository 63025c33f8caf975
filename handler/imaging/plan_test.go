package imaging

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

func jpegInfo(w, h, orientation int) Info {
	info := Info{
		Format:       JPEG,
		StoredWidth:  w,
		StoredHeight: h,
		Width:        w,
		Height:       h,
		Orientation:  orientation,
		Frames:       1,
		Bits:         8,
	}
	if orientation >= 5 {
		info.Width, info.Height = h, w
	}
	return info
}

func planOf(t *testing.T, info Info, document string) (*plan, error) {
	t.Helper()
	r, err := recipe.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return compile(info, r, Options{
		Limits: DefaultLimits(), Name: "a.jpg", Time: time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC),
	})
}

// dot is a picture of one pixel.
const dot = `{"data":"data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"}`

func TestPlansFoldWhatCanBeOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		info  Info
		steps string
		want  string
	}{
		"nothing": {jpegInfo(40, 30, 1), ``, "jpeg 40×30\njpeg 40×30\n"},
		"steps that change nothing": {
			jpegInfo(40, 30, 1),
			`{"op":"resize","width":40},{"op":"crop","width":"100%","height":30},{"op":"rotate","angle":0},
			 {"op":"adjust"},{"op":"filter","name":"sepia","amount":0},{"op":"sharpen","amount":0},
			 {"op":"text","text":"x","opacity":0},{"op":"resize","width":100,"withoutEnlargement":true},
			 {"op":"watermark","image":` + dot + `,"opacity":0},{"op":"watermark","image":` + dot + `,` +
				`"offset":{"y":"-100%"}},
			 {"op":"flip","axis":"both"},{"op":"rotate","angle":180}`,
			"jpeg 40×30\njpeg 40×30\n",
		},
		"orientation, quarter and flip": {
			jpegInfo(40, 30, 6),
			`{"op":"rotate","angle":-90},{"op":"flip","axis":"horizontal"},{"op":"resize","width":20}`,
			"jpeg 40×30, flip horizontal\nscale lanczos3 → 20×15\njpeg 20×15\n",
		},
		"crop of a crop": {
			jpegInfo(40, 30, 1),
			`{"op":"crop","x":10,"y":10,"width":20,"height":20},{"op":"crop","x":5,"width":5,"height":5}`,
			"jpeg 40×30\ncrop at 15,10 → 5×5\njpeg 5×5\n",
		},
		"points": {
			jpegInfo(40, 30, 1),
			`{"op":"adjust","brightness":1,"saturation":2},{"op":"filter","name":"grayscale"},{"op":"filter",` +
				`"name":"sepia"},
			 {"op":"blur","sigma":1},{"op":"adjust","contrast":1}`,
			"jpeg 40×30\ntone + saturation + grayscale average + sepia → 40×30\nblur 1 → 40×30\ntone → " +
				"40×30\njpeg 40×30\n",
		},
		"the order of the recipe": {
			jpegInfo(400, 300, 1),
			`{"op":"resize","width":200},{"op":"crop","aspectRatio":"1:1"},{"op":"resize","width":"50%",` +
				`"fit":"fill","kernel":"box"}`,
			"jpeg 400×300\nscale lanczos3 → 200×150\ncrop at 25,0 → 150×150\nscale box → 75×75\njpeg 75×75\n",
		},
		"cover and contain": {
			jpegInfo(400, 300, 1),
			`{"op":"resize","width":100,"height":100,"fit":"cover","gravity":"east"},{"op":"resize","width":200,` +
				`"height":100,"fit":"contain"}`,
			"jpeg 400×300\nscale lanczos3 → 133×100\ncrop at 33,0 → 100×100\npad → 200×100\njpeg 200×100\n",
		},
		"an angle": {
			jpegInfo(100, 50, 1), `{"op":"rotate","angle":1}`,
			"jpeg 100×50\nrotate 1 cubic → 101×52\njpeg 101×52\n",
		},
		"text": {
			jpegInfo(100, 100, 1),
			`{"op":"text","text":"{name} {ext} {width} {height} {date} {year}","size":10,"maxWidth":30,` +
				`"gravity":"northwest"}`,
			"jpeg 100×100\ntext 10 px at (0,0)-(29,70) → 100×100\njpeg 100×100\n",
		},
		"pictures of the recipe": {
			jpegInfo(100, 80, 1),
			`{"op":"watermark","image":` + dot + `,"size":"10%","angle":90,"blend":"multiply"},
			 {"op":"watermark","image":` + dot + `,"size":8,"gravity":"center","tile":{"spacing":{"x":2}}},` +
				`{"op":"mask","image":` + dot + `,"channel":"alpha"}`,
			"jpeg 100×80\nwatermark multiply at (92,72)-(100,80) → 100×80\nwatermark over at (46,36)-(54,44), every " +
				"(10,12) → 100×80\nmask alpha fill → 100×80\njpeg 100×80\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := planOf(t, c.info, `{"version":1,"steps":[`+c.steps+`]}`)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, p.String()); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlansRefuseWhatIsTooLargeBeforeAnyPixelWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		info            Info
		steps           string
		kind            fault.Kind
		field, sentence string
	}{
		"a long side": {jpegInfo(2000, 20, 1), `{"op":"resize","width":"1000%"}`, fault.TooLarge, "/steps/0",
			"at most 16384"},
		"many pixels": {jpegInfo(3000, 3000, 1), `{"op":"resize","width":11000}`, fault.TooLarge, "/steps/0",
			"at most 100 million"},
		"on the way": {jpegInfo(10, 10, 1),
			`{"op":"blur","sigma":1},{"op":"resize","width":11000},{"op":"resize","width":10}`, fault.TooLarge,
			"/steps/1", "100 million"},
		"before a cut": {jpegInfo(10, 4000, 1), `{"op":"resize","width":1000,"height":10,"fit":"cover"}`,
			fault.TooLarge, "/steps/0", "400000 pixels"},
		"after a turn": {jpegInfo(7071, 7071, 1), `{"op":"rotate","angle":45},{"op":"rotate","angle":45}`,
			fault.TooLarge, "/steps/1", "100 million"},
		"a crop beside": {jpegInfo(10, 10, 1), `{"op":"crop","x":10,"width":5,"height":5}`, fault.Invalid, "/steps/0",
			"outside of the picture"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := planOf(t, c.info, `{"version":1,"steps":[`+c.steps+`]}`)
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != c.kind || f.Field != c.field ||
				!strings.Contains(f.Message, c.sentence) {
				t.Errorf("compile = %v, want %s at %s with %q", err, c.kind, c.field, c.sentence)
			}
		})
	}
}

func TestAPictureThatIsLongAlreadyMayStayLong(t *testing.T) {
	t.Parallel()
	p, err := planOf(t, jpegInfo(20000, 1000, 6), `{"version":1,"steps":[{"op":"filter","name":"grayscale"}]}`)
	if err != nil || p.size != image.Pt(1000, 20000) {
		t.Errorf("compile = %v, %v, want 1000×20000", p, err)
	}
}

func TestTheLargestPictureMayBeTurnedALittle(t *testing.T) {
	t.Parallel()
	if _, err := planOf(t, jpegInfo(7000, 7000, 1), `{"version":1,"steps":[{"op":"rotate","angle":44}]}`); err != nil {
		t.Errorf("compile = %v", err)
	}
}

func TestAFormatBoundsTheSides(t *testing.T) {
	t.Parallel()
	info := jpegInfo(17000, 10, 1)
	info.Format = WebP
	if _, err := planOf(t, info, `{"version":1,"steps":[{"op":"filter","name":"grayscale"}]}`); !fault.Is(err,
		fault.TooLarge) {
		t.Errorf("compile = %v, want a WebP result to be refused above 16383", err)
	}
}

func TestTheMemoryIsEstimatedAndBounded(t *testing.T) {
	t.Parallel()
	r, err := recipe.Parse([]byte(`{"version":1,"steps":[{"op":"sharpen","sigma":50}]}`))
	if err != nil {
		t.Fatal(err)
	}
	info := jpegInfo(7000, 7000, 1)
	limits := DefaultLimits()
	p, err := compile(info, r, Options{Limits: limits})
	if err != nil {
		t.Fatalf("the heaviest filter on the largest picture is refused: %v", err)
	}
	limits.Memory = p.memory - 1
	if _, err := compile(info, r, Options{Limits: limits}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("compile with a byte less than the estimate of %d = %v", p.memory, err)
	}
}

func TestEveryFitHasItsSize(t *testing.T) {
	t.Parallel()
	px := func(v float64) recipe.Length { return recipe.Length{Value: v} }
	pct := func(v float64) recipe.Length { return recipe.Length{Value: v, Percent: true} }
	for _, c := range []struct {
		name    string
		in      image.Point
		step    recipe.Resize
		to, box image.Point
	}{
		{"inside, wide box", image.Pt(400, 300), recipe.Resize{Fit: recipe.Inside, Width: px(200), Height: px(100)},
			image.Pt(133, 100), image.Pt(133, 100)},
		{"inside, enlarged", image.Pt(40, 30), recipe.Resize{Fit: recipe.Inside, Width: px(200), Height: px(200)},
			image.Pt(200, 150), image.Pt(200, 150)},
		{"inside, not enlarged", image.Pt(40, 30), recipe.Resize{
			Fit:                recipe.Inside,
			Width:              px(200),
			Height:             px(200),
			WithoutEnlargement: true,
		}, image.Pt(40, 30), image.Pt(40, 30)},
		{"inside, not reduced", image.Pt(400, 300), recipe.Resize{
			Fit:              recipe.Inside,
			Width:            px(200),
			Height:           px(200),
			WithoutReduction: true,
		}, image.Pt(400, 300), image.Pt(400, 300)},
		{"inside, a strip", image.Pt(10000, 1), recipe.Resize{Fit: recipe.Inside, Width: px(100), Height: px(100)},
			image.Pt(100, 1), image.Pt(100, 1)},
		{"outside", image.Pt(400, 300), recipe.Resize{Fit: recipe.Outside, Width: px(200), Height: px(100)},
			image.Pt(200, 150), image.Pt(200, 150)},
		{"cover", image.Pt(400, 300), recipe.Resize{Fit: recipe.Cover, Width: px(200), Height: px(100)},
			image.Pt(200, 150), image.Pt(200, 100)},
		{"cover, not enlarged", image.Pt(150, 300), recipe.Resize{
			Fit:                recipe.Cover,
			Width:              px(200),
			Height:             px(100),
			WithoutEnlargement: true,
		}, image.Pt(150, 300), image.Pt(150, 100)},
		{"contain", image.Pt(400, 300), recipe.Resize{Fit: recipe.Contain, Width: px(200), Height: px(100)},
			image.Pt(133, 100), image.Pt(200, 100)},
		{"contain, not enlarged", image.Pt(40, 30), recipe.Resize{
			Fit:                recipe.Contain,
			Width:              px(200),
			Height:             px(100),
			WithoutEnlargement: true,
		}, image.Pt(40, 30), image.Pt(200, 100)},
		{"contain, not reduced", image.Pt(400, 300), recipe.Resize{
			Fit:              recipe.Contain,
			Width:            px(500),
			Height:           px(100),
			WithoutReduction: true,
		}, image.Pt(400, 300), image.Pt(500, 300)},
		{"fill", image.Pt(400, 300), recipe.Resize{Fit: recipe.Fill, Width: px(200), Height: px(10)}, image.Pt(200, 10),
			image.Pt(200, 10)},
		{"fill, not enlarged", image.Pt(400, 300), recipe.Resize{
			Fit:                recipe.Fill,
			Width:              px(500),
			Height:             px(10),
			WithoutEnlargement: true,
		}, image.Pt(400, 10), image.Pt(400, 10)},
		{"fill, one side", image.Pt(400, 300), recipe.Resize{Fit: recipe.Fill, Width: px(200)}, image.Pt(200, 150),
			image.Pt(200, 150)},
		{"cover, one side", image.Pt(400, 300), recipe.Resize{Fit: recipe.Cover, Height: px(150)}, image.Pt(200, 150),
			image.Pt(200, 150)},
		{"percent", image.Pt(401, 300), recipe.Resize{Fit: recipe.Fill, Width: pct(50), Height: pct(10)},
			image.Pt(201, 30), image.Pt(201, 30)},
		{"percent, tiny", image.Pt(40, 30), recipe.Resize{Fit: recipe.Inside, Width: pct(0.01)}, image.Pt(1, 1),
			image.Pt(1, 1)},
	} {
		to, box := resizedSize(c.step, c.in)
		if to != c.to || box != c.box {
			t.Errorf("%s: %v becomes %v in %v, want %v in %v", c.name, c.in, to, box, c.to, c.box)
		}
	}
}

func TestFitsKeepTheirPromisesForAllSizes(t *testing.T) {
	t.Parallel()
	sides := []int{1, 2, 3, 7, 100, 333, 1000, 4096}
	for _, w := range sides {
		for _, h := range sides {
			for _, bw := range sides {
				for _, bh := range sides {
					checkFits(t, image.Pt(w, h), image.Pt(bw, bh))
				}
			}
		}
	}
}

func checkFits(t *testing.T, in, box image.Point) {
	t.Helper()
	step := recipe.Resize{Width: recipe.Length{Value: float64(box.X)}, Height: recipe.Length{Value: float64(box.Y)}}
	size := func(f recipe.Fit) (image.Point, image.Point) {
		step.Fit = f
		return resizedSize(step, in)
	}
	if to, _ := size(recipe.Inside); to.X > box.X || to.Y > box.Y || to.X != box.X && to.Y != box.Y {
		t.Errorf("inside: %v in %v becomes %v", in, box, to)
	}
	if to, _ := size(recipe.Outside); to.X < box.X || to.Y < box.Y || to.X != box.X && to.Y != box.Y {
		t.Errorf("outside: %v in %v becomes %v", in, box, to)
	}
	for _, f := range []recipe.Fit{recipe.Cover, recipe.Contain, recipe.Fill} {
		if _, got := size(f); got != box {
			t.Errorf("%s: %v becomes %v, want %v", f, in, got, box)
		}
	}
}

func TestCropsRoundToPixelsAndStayInside(t *testing.T) {
	t.Parallel()
	px := func(v float64) recipe.Length { return recipe.Length{Value: v} }
	pct := func(v float64) recipe.Length { return recipe.Length{Value: v, Percent: true} }
	for _, c := range []struct {
		name string
		step recipe.Crop
		in   image.Point
		want image.Rectangle
	}{
		{"pixels", recipe.Crop{
			Placed: true,
			X:      px(1),
			Y:      px(2),
			Width:  px(3),
			Height: px(4),
		}, image.Pt(10, 10), image.Rect(1, 2, 4, 6)},
		{"over the edge", recipe.Crop{
			Placed: true,
			X:      px(8),
			Y:      px(2),
			Width:  px(30),
			Height: px(40),
		}, image.Pt(10, 10), image.Rect(8, 2, 10, 10)},
		{"fractions", recipe.Crop{
			Placed: true,
			X:      px(1.4),
			Y:      px(1.6),
			Width:  px(2.2),
			Height: px(2.2),
		}, image.Pt(10, 10), image.Rect(1, 2, 4, 4)},
		{"less than a pixel", recipe.Crop{
			Placed: true,
			X:      pct(50),
			Y:      pct(50),
			Width:  pct(1),
			Height: pct(1),
		}, image.Pt(10, 10), image.Rect(5, 5, 6, 6)},
		{"shares meet", recipe.Crop{
			Placed: true,
			X:      pct(100. / 3),
			Width:  pct(100. / 3),
			Height: pct(100),
		}, image.Pt(10, 10), image.Rect(3, 0, 7, 10)},
		{"gravity", recipe.Crop{Width: px(4), Height: px(20), Gravity: recipe.East}, image.Pt(10, 10),
			image.Rect(6, 0, 10, 10)},
		{"ratio, wide", recipe.Crop{Ratio: recipe.Ratio{Width: 16, Height: 9}, Gravity: recipe.Center},
			image.Pt(1600, 1200), image.Rect(0, 150, 1600, 1050)},
		{"ratio, high", recipe.Crop{Ratio: recipe.Ratio{Width: 1, Height: 2}, Gravity: recipe.NorthWest},
			image.Pt(1600, 1200), image.Rect(0, 0, 600, 1200)},
		{"around a point", recipe.Crop{Width: px(4), Height: px(20), Focal: &recipe.Focal{X: 0.7, Y: 0.5}},
			image.Pt(10, 10), image.Rect(5, 0, 9, 10)},
		{"around a point at the edge",
			recipe.Crop{Ratio: recipe.Ratio{Width: 1, Height: 1}, Focal: &recipe.Focal{X: 0.9, Y: 1}},
			image.Pt(1600, 1200), image.Rect(400, 0, 1600, 1200)},
		{"ratio, extreme", recipe.Crop{Ratio: recipe.Ratio{Width: 10000, Height: 1}, Gravity: recipe.SouthEast},
			image.Pt(100, 100), image.Rect(0, 99, 100, 100)},
		{"ratio of one pixel", recipe.Crop{Ratio: recipe.Ratio{Width: 3, Height: 1}, Gravity: recipe.Center},
			image.Pt(1, 1), image.Rect(0, 0, 1, 1)},
	} {
		info := Info{Format: PNG, StoredWidth: c.in.X, StoredHeight: c.in.Y, Orientation: 1, Bits: 8}
		p, err := compile(info, &recipe.Recipe{Steps: []recipe.Step{c.step}}, Options{Limits: DefaultLimits()})
		if err != nil {
			t.Fatal(err)
		}
		got := image.Rectangle{Max: p.size}
		if len(p.operations) > 0 {
			got = p.operations[0].(cropped).rect
		}
		if got != c.want {
			t.Errorf("%s: crop of %v is %v, want %v", c.name, c.in, got, c.want)
		}
	}
}

func TestThePlanOfAnAnimationHasItsFrames(t *testing.T) {
	t.Parallel()
	info := Info{
		Format:       GIF,
		StoredWidth:  40,
		StoredHeight: 30,
		Width:        40,
		Height:       30,
		Orientation:  1,
		Frames:       12,
		Animated:     true,
		Bits:         8,
		Bytes:        5000,
	}
	plans := map[recipe.Animated]string{
		recipe.ProcessAnimated: "gif 40×30, each of 12 frames\nscale lanczos3 → 20×15\nwebp 20×15\n",
		recipe.FirstFrame:      "gif 40×30, the first of 12 frames\nscale lanczos3 → 20×15\nwebp 20×15\n",
	}
	for onAnimated, want := range plans {
		p, err := planOf(t, info,
			`{"version":1,"input":{"onAnimated":"`+string(onAnimated)+
				`"},"steps":[{"op":"resize","width":20}],"output":{"format":"webp"}}`)
		if err != nil || p.String() != want {
			t.Errorf("%s: %v, %v\nwant %s", onAnimated, p, err, want)
		}
		kept := int64(40*30*8 + 20*15*(12+3*12))
		if onAnimated == recipe.FirstFrame {
			kept = 40 * 30 * 8
		}
		info.Animated = false
		still, err := planOf(t, info, `{"version":1,"steps":[{"op":"resize","width":20}],"output":{"format":"webp"}}`)
		if info.Animated = true; err != nil || p.memory != still.memory+kept {
			t.Errorf("%s: %d bytes, want %d more than the %d of a still picture", onAnimated, p.memory, kept,
				still.memory)
		}
	}
}

func TestPlansSayWhatBecomesOfColours(t *testing.T) {
	t.Parallel()
	p3, err := os.ReadFile(filepath.Join("icc", "testdata", "displayp3.icc"))
	if err != nil {
		t.Fatal(err)
	}
	info := jpegInfo(400, 300, 6)
	info.profile, info.turbo = p3, true
	p, err := planOf(t, info,
		`{"version":1,"steps":[{"op":"resize","width":60}],"output":{"colorProfile":"srgb","format":"png",`+
			`"palette":{"colors":16}}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := "jpeg 400×300 1/4, rotate 90, to sRGB\nscale lanczos3 → 60×80\npng 60×80, 16 colours\n"
	if got := p.String(); got != want {
		t.Errorf("the plan is\n%s, want\n%s", got, want)
	}
}

func TestPlansThatCutOffOrCoverSaySo(t *testing.T) {
	t.Parallel()
	for steps, want := range map[string]bool{
		`{"op":"trim"}`: true,
		`{"op":"crop","width":"50%","height":"100%"}`:                                                     true,
		`{"op":"crop","width":30,"height":20,"gravity":"smart"}`:                                          true,
		`{"op":"resize","width":20,"height":20,"fit":"cover"}`:                                            true,
		`{"op":"redact","regions":[{"width":9,"height":9}]}`:                                              true,
		`{"op":"shape","shape":"ellipse","x":1,"y":1,"width":9,"height":9,"fill":"#000000"}`:              true,
		`{"op":"shape","shape":"polyline","points":[[1,1],[9,9]],"stroke":{"color":"#000000","width":9}}`: true,
		`{"op":"pixelate","size":8}`:                                                                      true,
		`{"op":"roundCorners","radius":8}`:                                                                true,
		`{"op":"text","text":"x","background":{"color":"#000000"}}`:                                       true,
		`{"op":"text","text":"x"}`:                                                                        false,
		`{"op":"resize","width":20},{"op":"rotate","angle":90},{"op":"filter","name":"grayscale"}`:        false,
		`{"op":"crop","width":"100%","height":"100%"}`:                                                    false,
	} {
		p, err := planOf(t, jpegInfo(40, 30, 1), `{"version":1,"steps":[`+steps+`]}`)
		if err != nil || p.hides() != want {
			t.Errorf("%s: %v, want %v; %v", steps, p != nil && p.hides(), want, err)
		}
	}
}
