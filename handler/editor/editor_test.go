package editor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/editor"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// state is one of testdata/states.json, which make.mjs makes with the editor's own code.
type state struct {
	Name, Source string
	Exact        bool
	State        json.RawMessage
}

func states(t testing.TB) map[string]state {
	t.Helper()
	var all []state
	if err := json.Unmarshal(file(t, "states.json"), &all); err != nil || len(all) < 14 {
		t.Fatalf("%d states, %v", len(all), err)
	}
	byName := map[string]state{}
	for _, s := range all {
		byName[s.Name] = s
	}
	return byName
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func picture(t testing.TB, data []byte) *image.NRGBA {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewNRGBA(image.Rectangle{Max: m.Bounds().Size()})
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, color.NRGBAModel.Convert(m.At(x, y)))
		}
	}
	return out
}

// carriedOut converts a state and edits its source.
func carriedOut(t *testing.T, s state) (*image.NRGBA, editor.Result) {
	t.Helper()
	result, err := editor.Convert(s.State)
	if err != nil {
		t.Fatal(err)
	}
	r, err := recipe.Parse(result.Recipe)
	if err != nil || r.Hash() != result.Hash {
		t.Fatalf("%s: %v", result.Recipe, err)
	}
	edited, err := imaging.Edit(context.Background(), file(t, s.Source+".png"), r, imaging.Options{})
	if err != nil {
		t.Fatalf("%s: %v", result.Recipe, err)
	}
	return picture(t, edited.Data), result
}

func TestFiltersFlipsTurnsAndCropsAreExactlyThoseOfTheEditor(t *testing.T) {
	t.Parallel()
	for name, s := range states(t) {
		if !s.Exact {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, result := carriedOut(t, s)
			want := picture(t, file(t, name+".png"))
			if got.Rect != want.Rect {
				t.Fatalf("the result is %v, want %v", got.Rect.Max, want.Rect.Max)
			}
			for i := range want.Pix {
				if got.Pix[i] != want.Pix[i] && want.Pix[i|3] > 0 {
					t.Fatalf("level %d of the pixel %d is %d, want %d\n%s", i%4, i/4, got.Pix[i], want.Pix[i],
						result.Recipe)
				}
			}
			if len(result.Notes) > 0 {
				t.Errorf("notes %v", result.Notes)
			}
		})
	}
}

func TestObjectsLookAsInTheEditor(t *testing.T) {
	t.Parallel()
	all := states(t)
	for name, most := range map[string]struct {
		mean, far float64 // levels, and the share that differs by more than 24
	}{
		"boxes": {0.2, 0.001}, "lines": {0.1, 0.001}, "paths": {0.2, 0.001},
		"all": {0.5, 0.0025}, // it is scaled and turned, too: a browser smooths otherwise
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, result := carriedOut(t, all[name])
			want := picture(t, file(t, name+".png"))
			if got.Rect != want.Rect {
				t.Fatalf("the result is %v, want %v", got.Rect.Max, want.Rect.Max)
			}
			// Both smooth edges, each in its way: what differs is there, and little of it by much.
			sum, far := 0.0, 0
			for i := range want.Pix {
				d := math.Abs(seen(got, i) - seen(want, i))
				if sum += d; d > 24 {
					far++
				}
			}
			n := float64(len(want.Pix))
			if sum/n > most.mean || float64(far)/n > most.far {
				t.Errorf("levels differ by %.3f in the mean, %d of %g by more than 24\n%s", sum/n, far, n,
					result.Recipe)
			}
			if len(result.Notes) > 0 {
				t.Errorf("notes %v", result.Notes)
			}
		})
	}
}

// seen returns a level of a picture on black.
func seen(m *image.NRGBA, i int) float64 {
	if i%4 == 3 {
		return float64(m.Pix[i])
	}
	return float64(m.Pix[i]) * float64(m.Pix[i|3]) / 255
}

