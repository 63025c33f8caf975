package imaging_test

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"slices"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

func TestEveryFormatBecomesEveryOther(t *testing.T) {
	t.Parallel()
	m := pattern(60, 40)
	sources := map[string][]byte{
		"jpeg": asJPEG(t, m, 90),
		"png":  asPNG(t, m),
		"gif":  asGIF(t, m),
		"bmp":  asBMP(t, m),
		"tiff": asTIFF(t, m),
	}
	for _, to := range []string{"jpeg", "png", "gif", "webp", "tiff", "bmp"} {
		for from, src := range sources {
			result := edit(t, src, `{"version":1,"steps":[],"output":{"format":"`+to+`"}}`)
			info, err := imaging.Inspect(result.Data, imaging.Limits{})
			if err != nil || string(info.Format) != to || result.Format != info.Format || info.Width != 60 ||
				info.Height != 40 {
				t.Errorf("%s to %s: %+v, %v", from, to, info, err)
			}
			if result.Unchanged != (from == to) {
				t.Errorf("%s to %s: unchanged is %v", from, to, result.Unchanged)
			}
			// the GIF is dithered, which chroma at half the size smooths
			if d := meanDifference(t, decodeAny(t, src), decodeAny(t, result.Data)); d > 20 {
				t.Errorf("%s to %s: the picture is %.1f levels apart", from, to, d)
			}
		}
	}
}

func TestAFileIsMadeAsShortAsAskedFor(t *testing.T) {
	t.Parallel()
	src := photo(t, "Landscape_1.jpg")
	const steps = `{"version":1,"steps":[{"op":"resize","width":600}],"output":{`
	for _, format := range []string{"jpeg", "webp"} {
		free := edit(t, src, steps+`"format":"`+format+`","quality":90}}`)
		most := len(free.Data) * 6 / 10
		document := func(maxBytes, least int) string {
			return fmt.Sprintf(`%s"format":"%s","quality":90,"maxBytes":%d,"minQuality":%d}}`, steps, format, maxBytes,
				least)
		}
		short := edit(t, src, document(most, 10))
		if len(short.Data) > most || len(short.Data) < most*8/10 ||
			!slices.Contains(short.Warnings, imaging.WarnQualityReduced) {
			t.Errorf("%s: %d bytes where %d are allowed, warnings %q", format, len(short.Data), most, short.Warnings)
		}
		if same := edit(t, src, document(len(free.Data), 10)); !bytes.Equal(same.Data, free.Data) ||
			slices.Contains(same.Warnings, imaging.WarnQualityReduced) {
			t.Errorf("%s: what is short enough was made shorter", format)
		}
		_, err := imaging.Edit(context.Background(), src, parse(t, document(most, 85)), imaging.Options{})
		if f := fault.From(err); f.Kind != fault.TooLarge || f.Field != "/output/maxBytes" {
			t.Errorf("%s: %v at %q, want that it cannot be so short", format, err, f.Field)
		}
	}
	_, err := imaging.Edit(context.Background(), src, parse(t, steps+`"format":"png","maxBytes":1000}}`),
		imaging.Options{})
	if f := fault.From(err); f.Kind != fault.TooLarge || f.Field != "/output/maxBytes" {
		t.Errorf("png: %v", err)
	}
	// Nothing to do but that.
	whole := edit(t, src, fmt.Sprintf(`{"version":1,"output":{"maxBytes":%d,"minQuality":1}}`, len(src)*2/3))
	if whole.Unchanged || len(whole.Data) > len(src)*2/3 {
		t.Errorf("%d bytes of %d, unchanged %v", len(whole.Data), len(src), whole.Unchanged)
	}
}

