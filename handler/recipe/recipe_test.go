package recipe_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// every is a recipe with every operation and most of their fields.
func every(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "every.json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEveryOperationIsReadWithItsFields(t *testing.T) {
	t.Parallel()
	r, err := recipe.Parse(every(t))
	if err != nil {
		t.Fatal(err)
	}
	pct := func(v float64) recipe.Length { return recipe.Length{Value: v, Percent: true} }
	px := func(v float64) recipe.Length { return recipe.Length{Value: v} }
	noStroke := recipe.Pen{Color: color.NRGBA{A: 255}, Cap: recipe.CapButt, Join: recipe.JoinMiter}
	want := &recipe.Recipe{
		Name:  "Product shots",
		Input: recipe.Input{AutoOrient: true, OnAnimated: recipe.FirstFrame},
		Steps: []recipe.Step{
			recipe.Crop{X: pct(10), Y: pct(0), Width: pct(80), Height: pct(7), Placed: true},
			recipe.Crop{Ratio: recipe.Ratio{Width: 16, Height: 9}, Gravity: recipe.North},
			recipe.Crop{Width: px(300), Height: pct(50), Gravity: recipe.West},
			recipe.Crop{Width: px(300), Height: pct(50), Focal: &recipe.Focal{X: 0.25, Y: 1}},
			recipe.Crop{Ratio: recipe.Ratio{Width: 1, Height: 3}, Gravity: recipe.Smart},
			recipe.Resize{
				Width:  px(100),
				Height: px(100),
				Fit:    recipe.Cover,
				Kernel: recipe.Lanczos3,
				Focal:  &recipe.Focal{Y: 0.5},
			},
			recipe.Trim{
				Color:     color.NRGBA{R: 255, G: 255, B: 255, A: 255},
				Threshold: 5,
				Margin:    pct(2),
				Equal:     recipe.EqualBoth,
			},
			recipe.Resize{
				Width:              px(1920),
				Height:             pct(50),
				Fit:                recipe.Contain,
				WithoutEnlargement: true,
				Kernel:             recipe.Cubic,
				Gravity:            recipe.NorthEast,
				Background:         color.NRGBA{R: 0x11, G: 0x22, B: 0x33, A: 0xFF},
			},
			recipe.Rotate{Angle: 345, Interpolation: recipe.Bilinear},
			recipe.Flip{Axis: recipe.Both},
			recipe.Adjust{
				Brightness:  10,
				Contrast:    -20.5,
				Saturation:  100,
				Exposure:    0.5,
				Gamma:       1.2,
				Temperature: 20,
				Vibrance:    -30,
				Hue:         90,
				Highlights:  -40,
				Shadows:     25,
				Sigmoid:     recipe.Sigmoid{Midpoint: 0.5, Factor: 3},
			},
			recipe.AutoLevels{Low: 1, High: 99.5, Channels: true},
			recipe.Grayscale{Mode: recipe.Luma709},
			recipe.Sepia{Amount: 60},
			recipe.Matrix{Name: "vintage", Values: [20]float64{
				0.62793, 0.32021, -0.03965, 0, 0.03784, 0.02578, 0.64411, 0.03259, 0, 0.02926, 0.0466, -0.08512,
				0.52416, 0, 0.02023, 0, 0, 0, 1, 0,
			}},
			recipe.Invert{},
			recipe.Threshold{Level: 100},
			recipe.Posterize{Levels: 6},
			recipe.Solarize{Level: 128},
			recipe.Duotone{Dark: color.NRGBA{R: 0x11, G: 0x22, B: 0x33, A: 255}, Light: color.NRGBA{
				R: 0xFF,
				G: 0xEE,
				B: 0xDD,
				A: 255,
			}},
			recipe.Matrix{Values: [20]float64{0: 1, 6: 1, 9: 0.5, 12: 1, 18: 1}},
			recipe.BlendColor{Mode: recipe.BlendScreen, Color: color.NRGBA{
				R: 0x33,
				G: 0x66,
				B: 0x99,
				A: 255,
			}, Alpha: 0.4},
			recipe.RemoveColor{Color: color.NRGBA{G: 255, A: 255}, Distance: 0.1},
			recipe.Flatten{Background: color.NRGBA{R: 0x12, G: 0x34, B: 0x56, A: 255}},
			recipe.Extend{Top: px(10), Left: pct(5), Background: color.NRGBA{R: 255, A: 0x80}},
			recipe.Border{Width: px(3), Color: color.NRGBA{A: 255}},
			recipe.RoundCorners{Radius: pct(10)},
			recipe.Pixelate{Size: 12, Sample: recipe.SampleTopLeft},
			recipe.Redact{
				Mode:  recipe.RedactPixelate,
				Color: color.NRGBA{A: 255},
				Size:  20,
				Sigma: 20,
				Regions: []recipe.Region{
					{Shape: recipe.Rectangle, X: pct(10), Y: pct(0), Width: pct(20), Height: pct(10)},
					{Shape: recipe.Ellipse, X: px(-5), Y: px(6), Width: px(70), Height: pct(8)},
				},
			},
			recipe.Blur{Sigma: 1.5},
			recipe.Sharpen{Sigma: 2, Amount: 0.7, Threshold: 0.01},
			recipe.Text{
				Text: "© {name} {{{year}}}",
				Bold: true,
				Size: pct(3),
				Color: color.NRGBA{
					R: 255,
					G: 255,
					B: 255,
					A: 0xB3,
				},
				Opacity:    0.5,
				Angle:      315,
				Align:      recipe.AlignRight,
				LineHeight: 1.2,
				Gravity:    recipe.South,
				OffsetX:    pct(-2),
				OffsetY:    px(8),
				MaxWidth:   pct(50),
				Stroke:     recipe.Stroke{Color: color.NRGBA{A: 255}, Width: px(2)},
				Background: recipe.TextBackground{Color: color.NRGBA{R: 255, A: 0x80}, Padding: pct(30)},
			},
			recipe.Watermark{
				Image:   recipe.Image{Drive: "b!drive", Item: "01LOGO"},
				Size:    pct(20),
				Gravity: recipe.Center,
				OffsetX: px(3),
				OffsetY: pct(-4),
				Angle:   330,
				Opacity: 0.5,
				Blend:   recipe.CompositeSoftLight,
				Tile:    &recipe.Tile{SpacingX: px(7), SpacingY: pct(50), Stagger: true},
			},
			recipe.Mask{
				Image:   recipe.Image{Data: "GIF89a"},
				Channel: recipe.ChannelAlpha,
				Invert:  true,
				Fit:     recipe.Cover,
				Gravity: recipe.North,
			},
			recipe.Vignette{Amount: 70, Midpoint: 40, Color: color.NRGBA{255, 255, 255, 255}},
			recipe.Shadow{Sigma: px(4), OffsetX: pct(1), OffsetY: pct(-2), Color: color.NRGBA{A: 0x80}},
			recipe.Drawing{
				Shape:   recipe.Rectangle,
				X:       pct(-10),
				Y:       pct(0),
				Width:   pct(50),
				Height:  pct(25),
				Radius:  pct(20),
				Fill:    color.NRGBA{B: 255, A: 255},
				Stroke:  noStroke,
				Angle:   330,
				Opacity: 0.5,
			},
			recipe.Drawing{
				Shape:  recipe.Ellipse,
				X:      pct(10),
				Y:      px(20),
				Width:  px(30),
				Height: pct(40),
				Stroke: recipe.Pen{
					Color: color.NRGBA{G: 255, A: 0x88},
					Width: pct(2),
					Cap:   recipe.CapButt,
					Join:  recipe.JoinMiter,
				},
				Opacity: 1,
			},
			recipe.Drawing{
				Shape:   recipe.Triangle,
				Width:   px(10),
				Height:  px(10),
				Fill:    color.NRGBA{255, 255, 255, 255},
				Stroke:  noStroke,
				Opacity: 1,
			},
			recipe.Drawing{
				Shape:  recipe.Line,
				Points: [][2]recipe.Length{{px(10), pct(20)}, {px(30.5), px(-4)}},
				Stroke: recipe.Pen{
					Color: color.NRGBA{A: 255},
					Width: px(5),
					Cap:   recipe.CapSquare,
					Join:  recipe.JoinMiter,
				},
				ArrowStart: recipe.ArrowChevron,
				ArrowEnd:   recipe.ArrowTriangle,
				Opacity:    1,
			},
			recipe.Drawing{
				Shape:  recipe.Polyline,
				Points: [][2]recipe.Length{{pct(0), pct(50)}, {pct(25), pct(100)}, {pct(7), pct(200)}},
				Stroke: recipe.Pen{
					Color: color.NRGBA{A: 255},
					Width: px(5),
					Cap:   recipe.CapRound,
					Join:  recipe.JoinRound,
				},
				ArrowStart: recipe.ArrowNone,
				ArrowEnd:   recipe.ArrowNone,
				Opacity:    1,
			},
			recipe.Drawing{
				Shape:  recipe.Polygon,
				Points: [][2]recipe.Length{{px(0), px(0)}, {px(10), px(0)}, {px(0), px(10)}},
				Fill:   color.NRGBA{0x12, 0x34, 0x56, 0x80},
				Stroke: recipe.Pen{
					Color: color.NRGBA{A: 255},
					Width: px(1),
					Cap:   recipe.CapButt,
					Join:  recipe.JoinBevel,
				},
				Opacity: 1,
			},
			recipe.Drawing{
				Shape:   recipe.Path,
				X:       px(4),
				Y:       pct(5),
				Fill:    color.NRGBA{A: 255},
				Stroke:  noStroke,
				Opacity: 1,
				Path: []recipe.Piece{
					{'M', []recipe.Spot{{1, 2}}}, {'L', []recipe.Spot{{4, 1.5}}}, {'Q', []recipe.Spot{{10, 0}, {5, 6}}},
					{'Z', nil},
					{'M', []recipe.Spot{{1, 2}}}, {'L', []recipe.Spot{{9, 9}}},
				},
			},
			recipe.Drawing{
				Shape:   recipe.Path,
				X:       pct(50),
				Y:       pct(50),
				Width:   pct(50),
				Height:  pct(50),
				ViewBox: recipe.ViewBox{0, 0, 4, 4},
				Fill:    color.NRGBA{A: 255},
				Stroke:  noStroke,
				Opacity: 1,
				Path: []recipe.Piece{
					{'M', []recipe.Spot{{0, 0}}}, {'L', []recipe.Spot{{4, 0}}}, {'L', []recipe.Spot{{4, 4}}},
					{'L', []recipe.Spot{{0, 4}}}, {'Z', nil},
				},
			},
		},
		Output: recipe.Output{
			Format:       recipe.JPEG,
			Quality:      80,
			MinQuality:   40,
			MinSavings:   -1,
			Loop:         -1,
			Progressive:  true,
			Chroma:       recipe.FullChroma,
			ColorProfile: recipe.ToSRGB,
			Palette:      recipe.Palette{Colors: 64, Dither: 0.5},
			Compression:  recipe.Fast,
			Background:   color.NRGBA{A: 255},
			Metadata:     recipe.KeepCopyright,
			Set: map[recipe.Field][]string{recipe.Copyright: {"© {year} Ann"}, recipe.Title: {},
				recipe.Keywords: {"sun", "{name}"}},
		},
	}
	if diff := cmp.Diff(want, r, cmpopts.IgnoreUnexported(recipe.Recipe{})); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestDefaultsAreFilledInTheCanonicalForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ document, canonical string }{
		{
			`{"version":1}`,
			`{"input":{"autoOrient":true},"output":{"background":"#ffffffff","format":"keep",` +
				`"metadata":{"mode":"keep"},"quality":85},"steps":[],"version":1}`,
		},
		{
			`{"version":1,"input":{"onAnimated":"process"},"output":{"format":"webp"}}`,
			`{"input":{"autoOrient":true,"onAnimated":"process"},"output":{"background":"#ffffffff","format":"webp",` +
				`"metadata":{"mode":"keep"},"quality":85},"steps":[],"version":1}`,
		},
		{
			`{"version":1,"steps":[{"op":"resize","width":10}],"output":{"format":"png"}}`,
			`{"input":{"autoOrient":true},"output":{"background":"#ffffffff","format":"png",` +
				`"metadata":{"mode":"keep"},"quality":85},"steps":[{"background":"#00000000","fit":"inside",` +
				`"gravity":"center","kernel":"lanczos3","op":"resize","width":10,"withoutEnlargement":false,` +
				`"withoutReduction":false}],"version":1}`,
		},
		{
			`{"version":1,"steps":[{"op":"text","text":"a\u2028<\u0001\"\\"}]}`,
			`{"input":{"autoOrient":true},"output":{"background":"#ffffffff","format":"keep",` +
				`"metadata":{"mode":"keep"},"quality":85},"steps":[{"align":"left","angle":0,` +
				`"background":{"color":"#00000000","padding":"25%"},"bold":false,"color":"#ffffffff",` +
				`"gravity":"southeast","italic":false,"lineHeight":1.16,"maxWidth":"100%","offset":{"x":0,"y":0},` +
				`"op":"text","opacity":1,"size":"4%","stroke":{"color":"#000000ff","width":0},"text":"a` + "\u2028" +
				`<\u0001\"\\","underline":false}],"version":1}`,
		},
	} {
		r, err := recipe.Parse([]byte(c.document))
		if err != nil {
			t.Fatalf("Parse(%s): %v", c.document, err)
		}
		if diff := cmp.Diff(c.canonical, string(r.Canonical())); diff != "" {
			t.Errorf("canonical form of %s (-want +got):\n%s", c.document, diff)
		}
	}
}