// steps returns the steps of a recipe that was made of a state.
func steps(t *testing.T, state string) ([]map[string]any, []editor.Note) {
	t.Helper()
	result, err := editor.Convert([]byte(state))
	if err != nil {
		t.Fatalf("%s: %v", state, err)
	}
	var doc struct{ Steps []map[string]any }
	if err := json.Unmarshal(result.Recipe, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Steps, result.Notes
}

// tiny is a picture of one pixel.
const tiny = "data:image/gif;base64,R0lGODlhAQABAAAAACw="

const plain = `"backgroundImage":{"type":"image","width":400,"height":300}`

func TestStatesBecomeTheseSteps(t *testing.T) {
	t.Parallel()
	object := func(fields string) string { return `{` + plain + `,"objects":[{` + fields + `}]}` }
	filter := func(fields string) string {
		return `{"backgroundImage":{"width":400,"height":300,"filters":[null,{` + fields + `}]}}`
	}
	for name, c := range map[string]struct{ state, steps string }{
		"nothing":              {`{` + plain + `}`, `[]`},
		"what changes nothing": {filter(`"type":"Brightness","brightness":0`), `[]`},
		"no invert":            {filter(`"type":"Invert","invert":false`), `[]`},
		"no pixels":            {filter(`"type":"Pixelate","blocksize":1`), `[]`},
		"filters of filters": {filter(`"type":"Composed","subFilters":[{"type":"Sepia"}]`),
			`[{"op":"filter","name":"sepia"}]`},
		"noise": {filter(`"type":"Noise","noise":120`), `[{"op":"noise","amount":120}]`},
		"blur":  {filter(`"type":"Blur","blur":0.1`), `[{"op":"blur","sigma":1.27}]`},
		"difference": {filter(`"type":"BlendColor","mode":"difference","color":"#f00","alpha":0.5`),
			`[{"op":"blendColor","mode":"diff","color":"#ff0000ff","alpha":0.5}]`},
		"emboss": {filter(`"type":"Emboss","opaque":false,"matrix":[1,1,1,1,0.7,-1,-1,-1,-1]`),
			`[{"op":"emboss","compat":"tui3"}]`},
		"of larger pictures": {
			`{"width":1600,"height":1200,"backgroundImage":{"width":400,"height":300,"filters":[{"type":"Pixelate",` +
				`"blocksize":5}]}}`, `[{"op":"pixelate","size":20,"sample":"topLeft"}]`},
		"mirrored by its scale": {`{"backgroundImage":{"width":400,"height":300,"scaleX":-1}}`,
			`[{"op":"flip","axis":"horizontal"}]`},
		"flipped twice": {
			`{"backgroundImage":{"width":400,"height":300,"scaleX":-1,"flipX":true,"flipY":true}}`,
			`[{"op":"flip","axis":"vertical"}]`},
		"made smaller": {`{"backgroundImage":{"width":400,"height":300,"scaleX":0.333333,"scaleY":0.5}}`,
			`[{"op":"resize","fit":"fill","width":"33.3333%","height":"50%"}]`},
		"crops to whole pixels": {
			`{"epochs":[{"background":{"width":400,"height":300},"crop":{"left":39.7,"top":-3,"width":200.2,` +
				`"height":500}}]}`, `[{"op":"crop","x":"10%","y":"0%","width":"50%","height":"100%"}]`},
		"what is not seen": {object(`"type":"rect","width":9,"height":9,"fill":"","stroke":null`), `[]`},
		"what is hidden":   {object(`"type":"rect","width":9,"height":9,"visible":false`), `[]`},
		"the colour of fabric": {object(`"type":"rect","left":0,"top":0,"width":40,"height":30,"strokeWidth":0`),
			`[{"op":"shape","shape":"rect","unit":"rel","x":0,"y":0,"width":0.1,"height":0.1,"fill":"#000000ff"}]`},
		"the editor's circle": {
			object(
				`"type":"circle","left":40,"top":30,"originX":"center","originY":"center","width":80,"height":80,` +
					`"rx":40,"ry":40,"strokeWidth":0,"fill":"red"`),
			`[{"op":"shape","shape":"ellipse","unit":"rel","x":0,"y":-0.0333333,"width":0.2,"height":0.2666667,` +
				`"fill":"#ff0000ff"}]`},
		"origins of parts": {
			object(
				`"type":"rect","originX":0.25,"originY":"bottom","left":10,"top":30,"width":40,"height":30,` +
					`"strokeWidth":0,"fill":"red"`),
			`[{"op":"shape","shape":"rect","unit":"rel","x":0,"y":0,"width":0.1,"height":0.1,"fill":"#ff0000ff"}]`},
		"a turned part": {
			object(
				`"type":"rect","originX":"center","originY":"center","left":200,"top":150,"width":80,"height":60,` +
					`"angle":90,"strokeWidth":0,"fill":{"type":"filter","filter":[{"pixelate":20}]}`),
			`[{"op":"redact","mode":"pixelate","size":20,"regions":[{"shape":"polygon","unit":"rel",` +
				`"points":[[0.575,0.3666667],[0.575,0.6333333],[0.425,0.6333333],[0.425,0.3666667]]}]}]`},
		"a triangle at the edge": {
			object(
				`"type":"triangle","left":-40,"top":0,"width":80,"height":60,"strokeWidth":0,` +
					`"fill":{"type":"filter","filter":[{"pixelate":20}]}`),
			`[{"op":"redact","mode":"pixelate","size":20,"regions":[{"shape":"polygon","unit":"rel","points":[[0,0],` +
				`[0.1,0.2],[0,0.2]]}]}]`},
		"a triangle outside": {
			object(
				`"type":"triangle","left":-90,"top":0,"width":80,"height":60,"strokeWidth":0,` +
					`"fill":{"type":"filter","filter":[{"pixelate":20}]}`), `[]`},
		"a pixelated part": {
			object(
				`"type":"rect","left":-20,"top":30,"width":60,"height":60,"strokeWidth":0,"fill":{"type":"filter",` +
					`"filter":[{"pixelate":20}]}`),
			`[{"op":"redact","mode":"pixelate","size":20,"regions":[{"shape":"rect","unit":"rel","x":0,"y":0.1,` +
				`"width":0.1,"height":0.2}]}]`},
		"a blurred part": {
			object(
				`"type":"circle","left":40,"top":30,"radius":30,"strokeWidth":2,"stroke":"#fff",` +
					`"fill":{"type":"filter","filter":[{"blur":0.5}]}`),
			`[{"op":"redact","mode":"blur","sigma":6.34,"regions":[{"shape":"ellipse","unit":"rel","x":0.1025,` +
				`"y":0.1033333,"width":0.15,"height":0.2}]},{"op":"shape","shape":"ellipse","unit":"rel","x":0.1025,` +
				`"y":0.1033333,"width":0.15,"height":0.2,"stroke":{"cap":"butt","color":"#ffffffff","join":"miter",` +
				`"width":"0.66667%"}}]`},
		"a text": {
			object(
				`"type":"i-text","text":"a{b}","left":40,"top":100,"width":100,"height":50,"strokeWidth":0,` +
					`"fontSize":30,"fill":"#00f8","fontWeight":"700"`),
			`[{"op":"text","text":"a{{b}}","size":"10%","bold":true,"italic":false,"underline":false,` +
				`"color":"#0000ff88","opacity":1,"lineHeight":1.3108,"align":"left","gravity":"west",` +
				`"offset":{"x":"10%","y":"-8.33333%"}}]`},
		"an underlined text": {
			object(
				`"type":"i-text","text":"a","left":40,"top":100,"width":100,"height":50,"strokeWidth":0,` +
					`"fontSize":30,"fill":"#00f8","underline":true`),
			`[{"op":"text","text":"a","size":"10%","bold":false,"italic":false,"underline":true,"color":"#0000ff88",` +
				`"opacity":1,"lineHeight":1.3108,"align":"left","gravity":"west","offset":{"x":"10%",` +
				`"y":"-8.33333%"}}]`},
		"a text that is turned": {
			object(
				`"type":"i-text","text":"a","left":200,"top":150,"originX":"center","originY":"center","width":100,` +
					`"height":50,"strokeWidth":0,"fontSize":30,"angle":-30,"textAlign":"right"`),
			`[{"op":"text","text":"a","size":"10%","bold":false,"italic":false,"underline":false,` +
				`"color":"#000000ff","opacity":1,"lineHeight":1.3108,"align":"right","angle":-30,"gravity":"center",` +
				`"offset":{"x":"0%","y":"0%"}}]`},
		"a picture on it": {
			object(
				`"type":"image","left":40,"top":30,"width":20,"height":10,"scaleX":3,"scaleY":3,"strokeWidth":0,` +
					`"angle":90,"originX":"center","originY":"center","opacity":0.5,"src":"` + tiny + `"`),
			`[{"op":"watermark","image":{"data":"` + tiny +
				`"},"size":"20%","gravity":"center","offset":{"x":"-40%","y":"-40%"},"angle":90,"opacity":0.5}]`},
		"a text with more to it": {
			object(
				`"type":"textbox","text":"a","originX":"right","originY":"center","left":360,"top":150,"width":100,` +
					`"height":50,"scaleX":2,"scaleY":2,"fontSize":30,"fill":"white","strokeWidth":3,"stroke":"#000",` +
					`"backgroundColor":"#ff0","textAlign":"right","opacity":0.5`),
			`[{"op":"text","text":"a","size":"20%","bold":false,"italic":false,"underline":false,` +
				`"color":"#ffffffff","opacity":0.5,"lineHeight":1.3108,"align":"right","gravity":"east",` +
				`"offset":{"x":"10.75%","y":"0%"},"maxWidth":"50%","stroke":{"color":"#000000ff","width":"5%"},` +
				`"background":{"color":"#ffff00ff","padding":0}}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := steps(t, c.state)
			var want []map[string]any
			if err := json.Unmarshal([]byte(c.steps), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatARecipeDoesNotSayIsNoted(t *testing.T) {
	t.Parallel()
	object := func(fields string) string { return `{` + plain + `,"objects":[{` + fields + `}]}` }
	rect := func(fields string) string {
		return object(`"type":"rect","width":40,"height":30,"fill":"#f00",` + fields)
	}
	for name, c := range map[string]struct {
		state, path, message string
		steps                int
	}{
		"unknown filter": {`{"backgroundImage":{"width":9,"height":9,"filters":[{"type":"BlendImage"}]}}`,
			"/backgroundImage/filters/0", `"BlendImage" is not known`, 0},
		"gammas": {
			`{"backgroundImage":{"width":9,"height":9,"filters":[{"type":"Gamma","gamma":[1,2,1]}]}}`,
			"/backgroundImage/filters/0", "another for each channel", 0},
		"too bright": {
			`{"backgroundImage":{"width":9,"height":9,"filters":[{"type":"Brightness","brightness":3}]}}`,
			"/backgroundImage/filters/0", "from -100 to 100", 0},
		"blur": {`{"backgroundImage":{"width":900,"height":900,"filters":[{"type":"Blur","blur":0.1}]}}`,
			"/backgroundImage/filters/0", "about that of the editor", 1},
		"background":     {`{"background":"#fff",` + plain + `}`, "/background", "colour behind", 0},
		"overlay":        {`{"overlayImage":{},` + plain + `}`, "/overlayImage", "left out", 0},
		"half a picture": {`{"backgroundImage":{"width":9,"height":9,"cropX":3}}`, "/backgroundImage", "cropX", 0},
		"crop of nothing": {`{"crop":{"left":400,"top":0,"width":3,"height":3},` + plain + `}`, "/crop",
			"keeps nothing", 0},
		"in epochs": {
			`{"epochs":[{"background":{"width":9,"height":9}},{"background":{"width":9,"height":9},` +
				`"objects":[{"type":"image"}]}]}`, "/epochs/1/objects/0/src", "data URI", 0},
		"unknown object": {object(`"type":"cropzone"`), "/objects/0", `"cropzone" are not known`, 0},
		"shadow":         {rect(`"shadow":{"blur":3}`), "/objects/0/shadow", "left out", 1},
		"dashes":         {rect(`"strokeDashArray":[3,4]`), "/objects/0/strokeDashArray", "without gaps", 1},
		"skew":           {rect(`"skewX":10`), "/objects/0", "skewed", 1},
		"composition": {rect(`"globalCompositeOperation":"xor"`), "/objects/0/globalCompositeOperation",
			"source-over", 1},
		"gradient": {
			object(
				`"type":"rect","width":40,"height":30,"fill":{"type":"linear","colorStops":[{"offset":0,` +
					`"color":"rgb(1,2,3)"}]}`), "/objects/0/fill", "no single colour", 1},
		"colour": {object(`"type":"rect","width":40,"height":30,"fill":"reddish"`), "/objects/0/fill",
			"not understood", 1},
		"pattern": {object(`"type":"rect","width":40,"height":30,"fill":{"type":"pattern"}`),
			"/objects/0/fill", "in black", 1},
		"uneven line": {object(`"type":"rect","width":40,"height":30,"fill":"","stroke":"#000","scaleX":2`),
			"/objects/0", "as wide in all", 1},
		"part of a circle": {object(`"type":"circle","radius":40,"endAngle":3`), "/objects/0", "part of a circle", 1},
		"far away":         {rect(`"left":9999`), "/objects/0", "cannot be said", 0},
		"broken path":      {object(`"type":"path","path":[["M",1,2],["X",3]]`), "/objects/0/path", "near byte", 0},
		"groups of groups": {
			object(strings.Repeat(`"type":"group","objects":[{`, 6) + `"type":"rect"` + strings.Repeat(`}]`, 6)),
			"/objects/0" + strings.Repeat("/objects/0", 5), "more than 5 deep", 0},
		"font": {object(`"type":"i-text","text":"a","fontFamily":"Noto Sans"`), "/objects/0/fontFamily",
			`"Noto Sans"`, 1},
		"lined through": {object(`"type":"i-text","text":"a","linethrough":true`), "/objects/0/linethrough",
			"without this line", 1},
		"mirrored text": {object(`"type":"i-text","text":"a","flipX":true`), "/objects/0", "not mirrored", 1},
		"mirrored picture": {object(`"type":"image","width":20,"height":10,"flipY":true,"src":"` + tiny + `"`),
			"/objects/0", "not mirrored", 1},
		"stretched picture": {object(`"type":"image","width":20,"height":10,"scaleX":2,"src":"` + tiny + `"`),
			"/objects/0", "the ratio", 1},
		"part of a picture": {object(`"type":"image","width":20,"height":10,"cropX":2,"src":"` + tiny + `"`),
			"/objects/0", "part of a picture", 0},
		"filtered picture": {
			object(`"type":"image","width":20,"height":10,"filters":[{"type":"Invert"}],"src":"` + tiny + `"`),
			"/objects/0/filters", "left out", 1},
		"picture elsewhere": {object(`"type":"image","width":20,"height":10,"src":"blob:https://x/1"`),
			"/objects/0/src", "data URI", 0},
		"large picture": {
			object(`"type":"image","width":20,"height":10,"src":"data:image/png;base64,` + strings.Repeat("A", 70000) +
				`"`), "/objects/0", "at most 65536 bytes", 0},
		"no picture": {
			object(`"type":"image","width":20,"height":10,"src":"data:image/svg+xml;base64,PHN2Zz4="`), "/objects/0",
			"cannot be said", 0},
		"letters of a kind": {object(`"type":"i-text","text":"a","styles":{"0":{}}`), "/objects/0/styles",
			"look the same", 1},
		"justified text": {object(`"type":"i-text","text":"a","textAlign":"justify"`), "/objects/0/textAlign",
			"to the left", 1},
		"letters far apart": {object(`"type":"i-text","text":"a","charSpacing":9`), "/objects/0/charSpacing",
			"as usual", 1},
		"more than is noted": {`{` + plain + `,"objects":[` + strings.Repeat(`{"type":"x"},`, 300) + `{"type":"x"}]}`,
			"", "more notes", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, notes := steps(t, c.state)
			if len(got) != c.steps {
				t.Errorf("%d steps, want %d: %v", len(got), c.steps, got)
			}
			if !slices.ContainsFunc(notes, func(n editor.Note) bool {
				return n.Path == c.path && strings.Contains(n.Message, c.message)
			}) {
				t.Errorf("notes %q, want one at %q with %q", notes, c.path, c.message)
			}
		})
	}
}

func TestWhatIsNoStateIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ state, field, message string }{
		"no JSON":    {`{`, "", "no JSON object"},
		"a list":     {`[]`, "", "no JSON object"},
		"null":       {`null`, "", "no JSON object"},
		"long":       {`{"a":"` + strings.Repeat("x", editor.MaxBytes) + `"}`, "", "at most 1048576 bytes"},
		"no picture": {`{}`, "/backgroundImage", "width and a height"},
		"no size": {`{"epochs":[{"background":{"width":0,"height":3}}]}`, "/epochs/0/background",
			"from 1 to 100000"},
		"no epochs":     {`{"epochs":[]}`, "/epochs", "1 to 20 epochs"},
		"many epochs":   {`{"epochs":[` + strings.Repeat(`{},`, 20) + `{}]}`, "/epochs", "1 to 20 epochs"},
		"another shape": {`{"width":100,"height":200,` + plain + `}`, "/backgroundImage", "another shape"},
		"no width":      {`{"width":0,"height":200,` + plain + `}`, "/backgroundImage", "another shape"},
		"many objects": {`{` + plain + `,"objects":[` + strings.Repeat(`{},`, 500) + `{}]}`, "/objects",
			"At most 500 objects"},
		"many in groups": {`{` + plain + `,"objects":[{"type":"group","objects":[` + strings.Repeat(`{},`, 500) +
			`{}]}]}`, "/objects/0/objects", "At most 500 objects"},
		"many steps": {`{` + plain + `,"objects":[` +
			strings.Repeat(`{"type":"rect","width":9,"height":9},`, 50) + `{"type":"rect","width":9,"height":9}]}`, "",
			"needs 51 steps; a recipe may have 50"},
		"too much at once": {`{` + plain + `,"objects":[` +
			strings.Repeat(`{"type":"i-text","text":"`+strings.Repeat("x", 2000)+`"},`, 39) + `{}]}`, "",
			"too much for a recipe"},
	} {
		_, err := editor.Convert([]byte(c.state))
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != c.field ||
			!strings.Contains(f.Message, c.message) {
			t.Errorf("%s: %v, want Invalid at %q with %q", name, err, c.field, c.message)
		}
	}
}

func TestColoursOfCSSAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"#0f8": "#00ff88ff", "#0F8C": "#00ff88cc", "#102030": "#102030ff", "#10203040": "#10203040",
		"Teal":       "#008080ff",
		"rgb(1,2,3)": "#010203ff", "rgba( 255, 0, 16, 0.5 )": "#ff001080", "rgb(100%, 50%, 0%)": "#ff8000ff",
		"rgb(1 2 3 / 50%)":    "#01020380",
		"hsl(120, 100%, 25%)": "#008000ff", "hsla(-120,100%,50%,.2)": "#0000ff33", "rgb(300,-4,0)": "#ff0000ff",
	} {
		got, notes := steps(t, `{`+plain+`,"objects":[{"type":"rect","width":9,"height":9,"fill":"`+text+`"}]}`)
		if len(got) != 1 || got[0]["fill"] != want || len(notes) > 0 {
			t.Errorf("%s is %v, want %s; notes %v", text, got, want, notes)
		}
	}
	for _, text := range []string{"#12", "#gggggg", "rgb(1,2)", "rgb(1,2,x)", "rgb(1,2,3", "cmyk(1,2,3)", "url(#a)",
		"rgb(1,2,NaN)"} {
		got, notes := steps(t, `{`+plain+`,"objects":[{"type":"rect","width":9,"height":9,"fill":"`+text+`"}]}`)
		if len(got) != 1 || got[0]["fill"] != "#000000ff" || len(notes) != 1 {
			t.Errorf("%s is %v; notes %v", text, got, notes)
		}
	}
}