func TestStepsWithConditions(t *testing.T) {
	t.Parallel()
	wide, see := asPNG(t, pattern(60, 40)), asPNG(t, veiled(40, 60))
	for when, want := range map[string][2]bool{
		`{"minWidth":60}`:                              {true, false},
		`{"minWidth":61}`:                              {false, false},
		`{"maxWidth":59}`:                              {false, true},
		`{"minHeight":50}`:                             {false, true},
		`{"maxHeight":50}`:                             {true, false},
		`{"orientation":"landscape"}`:                  {true, false},
		`{"orientation":"portrait"}`:                   {false, true},
		`{"orientation":"square"}`:                     {false, false},
		`{"format":"png"}`:                             {true, true},
		`{"format":"jpeg"}`:                            {false, false},
		`{"hasAlpha":true}`:                            {false, true},
		`{"hasAlpha":false}`:                           {true, false},
		`{"orientation":"portrait","hasAlpha":false}`:  {false, false},
		`{"maxHeight":60,"format":"png","minWidth":1}`: {true, true},
	} {
		for i, src := range [][]byte{wide, see} {
			result := edit(t, src, `{"version":1,"steps":[{"op":"filter","name":"invert","when":`+when+`}]}`)
			if result.Unchanged == want[i] {
				t.Errorf("%s on picture %d: unchanged is %v", when, i, result.Unchanged)
			}
		}
	}
	result := edit(t, wide,
		`{"version":1,"steps":[{"op":"rotate","angle":90},{"op":"crop","width":10,"height":10,`+
			`"when":{"orientation":"portrait"}}]}`)
	if result.Width != 10 {
		t.Errorf("the condition looked at the file, not at the picture at its step: %d pixels wide", result.Width)
	}
}

func TestAFileThatWouldSaveTooLittleStays(t *testing.T) {
	t.Parallel()
	src := asPNG(t, pattern(200, 150))
	result := edit(t, src, `{"version":1,"steps":[{"op":"noise"}],"output":{"minSavingsPercent":0}}`)
	if !result.Unchanged || !bytes.Equal(result.Data, src) ||
		!slices.Equal(result.Warnings, []string{imaging.WarnSavingsTooSmall}) {
		t.Errorf("a longer file: unchanged %v, %q", result.Unchanged, result.Warnings)
	}
	for percent, stays := range map[int]bool{0: false, 30: false, 99: true} {
		document := fmt.Sprintf(
			`{"version":1,"steps":[{"op":"resize","width":"20%%"}],"output":{"minSavingsPercent":%d}}`, percent)
		if result := edit(t, src, document); result.Unchanged != stays || (result.Width == 200) != stays {
			t.Errorf("%d %%: unchanged %v, %d pixels wide", percent, result.Unchanged, result.Width)
		}
	}
	if result := edit(t, src,
		`{"version":1,"steps":[{"op":"noise"}],"output":{"minSavingsPercent":50,"format":"bmp"}}`); result.Unchanged {
		t.Error("another format is no saving to be looked at")
	}
}

func TestPNGFilesAreMadeFastOrSmall(t *testing.T) {
	t.Parallel()
	src := asPNG(t, veiled(300, 200))
	fast := edit(t, src, `{"version":1,"steps":[{"op":"filter","name":"sepia"}]}`)
	small := edit(t, src, `{"version":1,"steps":[{"op":"filter","name":"sepia"}],"output":{"compression":"small"}}`)
	if len(small.Data) >= len(fast.Data) || furthestApart(fromPNG(t, small.Data), fromPNG(t, fast.Data)) != 0 {
		t.Errorf("fast has %d bytes, small %d", len(fast.Data), len(small.Data))
	}
}

// layout returns the marker of a JPEG file's frame header and the sampling factors of its first channel.
func layout(t *testing.T, file []byte) (marker, sampling byte) {
	t.Helper()
	for s, err := range container.JPEG(file) {
		if err != nil {
			t.Fatal(err)
		}
		if s.IsFrame() {
			return s.Marker, s.Data[7]
		}
	}
	t.Fatal("there is no frame")
	return 0, 0
}