func TestRecipesThatSayTheSameHashEqually(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{`{"version":1}`, `{"output":{},"steps":[],"input":{"autoOrient":true},"version":1.0,"name":"x",` +
			`"$schema":"y"}`},
		{`{"version":1,"input":{"onAnimated":"skip"}}`, `{"version":1}`},
		{`{"version":1}`, `{"version":1,"output":{"progressive":false,"chromaSubsampling":"4:2:0",` +
			`"compression":"fast","colorProfile":"keep","metadata":{"stripGps":false}}}`},
		{`{"version":1,"output":{"palette":{}}}`, `{"version":1,"output":{"palette":{"colors":256,"dither":true}}}`},
		{`{"version":1}`, `{"version":1,"output":{"metadata":{"set":{}}}}`},
		{`{"version":1,"output":{"metadata":{"set":{"title":"a","keywords":["b "]}}}}`,
			`{"version":1,"output":{"metadata":{"set":{"keywords":["b"],"title":" a\n"}}}}`},
		{`{"version":1,"steps":[{"op":"rotate","angle":-50.07},{"op":"rotate","angle":360},{"op":"rotate",` +
			`"angle":-17.3}]}`, `{"version":1,"steps":[{"op":"rotate","angle":309.93},{"op":"rotate","angle":-0},` +
			`{"op":"rotate","angle":342.7}]}`},
		{`{"version":1,"steps":[{"op":"rotate","angle":-90}]}`,
			`{"version":1,"steps":[{"angle":2.7e2,"op":"rotate","interpolation":"cubic"}]}`},
		{`{"version":1,"steps":[{"op":"rotate","angle":360}]}`, `{"version":1,"steps":[{"op":"rotate","angle":-0}]}`},
		{`{"version":1,"output":{"background":"#FFF"}}`, `{"version":1,"output":{"background":"#ffffffff"}}`},
		{`{"version":1,"steps":[{"op":"resize","width":1e2,"background":"#12345600"}]}`,
			`{"version":1,"steps":[{"op":"resize","width":100}]}`},
		{`{"version":1,"steps":[{"op":"resize","width":"25%"}]}`,
			`{"version":1,"steps":[{"op":"resize","width":"025.0%"}]}`},
		{`{"version":1,"steps":[{"op":"crop","unit":"rel","width":0.07,"height":1}]}`,
			`{"version":1,"steps":[{"op":"crop","x":0,"y":"0%","width":"7%","height":"100%"}]}`},
		{`{"version":1,"steps":[{"op":"crop","aspectRatio":"32:18"}]}`,
			`{"version":1,"steps":[{"op":"crop","aspectRatio":"16:9","gravity":"center"}]}`},
		{`{"version":1,"steps":[{"op":"redact","regions":[{"shape":"polygon","unit":"rel","points":[[0,0.5],[1,` +
			`"20%"],["0%",1]]}]}]}`,
			`{"version":1,"steps":[{"op":"redact","regions":[{"shape":"polygon","points":[[0,"50%"],["100%","20%"],` +
				`[0,"100%"]]}]}]}`},
		{`{"version":1,"steps":[{"op":"redact","regions":[{"unit":"rel","width":0.1,"height":0.5}]}]}`,
			`{"version":1,"steps":[{"op":"redact","mode":"fill","regions":[{"shape":"rect","x":"0%","y":0,` +
				`"width":"10%","height":"50%"}]}]}`},
		{`{"version":1,"steps":[{"op":"mask","image":{"data":"data:image/gif;base64,R0lGODlh"}}]}`,
			`{"version":1,"steps":[{"op":"mask","image":{"data":"data:image/gif;base64,R0lGODlh"},"fit":"fill",` +
				`"channel":"luma","invert":false,"gravity":"center"}]}`},
		{`{"version":1,"steps":[{"op":"watermark","image":{"drive":"d","item":"i"},"angle":-90,"tile":{}}]}`,
			`{"version":1,"steps":[{"op":"watermark","image":{"drive":"d","item":"i"},"angle":270,"size":"25%",` +
				`"blend":"over","opacity":1,"gravity":"southeast","tile":{"spacing":{"x":"50%","y":"50.0%"},` +
				`"stagger":false}}]}`},
		{`{"version":1,"steps":[{"op":"shape","shape":"line","points":[[0,0.5],["7%",0]],"unit":"rel",` +
			`"stroke":{"width":2}}]}`,
			`{"version":1,"steps":[{"op":"shape","shape":"line","points":[["0%","50%"],["7%",0]],` +
				`"stroke":{"width":2,"color":"#000f"},"angle":-360}]}`},
		{`{"version":1,"steps":[{"op":"shape","shape":"rect","width":1,"height":1,"fill":"#fff",` +
			`"stroke":{"color":"#f00","cap":"round"}}]}`,
			`{"version":1,"steps":[{"op":"shape","shape":"rect","x":0,"y":0,"width":1,"height":1,"fill":"#ffffff",` +
				`"stroke":{"width":5,"color":"transparent"}}]}`},
		{`{"version":1,"steps":[{"op":"shape","shape":"path","d":"m1 1h.5v-.5zl2,2c0 0 1 1 2 2s1 1 2 2q1 1 2 2t1 ` +
			`1a1-1 0 013 3","fill":"#000"}]}`,
			`{"version":1,"steps":[{"op":"shape","shape":"path","d":" M 1,1 L1.5 1L1.5 .5ZM1 1L3 3C3,3 4,4 5,5C6 6 ` +
				`6 6 7 7Q8 8 9 9 Q 10 10 10 10 A 1 1 0 0 1 13 13 ","x":0,"fill":"#000"}]}`},
		{`{"version":1,"steps":[{"op":"text","text":"\u00e9"}]}`, `{"version":1,"steps":[{"op":"text","text":"é"}]}`},
	} {
		a, err := recipe.Parse([]byte(pair[0]))
		if err != nil {
			t.Fatalf("Parse(%s): %v", pair[0], err)
		}
		b, err := recipe.Parse([]byte(pair[1]))
		if err != nil {
			t.Fatalf("Parse(%s): %v", pair[1], err)
		}
		if a.Hash() != b.Hash() {
			t.Errorf("the hashes of %s and %s differ:\n%s\n%s", pair[0], pair[1], a.Canonical(), b.Canonical())
		}
		if len(a.Hash()) != 64 {
			t.Errorf("Hash() = %q, want 64 hexadecimal digits", a.Hash())
		}
	}
}