// The letters are those of another font, but stand about where the editor has them.
func TestTextsStandWhereTheEditorHasThem(t *testing.T) {
	t.Parallel()
	s := states(t)["text"]
	got, _ := carriedOut(t, s)
	want, blank := picture(t, file(t, "text.png")), picture(t, file(t, "plain.png"))
	for name, part := range map[string]image.Rectangle{
		"left": image.Rect(0, 0, 240, 80), "right": image.Rect(0, 125, 240, 160), "middle": image.Rect(0, 82, 240, 115),
	} {
		a, b := changed(got, blank, part), changed(want, blank, part)
		far := max(a.Min.X-b.Min.X, b.Min.X-a.Min.X)
		switch name {
		case "right":
			far = max(a.Max.X-b.Max.X, b.Max.X-a.Max.X)
		case "middle":
			far = max(a.Min.X+a.Max.X-b.Min.X-b.Max.X, b.Min.X+b.Max.X-a.Min.X-a.Max.X) / 2
		}
		if far > 3 || max(a.Min.Y-b.Min.Y, b.Min.Y-a.Min.Y) > 6 {
			t.Errorf("the text %s is at %v, in the editor at %v", name, a, b)
		}
	}
}

// changed returns the box around the pixels of a part that differ.
func changed(a, b *image.NRGBA, part image.Rectangle) image.Rectangle {
	var all image.Rectangle
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if a.NRGBAAt(x, y) != b.NRGBAAt(x, y) {
				all = all.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return all
}

// Whatever the editor sends, the answer is a valid recipe or a refusal.
func FuzzConvert(f *testing.F) {
	for _, s := range states(f) {
		f.Add([]byte(s.State))
	}
	f.Add(
		[]byte(`{"width":1600,"height":1200,` + plain +
			`,"objects":[{"type":"group","objects":[{"type":"rect","fill":{"type":"filter",` +
			`"filter":[{"blur":1}]}}]}]}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		result, err := editor.Convert(state)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("Convert: %v, want an invalid fault", err)
			}
			return
		}
		if _, err := recipe.Parse(result.Recipe); err != nil {
			t.Fatalf("%s: %v", result.Recipe, err)
		}
	})
}

// The editor's blur loses levels besides, so no Gaussian is close to it; that of the recipe is closer than others.
func TestABlurIsAsWideAsTheEditors(t *testing.T) {
	t.Parallel()
	s := states(t)["blurred"]
	want := picture(t, file(t, "blurred.png"))
	recipes, notes := steps(t, string(s.State))
	sigma, ok := recipes[0]["sigma"].(float64)
	if !ok || len(notes) != 1 {
		t.Fatalf("steps %v, notes %v", recipes, notes)
	}
	off := func(sigma float64) (sum float64) {
		r, err := recipe.Parse(fmt.Appendf(nil, `{"version":1,"steps":[{"op":"blur","sigma":%g}]}`, sigma))
		if err != nil {
			t.Fatal(err)
		}
		edited, err := imaging.Edit(context.Background(), file(t, s.Source+".png"), r, imaging.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := picture(t, edited.Data)
		for i := range want.Pix {
			sum += math.Abs(seen(got, i) - seen(want, i))
		}
		return sum
	}
	if right := off(sigma); right > off(sigma/2) || right > off(sigma*2) {
		t.Errorf("with sigma %g %.0f levels are off, with half of it %.0f, with twice of it %.0f", sigma, right,
			off(sigma/2), off(sigma*2))
	}
}
