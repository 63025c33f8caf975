package imaging_test

import (
	"bytes"
	"context"
	"flag"
	"image"
	"os"
	"path/filepath"
	"testing"
	"time"

	"imagepro/handler/imaging"
)

var update = flag.Bool("update", false, "rewrite the golden pictures in testdata")

// The goldens were looked at: open them after every -update.
func TestOperationsLookAsInTheGoldens(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string]string{
		"crop":    `{"op":"crop","x":"10%","y":"20%","width":80,"height":"50%"}`,
		"ratio":   `{"op":"crop","aspectRatio":"1:1","gravity":"northwest"}`,
		"contain": `{"op":"resize","width":100,"height":100,"fit":"contain","background":"#ffcc00","gravity":"south"}`,
		"cover":   `{"op":"resize","width":60,"height":90,"fit":"cover","gravity":"west"}`,
		"fill":    `{"op":"resize","width":160,"height":40,"fit":"fill","kernel":"linear"}`,
		"rotate":  `{"op":"rotate","angle":20,"background":"#204060"}`,
		"quarter": `{"op":"rotate","angle":90}`,
		"flip":    `{"op":"flip","axis":"horizontal"}`,
		"adjust":  `{"op":"adjust","brightness":10,"contrast":30,"saturation":-50}`,
		"gray":    `{"op":"filter","name":"grayscale","mode":"luma709"}`,
		"sepia":   `{"op":"filter","name":"sepia"}`,
		"vintage": `{"op":"filter","name":"vintage"}`,
		"duotone": `{"op":"filter","name":"duotone","dark":"#102040","light":"#ffe0a0"}`,
		"tone":    `{"op":"adjust","exposure":0.7,"gamma":1.2,"temperature":40,"vibrance":60,"hue":15}`,
		"frame": `{"op":"roundCorners","radius":"20%"},{"op":"extend","right":"10%","bottom":12,` +
			`"background":"#ffcc00"},{"op":"border","width":4,"color":"#204060"}`,
		"redact": `{"op":"redact","mode":"pixelate","size":10,"regions":[{"x":0.1,"y":0.1,"width":0.5,` +
			`"height":0.4,"unit":"rel"}]},{"op":"redact","mode":"blur","sigma":8,"regions":[{"shape":"ellipse",` +
			`"x":0.5,"y":0.5,"width":0.45,"height":0.45,"unit":"rel"}]},{"op":"redact","regions":[{"x":4,"y":"80%",` +
			`"width":30,"height":14}]}`,
		"shadow": `{"op":"roundCorners","radius":"25%"},{"op":"shadow","sigma":4,"offset":{"x":5,"y":"10%"}},` +
			`{"op":"shadow","sigma":0,"offset":{"x":-4,"y":0},"color":"#c00000"},{"op":"flatten"}`,
		"vignette": `{"op":"filter","name":"vignette","amount":90,"midpoint":30,"color":"#102040"}`,
		"shape": `{"op":"shape","shape":"rect","x":6,"y":6,"width":34,"height":20,"radius":"30%",` +
			`"fill":"#ffcc00c0","stroke":{"color":"#000","width":3},"angle":-12},
			{"op":"shape","shape":"ellipse","x":"40%","y":4,"width":30,"height":24,"stroke":{"color":"#ffffff80",` +
			`"width":6},"fill":"#0060c080"},
			{"op":"shape","shape":"line","points":[[10,70],[50,36]],"stroke":{"color":"#00a9ffb3","width":5},` +
			`"arrow":{"start":"triangle","end":"chevron"}},
			{"op":"shape","shape":"polygon","unit":"rel","points":[[0.5,0.9],[0.6,0.5],[0.7,0.9],[0.45,0.65],` +
			`[0.75,0.65]],"fill":"#e91e63","stroke":{"width":"1%","join":"bevel"}},
			{"op":"shape","shape":"triangle","x":92,"y":6,"width":24,"height":20,"stroke":{"color":"#fff","width":4}},
			{"op":"shape","shape":"path","d":"M0 5c10-20 20 20 30 0t-6 20","x":88,"y":46,` +
			`"stroke":{"color":"#00000090","width":6,"cap":"round","join":"round"}}`,
		"emboss":  `{"op":"emboss"}`,
		"median":  `{"op":"noise","amount":80,"seed":4,"monochrome":false},{"op":"median","size":5}`,
		"noise":   `{"op":"noise","amount":80,"seed":4}`,
		"blur":    `{"op":"blur","sigma":4}`,
		"bigBlur": `{"op":"blur","sigma":15}`,
		"sharpen": `{"op":"blur","sigma":1},{"op":"sharpen","sigma":2,"amount":2}`,
		"text":    `{"op":"text","text":"© {name} {year}","size":12}`,
		"textWrap": `{"op":"text","text":"Grüße aus {width}×{height}, {date}","size":"16%","align":"center",` +
			`"gravity":"center","maxWidth":"70%","color":"#000","background":{"color":"#ffffffc0"}}`,
		"textStroke": `{"op":"text","text":"Ωμέγα & Ж","size":26,"bold":true,"italic":true,"gravity":"north",` +
			`"offset":{"y":6},"stroke":{"color":"#c00000","width":2},"opacity":0.7}`,
		"textEdge": `{"op":"text","text":"over the edge","size":30,"gravity":"southeast","offset":{"x":-40,"y":-12},` +
			`"stroke":{"width":3}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := `{"version":1,"steps":[` + steps + `],"output":{"format":"png"}}`
			result, err := imaging.Edit(context.Background(), asPNG(t, scene()), parse(t, document), imaging.Options{
				Name: "IMG_1.jpeg", Time: time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC),
			})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".png")
			if *update {
				if err := os.WriteFile(path, result.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			// Pixels, not bytes: another version of the PNG encoder may pack them otherwise. Other processors may
			// round the last bit of a float otherwise.
			got, golden := fromPNG(t, result.Data), fromPNG(t, want)
			if d := furthestApart(got, golden); d > 1 {
				t.Errorf("the picture differs from %s by up to %d", path, d)
			}
		})
	}
}

// scene is the picture under the goldens: a gradient with a corner, a ring and fine lines.
func scene() *image.NRGBA {
	m := pattern(120, 80)
	for y := range 80 {
		for x := range 120 {
			p := m.Pix[m.PixOffset(x, y):]
			d := (x-80)*(x-80) + (y-40)*(y-40)
			switch {
			case d > 400 && d < 700:
				copy(p, []byte{240, 240, 240})
			case y > 65 && x%4 < 2:
				copy(p, []byte{0, 0, 0})
			}
		}
	}
	return m
}

func furthestApart(a, b *image.NRGBA) int {
	if a.Rect != b.Rect {
		return 256
	}
	if bytes.Equal(a.Pix, b.Pix) {
		return 0
	}
	most := 0
	for i := range a.Pix {
		d := int(a.Pix[i]) - int(b.Pix[i])
		most = max(most, d, -d)
	}
	return most
}