func TestRecipesThatDifferHashDifferently(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, document := range []string{
		`{"version":1}`,
		`{"version":1,"input":{"autoOrient":false}}`,
		`{"version":1,"input":{"onAnimated":"process"}}`,
		`{"version":1,"input":{"onAnimated":"first"}}`,
		`{"version":1,"output":{"quality":84}}`,
		`{"version":1,"output":{"progressive":true}}`,
		`{"version":1,"output":{"colorProfile":"srgb"}}`,
		`{"version":1,"output":{"metadata":{"set":{"title":""}}}}`,
		`{"version":1,"output":{"metadata":{"set":{"title":"a"}}}}`,
		`{"version":1,"output":{"metadata":{"set":{"credit":"a"}}}}`,
		`{"version":1,"output":{"metadata":{"set":{"keywords":[]}}}}`,
		`{"version":1,"output":{"palette":{}}}`,
		`{"version":1,"output":{"palette":{"dither":false}}}`,
		`{"version":1,"output":{"chromaSubsampling":"4:4:4"}}`,
		`{"version":1,"steps":[{"op":"resize","width":100}]}`,
		`{"version":1,"steps":[{"op":"resize","height":100}]}`,
		`{"version":1,"steps":[{"op":"resize","width":"100%"}]}`,
		`{"version":1,"steps":[{"op":"filter","name":"sepia"}]}`,
		`{"version":1,"steps":[{"op":"filter","name":"grayscale"}]}`,
		`{"version":1,"steps":[{"op":"watermark","image":{"drive":"d","item":"i"}}]}`,
		`{"version":1,"steps":[{"op":"watermark","image":{"drive":"d","item":"j"}}]}`,
		`{"version":1,"steps":[{"op":"watermark","image":{"drive":"d","item":"i"},"tile":{}}]}`,
		`{"version":1,"steps":[{"op":"watermark","image":{"data":"data:image/gif;base64,R0lGODlh"}}]}`,
	} {
		r, err := recipe.Parse([]byte(document))
		if err != nil {
			t.Fatalf("Parse(%s): %v", document, err)
		}
		if before, ok := seen[r.Hash()]; ok {
			t.Errorf("%s and %s have the same hash", before, document)
		}
		seen[r.Hash()] = document
	}
}