func TestJPEGFilesAreLaidOutAsAskedFor(t *testing.T) {
	t.Parallel()
	src := asJPEG(t, pattern(96, 64), 90)
	for output, c := range map[string]struct {
		marker, sampling byte
		plain            []string // warnings where libjpeg-turbo is not built in
	}{
		``:                            {0xC0, 0x22, nil},
		`"progressive":true`:          {0xC2, 0x22, []string{imaging.WarnProgressiveMissing}},
		`"chromaSubsampling":"4:4:4"`: {0xC0, 0x11, []string{imaging.WarnChromaHalved}},
		`"chromaSubsampling":"4:4:4","progressive":true`: {0xC2, 0x11,
			[]string{imaging.WarnChromaHalved, imaging.WarnProgressiveMissing}},
	} {
		result := edit(t, src, `{"version":1,"steps":[{"op":"resize","width":50}],"output":{`+output+`}}`)
		marker, sampling := layout(t, result.Data)
		if jpegcodec.Turbo {
			c.plain = nil
		} else {
			c.marker, c.sampling = 0xC0, 0x22
		}
		if marker != c.marker || sampling != c.sampling || !slices.Equal(result.Warnings, c.plain) {
			t.Errorf("%s: frame %x, sampling %x, warnings %q", output, marker, sampling, result.Warnings)
		}
		if result := edit(t, src, `{"version":1,"output":{`+output+`}}`); !result.Unchanged {
			t.Errorf("%s: a file with nothing to do was written anew", output)
		}
	}
}

func TestALosslessTurnBecomesProgressiveIfAskedFor(t *testing.T) {
	t.Parallel()
	needTurbo(t)
	src := asJPEG(t, pattern(96, 64), coarse)
	plain := edit(t, src, `{"version":1,"steps":[{"op":"rotate","angle":180}],"output":{"quality":1}}`)
	progressive := edit(t, src,
		`{"version":1,"steps":[{"op":"rotate","angle":180}],"output":{"quality":1,"progressive":true}}`)
	if marker, _ := layout(t, progressive.Data); marker != 0xC2 {
		t.Errorf("the frame is %x", marker)
	}
	if d := furthestApart(toNRGBA(decodeAny(t, plain.Data)), toNRGBA(decodeAny(t, progressive.Data))); d != 0 {
		t.Errorf("it is %d levels apart", d)
	}
}

func TestPartsOfPicturesAreWrittenInEveryFormat(t *testing.T) {
	t.Parallel()
	src := asJPEG(t, pattern(61, 47), 95)
	for _, steps := range []string{`{"op":"crop","x":10,"y":11,"width":20,"height":13}`,
		`{"op":"resize","fit":"cover","width":20,"height":40}`, `{"op":"crop","aspectRatio":"1:3"}`} {
		want := fromPNG(t, edit(t, src, `{"version":1,"steps":[`+steps+`],"output":{"format":"png"}}`).Data)
		for _, format := range recipe.Formats {
			got := edit(t, src, `{"version":1,"steps":[`+steps+`],"output":{"format":"`+string(format)+
				`","quality":95}}`)
			if d := meanDifference(t, decodeAny(t, got.Data), want); d > 9 { // WebP softens colour
				t.Errorf("%s: %s: %.1f levels off", format, steps, d)
			}
		}
	}
}

func TestBMPFilesAreOpaque(t *testing.T) {
	t.Parallel()
	got := edit(t, asPNG(t, plain(40, 40, color.NRGBA{200, 0, 0, 255})),
		`{"version":1,"steps":[{"op":"roundCorners","radius":15}],"output":{"format":"bmp","background":"#0000ff"}}`)
	m := toNRGBA(decodeAny(t, got.Data))
	if m.NRGBAAt(0, 0) != (color.NRGBA{0, 0, 255, 255}) || m.NRGBAAt(20, 20) != (color.NRGBA{200, 0, 0, 255}) ||
		!slices.Equal(got.Warnings, []string{imaging.WarnAlphaFlattened}) {
		t.Errorf("the corner is %v, the middle %v, warnings %q", m.NRGBAAt(0, 0), m.NRGBAAt(20, 20), got.Warnings)
	}
}