func TestWhatIsWrongIsRefusedWithItsPlaceAndLimit(t *testing.T) {
	t.Parallel()
	step := func(fields string) string { return `{"version":1,"steps":[{` + fields + `}]}` }
	set := func(fields string) string { return `{"version":1,"output":{"metadata":{"set":` + fields + `}}}` }
	for name, c := range map[string]struct{ document, field, message string }{
		"no JSON":            {`{`, "", "not valid JSON"},
		"nothing":            {``, "", "not valid JSON"},
		"a list":             {`[]`, "", "An object is expected"},
		"text after the end": {`{"version":1} 2`, "", "after the end"},
		"two documents":      {`{"version":1}{}`, "", "after the end"},
		"not UTF-8":          {"{\"version\":1,\"name\":\"\xff\"}", "", "UTF-8"},
		"no version":         {`{}`, "/version", "from 1 to 1"},
		"version 2":          {`{"version":2}`, "/version", "from 1 to 1"},
		"version as text":    {`{"version":"1"}`, "/version", "A number"},
		"unknown field":      {`{"version":1,"a/b~":2}`, "/a~1b~0", "not known"},
		"unknown output": {`{"version":1,"output":{"dpi":2}}`, "/output/dpi",
			"background, chromaSubsampling, colorProfile, compression, format, loop, maxBytes, metadata, " +
				"minQuality, minSavingsPercent, palette, progressive, quality, skipProcessed"},
		"twice":       {`{"version":1,"version":1}`, "/version", "twice"},
		"twice below": {step(`"op":"blur","sigma":1,"sigma":1`), "/steps/0/sigma", "twice"},
		"too deep":    {strings.Repeat(`{"a":`, 17), strings.Repeat("/a", 16), "16 levels"},
		"too long":    {`{"version":1,"name":"` + strings.Repeat(" ", 64<<10) + `"}`, "", "65536 bytes"},
		"too many steps": {`{"version":1,"steps":[` + strings.Repeat(`{"op":"blur","sigma":1},`, 50) +
			`{"op":"blur","sigma":1}]}`, "/steps", "At most 50"},
		"steps no list":  {`{"version":1,"steps":{}}`, "/steps", "A list is expected"},
		"step no object": {`{"version":1,"steps":[7]}`, "/steps/0", "not a number"},
		"no op": {step(`"sigma":1`), "/steps/0/op",
			"adjust, autoLevels, blendColor, blur, border, colorMatrix, convolve, crop, emboss, extend, filter, " +
				"flatten, flip, mask, maximum, median, minimum, noise, pixelate, redact, removeColor, resize, " +
				"rotate, roundCorners, shadow, shape, sharpen, text, trim, watermark"},
		"unknown op":         {step(`"op":"explode"`), "/steps/0/op", "adjust"},
		"op of another type": {step(`"op":1`), "/steps/0/op", "adjust"},
		"unknown filter": {step(`"op":"filter","name":"x"`), "/steps/0/name",
			"blackWhite, brownie, duotone, grayscale, invert"},
		"unknown step field":   {step(`"op":"blur","sigma":1,"radius":2`), "/steps/0/radius", "op, sigma"},
		"null":                 {step(`"op":"blur","sigma":null`), "/steps/0/sigma", "from 0.3 to 100"},
		"sigma missing":        {step(`"op":"blur"`), "/steps/0/sigma", "from 0.3 to 100"},
		"sigma small":          {step(`"op":"blur","sigma":0.2`), "/steps/0/sigma", "from 0.3 to 100"},
		"sigma not finite":     {step(`"op":"blur","sigma":1e999`), "/steps/0/sigma", "from 0.3 to 100"},
		"brightness":           {step(`"op":"adjust","brightness":101`), "/steps/0/brightness", "from -100 to 100"},
		"angle":                {step(`"op":"rotate","angle":361`), "/steps/0/angle", "from -360 to 360"},
		"axis":                 {step(`"op":"flip"`), "/steps/0/axis", "horizontal, vertical, both"},
		"resize without sides": {step(`"op":"resize"`), "/steps/0/width", "1 to 16384"},
		"width zero":           {step(`"op":"resize","width":0`), "/steps/0/width", "1 to 16384"},
		"width large":          {step(`"op":"resize","width":16385`), "/steps/0/width", "1 to 16384"},
		"width percent large":  {step(`"op":"resize","width":"1001%"`), "/steps/0/width", "0.01% to 1000%"},
		"width no length":      {step(`"op":"resize","width":"10px"`), "/steps/0/width", "1 to 16384"},
		"width exponent":       {step(`"op":"resize","width":"1e1%"`), "/steps/0/width", "1 to 16384"},
		"width signs":          {step(`"op":"resize","width":"1-1%"`), "/steps/0/width", "1 to 16384"},
		"width empty percent":  {step(`"op":"resize","width":"%"`), "/steps/0/width", "1 to 16384"},
		"bool as text": {step(`"op":"resize","width":1,"withoutEnlargement":"no"`),
			"/steps/0/withoutEnlargement", "true or false"},
		"colour":              {step(`"op":"rotate","angle":1,"background":"#12"`), "/steps/0/background", "colour"},
		"colour name":         {step(`"op":"rotate","angle":1,"background":"red"`), "/steps/0/background", "colour"},
		"crop without size":   {step(`"op":"crop","x":1`), "/steps/0/width", "needs a width"},
		"crop without height": {step(`"op":"crop","width":1`), "/steps/0/height", "needs a width"},
		"crop both ways": {step(`"op":"crop","aspectRatio":"1:1","width":1`), "/steps/0/width",
			"does not go together"},
		"crop gravity and x": {step(`"op":"crop","gravity":"north","x":1,"width":1,"height":1`), "/steps/0/x",
			"does not go together"},
		"crop negative": {step(`"op":"crop","x":-1,"width":1,"height":1`), "/steps/0/x", "from 0 to"},
		"crop share": {step(`"op":"crop","unit":"rel","x":1.1,"width":1,"height":1`), "/steps/0/x",
			"share from 0 to 1"},
		"ratio":        {step(`"op":"crop","aspectRatio":"16:0"`), "/steps/0/aspectRatio", "16:9"},
		"ratio sign":   {step(`"op":"crop","aspectRatio":"+1:2"`), "/steps/0/aspectRatio", "16:9"},
		"text missing": {step(`"op":"text"`), "/steps/0/text", "1 to 2048"},
		"text blank":   {step(`"op":"text","text":" \n"`), "/steps/0/text", "1 to 2048"},
		"text long": {step(`"op":"text","text":"` + strings.Repeat("x", 2049) + `"`), "/steps/0/text",
			"2048"},
		"placeholder": {step(`"op":"text","text":"{exif}"`), "/steps/0/text",
			"{name}, {ext}, {width}, {height}, {date}, {year}"},
		"open placeholder": {step(`"op":"text","text":"a {name"`), "/steps/0/text", "not closed"},
		"opacity":          {step(`"op":"text","text":"a","opacity":1.1`), "/steps/0/opacity", "from 0 to 1"},
		"offset no object": {step(`"op":"text","text":"a","offset":3`), "/steps/0/offset",
			"An object is expected"},
		"offset": {step(`"op":"text","text":"a","offset":{"x":"101%"}`), "/steps/0/offset/x",
			"-100% to 100%"},
		"exposure":   {step(`"op":"adjust","exposure":6`), "/steps/0/exposure", "from -5 to 5"},
		"highlights": {step(`"op":"adjust","highlights":-101`), "/steps/0/highlights", "from -100 to 100"},
		"sigmoid": {step(`"op":"adjust","sigmoid":{"factor":11}`), "/steps/0/sigmoid/factor",
			"from -10 to 10"},
		"midpoint": {step(`"op":"adjust","sigmoid":{"midpoint":2}`), "/steps/0/sigmoid/midpoint",
			"from 0 to 1"},
		"low":                {step(`"op":"autoLevels","low":50`), "/steps/0/low", "from 0 to 49"},
		"high":               {step(`"op":"autoLevels","high":50`), "/steps/0/high", "from 51 to 100"},
		"trim threshold":     {step(`"op":"trim","threshold":256`), "/steps/0/threshold", "from 0 to 255"},
		"trim color":         {step(`"op":"trim","color":"none"`), "/steps/0/color", "colour"},
		"trim color as null": {step(`"op":"trim","color":null`), "/steps/0/color", "not null"},
		"trim margin":        {step(`"op":"trim","margin":-1`), "/steps/0/margin", "from 0 to 16384"},
		"trim equal": {step(`"op":"trim","equal":"all"`), "/steps/0/equal",
			"none, horizontal, vertical, both"},
		"focal": {step(`"op":"crop","aspectRatio":"1:1","focal":{"x":2,"y":0}`), "/steps/0/focal/x",
			"from 0 to 1"},
		"half a focal": {step(`"op":"crop","aspectRatio":"1:1","focal":{"x":1}`), "/steps/0/focal/y",
			"from 0 to 1"},
		"focal and gravity": {step(`"op":"crop","aspectRatio":"1:1","focal":{"x":1,"y":0},"gravity":"west"`),
			"/steps/0/gravity", "does not go together with focal"},
		"focal and place": {step(`"op":"crop","width":1,"height":1,"focal":{"x":1,"y":0},"y":1`), "/steps/0/y",
			"does not go together with focal"},
		"focal and contain": {step(`"op":"resize","width":1,"height":1,"fit":"contain","focal":{"x":1,"y":0}`),
			"/steps/0/focal", "not known"},
		"smart and contain": {step(`"op":"resize","width":1,"height":1,"fit":"contain","gravity":"smart"`),
			"/steps/0/gravity", "center, north"},
		"gamma":              {step(`"op":"adjust","gamma":0`), "/steps/0/gamma", "from 0.1 to 10"},
		"hue":                {step(`"op":"adjust","hue":181`), "/steps/0/hue", "from -180 to 180"},
		"toned with a field": {step(`"op":"filter","name":"vintage","amount":1`), "/steps/0/amount", "name, op"},
		"levels": {step(`"op":"filter","name":"posterize","levels":1`), "/steps/0/levels",
			"from 2 to 255"},
		"threshold": {step(`"op":"filter","name":"threshold","level":256`), "/steps/0/level",
			"from 0 to 255"},
		"see-through duotone": {step(`"op":"filter","name":"duotone","dark":"#00000080"`), "/steps/0/dark",
			"opaque"},
		"matrix missing": {step(`"op":"colorMatrix"`), "/steps/0/matrix", "20 numbers"},
		"matrix short":   {step(`"op":"colorMatrix","matrix":[1,2,3]`), "/steps/0/matrix", "20 numbers"},
		"matrix of texts": {step(`"op":"colorMatrix","matrix":[0,0,0,0,0,0,0,"1",0,0,0,0,0,0,0,0,0,0,0,0]`),
			"/steps/0/matrix/7", "from -100 to 100"},
		"blend mode":   {step(`"op":"blendColor","mode":"burn"`), "/steps/0/mode", "tint, add"},
		"blend colour": {step(`"op":"blendColor","color":"transparent"`), "/steps/0/color", "opaque"},
		"distance":     {step(`"op":"removeColor","distance":1.1`), "/steps/0/distance", "from 0 to 1"},
		"extend":       {step(`"op":"extend","top":-1`), "/steps/0/top", "from 0 to 16384"},
		"border":       {step(`"op":"border","width":0`), "/steps/0/width", "from 1 to 2000"},
		"radius":       {step(`"op":"roundCorners","radius":"101%"`), "/steps/0/radius", "0.1% to 100%"},
		"kernel":       {step(`"op":"convolve"`), "/steps/0/kernel", "9, 25, 49 or 81 numbers"},
		"kernel even": {step(`"op":"convolve","kernel":[1,2,3,4]`), "/steps/0/kernel",
			"9, 25, 49 or 81 numbers"},
		"weight": {step(`"op":"convolve","kernel":[1,2,3,4,5,6,7,8,1001]`), "/steps/0/kernel/8",
			"from -1000 to 1000"},
		"edge": {step(`"op":"convolve","kernel":[1,2,3,4,5,6,7,8,9],"edge":"wrap"`), "/steps/0/edge",
			"clamp, mirror, zero"},
		"rank":      {step(`"op":"median","size":9`), "/steps/0/size", "from 3 to 7"},
		"even rank": {step(`"op":"minimum","size":4`), "/steps/0/size", "3, 5, 7"},
		"noise":     {step(`"op":"noise","amount":1001`), "/steps/0/amount", "from 0 to 1000"},
		"seed":      {step(`"op":"noise","seed":0.5`), "/steps/0/seed", "whole number"},
		"compat":    {step(`"op":"emboss","compat":"tui2"`), "/steps/0/compat", "tui3"},
		"not in the editor": {step(`"op":"adjust","compat":"tui3","exposure":1`), "/steps/0/exposure",
			"Known here: brightness, compat"},
		"sharpen as editor": {step(`"op":"sharpen","compat":"tui3","sigma":1`), "/steps/0/sigma",
			"Known here: compat, op"},
		"pixelate": {step(`"op":"pixelate","size":1`), "/steps/0/size", "from 2 to 1024"},
		"polygon of two": {step(`"op":"redact","regions":[{"shape":"polygon","points":[[1,2],[3,4]]}]`),
			"/steps/0/regions/0/points", "3 to 500 points"},
		"polygon far away": {
			step(`"op":"redact","regions":[{"shape":"polygon","unit":"rel","points":[[0,0],[1,1],[0,6]]}]`),
			"/steps/0/regions/0/points/2/1", "5"},
		"polygon with a box": {
			step(`"op":"redact","regions":[{"shape":"polygon","width":4,"points":[[0,0],[1,1],[0,6]]}]`),
			"/steps/0/regions/0/width", "not known"},
		"rectangle of points": {
			step(`"op":"redact","regions":[{"width":4,"height":4,"points":[[0,0],[1,1],[0,6]]}]`),
			"/steps/0/regions/0/points", "not known"},
		"no regions":       {step(`"op":"redact"`), "/steps/0/regions", "1 to 100 regions"},
		"region no object": {step(`"op":"redact","regions":[1]`), "/steps/0/regions/0", "not a number"},
		"region without size": {step(`"op":"redact","regions":[{"width":1}]`), "/steps/0/regions/0/height",
			"needs a width and a height"},
		"region unknown": {step(`"op":"redact","regions":[{"width":1,"height":1,"radius":2}]`),
			"/steps/0/regions/0/radius", "not known"},
		"weak pixelation": {step(`"op":"redact","mode":"pixelate","size":7,"regions":[{"width":1,"height":1}]`),
			"/steps/0/size", "from 8 to 1024"},
		"weak blur": {step(`"op":"redact","mode":"blur","sigma":4,"regions":[{"width":1,"height":1}]`),
			"/steps/0/sigma", "from 5 to 100"},
		"animated": {`{"version":1,"input":{"onAnimated":"all"}}`, "/input/onAnimated",
			"skip, process, first"},
		"animated type": {`{"version":1,"input":{"onAnimated":true}}`, "/input/onAnimated",
			"skip, process, first"},
		"moving jpeg": {`{"version":1,"input":{"onAnimated":"process"},"output":{"format":"jpeg"}}`,
			"/output/format", "as jpeg. Take gif or webp"},
		"no image": {step(`"op":"watermark"`), "/steps/0/image", "A picture is expected here"},
		"image no object": {step(`"op":"mask","image":"data:image/png;base64,"`), "/steps/0/image",
			"An object is expected"},
		"image of nothing": {step(`"op":"mask","image":{}`), "/steps/0/image/drive", "An id of SharePoint's"},
		"image of both": {step(`"op":"mask","image":{"data":"data:image/gif;base64,R0lGODlh","item":"i"}`),
			"/steps/0/image/item", "does not go together with data"},
		"image without item": {step(`"op":"mask","image":{"drive":"d"}`), "/steps/0/image/item",
			"1 to 256 letters"},
		"item above": {step(`"op":"mask","image":{"drive":"d","item":".."}`), "/steps/0/image/item",
			"An id of SharePoint's"},
		"drive with a slash": {step(`"op":"mask","image":{"drive":"d/items","item":"i"}`), "/steps/0/image/drive",
			"An id of SharePoint's"},
		"item too long": {step(`"op":"mask","image":{"drive":"d","item":"` + strings.Repeat("i", 257) + `"}`),
			"/steps/0/image/item", "1 to 256 letters"},
		"image unknown": {step(`"op":"mask","image":{"drive":"d","item":"i","url":"https://x"}`),
			"/steps/0/image/url", "Known here: data, drive, item"},
		"data of another type": {step(`"op":"mask","image":{"data":"data:image/png;base64,R0lGODlh"}`),
			"/steps/0/image/data", "whose bytes are what it says"},
		"data of no type": {step(`"op":"mask","image":{"data":"data:image/svg+xml;base64,PHN2Zz4="}`),
			"/steps/0/image/data", "jpeg, gif, webp"},
		"data not base64": {step(`"op":"mask","image":{"data":"data:image/gif;base64,R0lGODlh!"}`),
			"/steps/0/image/data", "base64"},
		"data padded loosely": {step(`"op":"mask","image":{"data":"data:image/gif;base64,R0lGODlhAB=="}`),
			"/steps/0/image/data", "base64"},
		"data with a line break": {step(`"op":"mask","image":{"data":"data:image/gif;base64,R0lG\nODlh"}`),
			"/steps/0/image/data", "base64"},
		"data elsewhere": {step(`"op":"mask","image":{"data":"https://x/a.png"}`), "/steps/0/image/data",
			"data:image/png"},
		"too many images": {`{"version":1,"steps":[` + strings.Join(marks(11), ",") + `]}`, "/steps/10/image",
			"At most 10 different pictures"},
		"watermark's size": {step(`"op":"watermark","image":{"drive":"d","item":"i"},"size":"501%"`),
			"/steps/0/size", "0.1% to 500%"},
		"watermark's opacity": {step(`"op":"watermark","image":{"drive":"d","item":"i"},"opacity":-1`),
			"/steps/0/opacity", "from 0 to 1"},
		"watermark's angle": {step(`"op":"watermark","image":{"drive":"d","item":"i"},"angle":400`),
			"/steps/0/angle", "from -360 to 360"},
		"watermark's offset": {step(`"op":"watermark","image":{"drive":"d","item":"i"},"offset":{"x":"101%"}`),
			"/steps/0/offset/x", "-100% to 100%"},
		"blend": {step(`"op":"watermark","image":{"drive":"d","item":"i"},"blend":"hue"`),
			"/steps/0/blend", "over, multiply, screen, overlay, darken, lighten, colorDodge, colorBurn, hardLight, " +
				"softLight, difference, exclusion"},
		"spacing": {step(`"op":"watermark","image":{"drive":"d","item":"i"},"tile":{"spacing":{"y":-1}}`),
			"/steps/0/tile/spacing/y", "from 0 to 16384"},
		"tile": {step(`"op":"watermark","image":{"drive":"d","item":"i"},"tile":{"x":1}`),
			"/steps/0/tile/x", "spacing, stagger"},
		"channel": {step(`"op":"mask","image":{"drive":"d","item":"i"},"channel":"blue"`),
			"/steps/0/channel", "luma, red, alpha"},
		"mask's fit": {step(`"op":"mask","image":{"drive":"d","item":"i"},"fit":"inside"`), "/steps/0/fit",
			"fill, contain, cover"},
		"vignette": {step(`"op":"filter","name":"vignette","midpoint":96`), "/steps/0/midpoint",
			"from 0 to 95"},
		"vignette's colour": {step(`"op":"filter","name":"vignette","color":"#0008"`), "/steps/0/color", "opaque"},
		"shadow":            {step(`"op":"shadow","sigma":"6%"`), "/steps/0/sigma", "from 0 to 100 or 0% to 5%"},
		"shadow's offset":   {step(`"op":"shadow","offset":{"x":2001}`), "/steps/0/offset/x", "from -2000 to 2000"},
		"shadow's place":    {step(`"op":"shadow","x":1`), "/steps/0/x", "not known"},
		"no shape": {step(`"op":"shape"`), "/steps/0/shape",
			"rect, ellipse, triangle, line, polyline, polygon, path"},
		"shape without size": {step(`"op":"shape","shape":"rect","width":1,"fill":"#000"`), "/steps/0/height",
			"needs a width and a height"},
		"shape far away": {step(`"op":"shape","shape":"rect","x":"-501%","width":1,"height":1,"fill":"#000"`),
			"/steps/0/x", "-500% to 500%"},
		"shape in shares": {step(`"op":"shape","shape":"rect","unit":"rel","width":6,"height":1,"fill":"#000"`),
			"/steps/0/width", "share from 0.0001 to 5"},
		"invisible shape": {step(`"op":"shape","shape":"rect","width":1,"height":1`), "/steps/0/stroke",
			"needs a fill, or a stroke"},
		"transparent shape": {
			step(
				`"op":"shape","shape":"rect","width":1,"height":1,"fill":"#fff0","stroke":{"width":3,"color":"#0000"}`),
			"/steps/0/stroke", "can be seen"},
		"corners of a circle": {step(`"op":"shape","shape":"ellipse","width":1,"height":1,"fill":"#000","radius":1`),
			"/steps/0/radius", "not known"},
		"filled line": {step(`"op":"shape","shape":"line","points":[[1,1],[2,2]],"fill":"#000"`),
			"/steps/0/stroke", "can be seen"},
		"fill of a line": {
			step(`"op":"shape","shape":"line","points":[[1,1],[2,2]],"fill":"#000","stroke":{"width":1}`),
			"/steps/0/fill", "not known"},
		"arrow of a polygon": {
			step(`"op":"shape","shape":"polygon","points":[[1,1],[2,2],[3,1]],"fill":"#000","arrow":{}`),
			"/steps/0/arrow", "not known"},
		"arrow": {
			step(`"op":"shape","shape":"line","points":[[1,1],[2,2]],"stroke":{"width":1},"arrow":{"end":"dot"}`),
			"/steps/0/arrow/end", "none, chevron, triangle"},
		"cap": {
			step(`"op":"shape","shape":"line","points":[[1,1],[2,2]],"stroke":{"width":1,"cap":"flat"}`),
			"/steps/0/stroke/cap", "butt, round, square"},
		"join": {
			step(`"op":"shape","shape":"line","points":[[1,1],[2,2]],"stroke":{"width":1,"join":"arcs"}`),
			"/steps/0/stroke/join", "miter, round, bevel"},
		"stroke": {step(`"op":"shape","shape":"line","points":[[1,1],[2,2]],"stroke":{"width":2001}`),
			"/steps/0/stroke/width", "from 0.1 to 2000"},
		"one point": {step(`"op":"shape","shape":"line","points":[[1,1]],"stroke":{"width":1}`),
			"/steps/0/points", "A list of 2 points"},
		"three points": {step(`"op":"shape","shape":"polygon","points":[[1,1],[2,2]],"stroke":{"width":1}`),
			"/steps/0/points", "3 to 500 points"},
		"many points": {
			step(`"op":"shape","shape":"polyline","points":[` + strings.Repeat("[1,1],", 500) +
				`[1,1]],"stroke":{"width":1}`), "/steps/0/points", "2 to 500 points"},
		"a point of one": {step(`"op":"shape","shape":"line","points":[[1,1],[2]],"stroke":{"width":1}`),
			"/steps/0/points/1", "[1, 2]"},
		"a point of texts": {step(`"op":"shape","shape":"line","points":[[1,1],[2,"x"]],"stroke":{"width":1}`),
			"/steps/0/points/1/1", "from -30000 to 30000"},
		"no path": {step(`"op":"shape","shape":"path","fill":"#000"`), "/steps/0/d", "a line or curve"},
		"path begins": {step(`"op":"shape","shape":"path","fill":"#000","d":"L1 1"`), "/steps/0/d",
			"near byte 0 of the path M"},
		"path command": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1X2"`), "/steps/0/d",
			"near byte 4 of the path one of the commands M, L, H"},
		"path number": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1L2 e"`), "/steps/0/d",
			"near byte 7 of the path a number"},
		"path comma": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1,L2 2"`), "/steps/0/d",
			"near byte 5 of the path a number"},
		"path pair": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1L2 2 3z"`), "/steps/0/d",
			"near byte 10 of the path a number"},
		"path flag": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1A1 1 0 2 0 3 3"`),
			"/steps/0/d", "near byte 11 of the path a flag"},
		"path coordinate": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1L1e7 2"`), "/steps/0/d",
			"from -1000000 to 1000000"},
		"path overflow": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1L1e999 2"`), "/steps/0/d",
			"a number"},
		"path far away": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1L30001 2"`), "/steps/0/d",
			"-30000, -30000 to 30000, 30000"},
		"path out of its box": {
			step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1L0 -21","viewBox":[0,0,2,2],"width":1,"height":1`),
			"/steps/0/d", "-20, -20 to 22, 22"},
		"long path": {
			step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1` + strings.Repeat("h1", 2000) + `"`),
			"/steps/0/d", "at most 2000 pieces"},
		"empty box": {
			step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1h1","viewBox":[0,0,2,0],"width":1,"height":1`),
			"/steps/0/viewBox/3", "from 0.001"},
		"box without size": {
			step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1h1","viewBox":[0,0,2,2],"width":1`),
			"/steps/0/height", "needs a width and a height"},
		"size without box": {step(`"op":"shape","shape":"path","fill":"#000","d":"M1 1h1","width":1`),
			"/steps/0/width", "viewBox"},
		"long canonical form": {`{"version":1,"steps":[` +
			strings.Repeat(`{"op":"text","text":"`+strings.Repeat("x", 1100)+`"},`, 49) + `{"op":"text","text":"x"}]}`,
			"", "With its defaults filled in the recipe has"},
		"quality":           {`{"version":1,"output":{"quality":0}}`, "/output/quality", "from 1 to 100"},
		"quality not whole": {`{"version":1,"output":{"quality":80.5}}`, "/output/quality", "whole number"},
		"format": {`{"version":1,"output":{"format":"avif"}}`, "/output/format",
			"keep, jpeg, png, gif, webp, tiff, bmp"},
		"compression": {`{"version":1,"output":{"compression":"best"}}`, "/output/compression", "fast, small"},
		"progressive": {`{"version":1,"output":{"progressive":1}}`, "/output/progressive", "true or false"},
		"chroma": {`{"version":1,"output":{"chromaSubsampling":"4:2:2"}}`, "/output/chromaSubsampling",
			"4:2:0, 4:4:4"},
		"palette": {`{"version":1,"output":{"palette":{"colors":1}}}`, "/output/palette/colors",
			"from 2 to 256"},
		"palette's field": {`{"version":1,"output":{"palette":{"size":1}}}`, "/output/palette/size",
			"colors, dither"},
		"palette as number": {`{"version":1,"output":{"palette":16}}`, "/output/palette", "An object"},
		"dither": {`{"version":1,"output":{"palette":{"dither":1.1}}}`, "/output/palette/dither",
			"from 0 to 1"},
		"set, unknown": {set(`{"artist":"x"}`), "/output/metadata/set/artist", "not known"},
		"set, no text": {set(`{"title":1}`), "/output/metadata/set/title", "A text is expected"},
		"set, too long": {set(`{"title":"` + strings.Repeat("a", 2001) + `"}`), "/output/metadata/set/title",
			"at most 2000 bytes"},
		"set, control": {set(`{"credit":"a\u0000b"}`), "/output/metadata/set/credit",
			"none that can be written"},
		"set, no character": {set(`{"credit":"a\uffffb"}`), "/output/metadata/set/credit",
			"none that can be written"},
		"set, placeholder":  {set(`{"copyright":"{artist}"}`), "/output/metadata/set/copyright", "Known: {name}"},
		"keywords, no list": {set(`{"keywords":"a"}`), "/output/metadata/set/keywords", "at most 50 texts"},
		"keywords, too many": {set(`{"keywords":["a"` + strings.Repeat(`,"a"`, 50) + `]}`),
			"/output/metadata/set/keywords", "at most 50 texts"},
		"keyword, no text": {set(`{"keywords":["a",1]}`), "/output/metadata/set/keywords/1", "1 to 64 bytes"},
		"keyword, empty":   {set(`{"keywords":[" "]}`), "/output/metadata/set/keywords/0", "1 to 64 bytes"},
		"keyword, too long": {set(`{"keywords":["` + strings.Repeat("a", 65) + `"]}`),
			"/output/metadata/set/keywords/0", "1 to 64 bytes"},
		"keyword, placeholder": {set(`{"keywords":["{a}"]}`), "/output/metadata/set/keywords/0", "Known: {name}"},
		"profile":              {`{"version":1,"output":{"colorProfile":"p3"}}`, "/output/colorProfile", "keep, srgb"},
		"savings": {`{"version":1,"output":{"minSavingsPercent":100}}`, "/output/minSavingsPercent",
			"from 0 to 99"},
		"savings for a secret": {
			`{"version":1,"steps":[{"op":"redact","regions":[{"width":9,"height":9}],"when":{"minWidth":9}}],` +
				`"output":{"minSavingsPercent":0}}`, "/output/minSavingsPercent", "does not go together with redact"},
		"savings for a place": {`{"version":1,"output":{"minSavingsPercent":0,"metadata":{"stripGps":true}}}`,
			"/output/minSavingsPercent", "does not go together"},
		"max bytes": {`{"version":1,"output":{"maxBytes":-1}}`, "/output/maxBytes", "from 0 to 1000000000"},
		"least quality": {`{"version":1,"output":{"maxBytes":9,"quality":50,"minQuality":51}}`,
			"/output/minQuality", "above the quality, 50"},
		"no conditions": {step(`"op":"flip","axis":"both","when":{}`), "/steps/0/when", "At least one condition"},
		"condition": {step(`"op":"flip","axis":"both","when":{"width":1}`), "/steps/0/when/width",
			"Known here: animated, format, hasAlpha"},
		"condition's size": {step(`"op":"flip","axis":"both","when":{"minWidth":0}`), "/steps/0/when/minWidth",
			"from 1 to 100000"},
		"orientation": {step(`"op":"flip","axis":"both","when":{"orientation":"wide"}`),
			"/steps/0/when/orientation", "landscape, portrait, square"},
		"condition's format": {step(`"op":"flip","axis":"both","when":{"format":"keep"}`), "/steps/0/when/format",
			"jpeg, png"},
		"conditions' type": {step(`"op":"flip","axis":"both","when":true`), "/steps/0/when", "An object is expected"},
		"background":       {`{"version":1,"output":{"background":"#ffffff80"}}`, "/output/background", "opaque"},
		"metadata": {`{"version":1,"output":{"metadata":{"mode":"some"}}}`, "/output/metadata/mode",
			"keep, copyright, none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := recipe.Parse([]byte(c.document))
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != fault.Invalid {
				t.Fatalf("Parse = %v, want an invalid fault", err)
			}
			if f.Field != c.field || !strings.Contains(f.Message, c.message) {
				t.Errorf("fault at %q: %s\nwant at %q with %q", f.Field, f.Message, c.field, c.message)
			}
		})
	}
}

// marks are watermarks of different pictures.
func marks(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"op":"watermark","image":{"drive":"d","item":"i%d"}}`, i))
	}
	return all
}

func TestImagesListsEachPictureOnceWithItsPlace(t *testing.T) {
	t.Parallel()
	r, err := recipe.Parse([]byte(`{"version":1,"steps":[` + strings.Join(append(marks(10), marks(3)...), ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Images(); len(got) != 10 ||
		got[9] != (recipe.NeededImage{Image: recipe.Image{Drive: "d", Item: "i9"}, At: "/steps/9/image"}) {
		t.Errorf("Images = %+v", got)
	}
	r, err = recipe.Parse([]byte(`{"version":1,"steps":[{"op":"blur","sigma":1},
		{"op":"mask","image":{"data":"data:image/gif;base64,R0lGODlh"},"when":{"minWidth":100}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []recipe.NeededImage{{Image: recipe.Image{Data: "GIF89a"}, At: "/steps/1/image"}}
	if diff := cmp.Diff(want, r.Images()); diff != "" || want[0].InLibrary() ||
		!(recipe.Image{Drive: "d"}).InLibrary() {
		t.Errorf("Images (-want +got):\n%s", diff)
	}
}

func TestPlaceholdersAreFilledInAndDoubledBracesAreBraces(t *testing.T) {
	t.Parallel()
	got := recipe.Expand("{name}.{ext} {{x}} }{year", func(name string) string { return "<" + name + ">" })
	if want := "<name>.<ext> {x} }"; got != want {
		t.Errorf("Expand = %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(every(f))
	f.Add([]byte(`{"version":1,"steps":[{"op":"crop","aspectRatio":"4:3"}]}`))
	f.Add([]byte(`{"version":1,"steps":[{"op":"resize","width":1e-7}]}`))
	f.Add([]byte(`{"version":1,"input":{"onAnimated":"process"},"output":{"format":"gif"}}`))
	f.Add([]byte(`{"version":1,"steps":[{"op":"mask","image":{"data":"data:image/jpeg;base64,/9j/4A=="}}]}`))
	f.Add(
		[]byte(
			`{"version":1,"steps":[{"op":"shape","shape":"path","d":"m1 1a1 2 30 105-5t1e-3.5-1zs1 1,2 2",` +
				`"viewBox":[0,-1,9,9],"width":"3%","height":2,"fill":"#000"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := recipe.Parse(data)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("Parse: %v, want an invalid fault", err)
			}
			return
		}
		if !json.Valid(r.Canonical()) {
			t.Fatalf("the canonical form is no JSON: %s", r.Canonical())
		}
		again, err := recipe.Parse(r.Canonical())
		if err != nil {
			t.Fatalf("the canonical form %s is refused: %v", r.Canonical(), err)
		}
		if again.Hash() != r.Hash() {
			t.Fatalf("the canonical form is not its own:\n%s\n%s", r.Canonical(), again.Canonical())
		}
	})
}
