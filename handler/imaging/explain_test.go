package imaging_test

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/imaging/metadata"
)

func explain(t *testing.T, src []byte, steps string) imaging.Explanation {
	t.Helper()
	e, err := imaging.Explain(src, parse(t, `{"version":1,"steps":[`+steps+`]}`), imaging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAPlanIsExplainedAsItIsCarriedOut(t *testing.T) {
	t.Parallel()
	// on its side
	src := withExif(t, asJPEG(t, storedAs(pattern(1792, 1200), 6), 90), orientationExif(binary.BigEndian, 6))
	for steps, want := range map[string]imaging.Way{
		``: imaging.Lossless, `{"op":"flip","axis":"vertical"}`: imaging.Lossless,
		`{"op":"rotate","angle":-90}`:    imaging.Lossless,
		`{"op":"adjust","brightness":1}`: imaging.Recoded, `{"op":"rotate","angle":3}`: imaging.Recoded,
	} {
		if !jpegcodec.Turbo && want == imaging.Lossless {
			continue // the standard library cannot
		}
		if e := explain(t, src, steps); e.How != want {
			t.Errorf("[%s]: %s, want %s", steps, e.How, want)
		}
	}
	upright := asPNG(t, veiled(40, 30))
	if e := explain(t, upright,
		`{"op":"rotate","angle":180},{"op":"flip","axis":"both"}`); e.How != imaging.Unchanged || e.Width != 40 ||
		e.Passes != nil {
		t.Errorf("nothing to do: %+v", e)
	}
	steps := `{"op":"resize","width":600},{"op":"adjust","contrast":5,"saturation":5},{"op":"blur","sigma":2},` +
		`{"op":"extend","left":10}`
	e := explain(t, src, steps)
	var passes []string
	for _, p := range e.Passes {
		passes = append(passes, p.What)
	}
	want := []string{"scale lanczos3", "tone + saturation", "blur 2", "pad"}
	if !slices.Equal(passes, want) || e.Passes[3].Width != 610 || e.Turn != "rotate 90" {
		t.Errorf("passes %q, turn %q", passes, e.Turn)
	}
	decoded := int64(1792 * 1200)
	if e.Codec == "libjpeg-turbo" {
		if decoded /= 4; e.Shrink != 2 {
			t.Errorf("decoded at 1/%d", e.Shrink)
		}
	}
	if rest := int64(e.Height) * (600*3 + 610); e.Pixels != decoded+rest {
		t.Errorf("%d pixels, want %d and %d", e.Pixels, decoded, rest)
	}
	result := edit(t, src, `{"version":1,"steps":[`+steps+`]}`)
	if e.How != imaging.Recoded || e.Width != result.Width || e.Height != result.Height || e.Format != result.Format ||
		e.Memory < int64(e.Width*e.Height*8) || e.Memory > e.Limit {
		t.Errorf("explained as %+v", e)
	}
}

func TestWhatTheOutputAsksForIsExplained(t *testing.T) {
	t.Parallel()
	plain := asPNG(t, pattern(40, 30))
	inP3, _ := metadata.WritePNG(plain, metadata.Blocks{ICC: profileFile(t, "displayp3")})
	inSRGB, _ := metadata.WritePNG(plain, metadata.Blocks{ICC: profileFile(t, "srgb")})
	for name, c := range map[string]struct {
		src    []byte
		output string
		want   imaging.Way
		passes []imaging.Pass
	}{
		"a profile": {inP3, `"colorProfile":"srgb"`, imaging.Recoded,
			[]imaging.Pass{{What: "to sRGB", Width: 40, Height: 30}}},
		"a profile of sRGB": {inSRGB, `"colorProfile":"srgb"`, imaging.Lossless, nil},
		"no profile":        {plain, `"colorProfile":"srgb"`, imaging.Unchanged, nil},
		"a text":            {plain, `"metadata":{"set":{"title":"x"}}`, imaging.Lossless, nil},
		"a palette":         {plain, `"palette":{}`, imaging.Recoded, nil},
	} {
		e, err := imaging.Explain(c.src, parse(t, `{"version":1,"output":{`+c.output+`}}`), imaging.Options{})
		if err != nil || e.How != c.want || !slices.Equal(e.Passes, c.passes) {
			t.Errorf("%s: %s, %v, %v", name, e.How, e.Passes, err)
		}
	}
	odd := withExif(t, asJPEG(t, pattern(61, 45), 90), exifWith(6))
	if e, err := imaging.Explain(odd, parse(t, `{"version":1,"output":{"metadata":{"set":{"title":"x"}}}}`),
		imaging.Options{}); err != nil || e.How != imaging.Lossless {
		t.Errorf("a text in a file that keeps its turn: %s, %v", e.How, err)
	}
}

func TestPlanesAreExplained(t *testing.T) {
	t.Parallel()
	src := asJPEG(t, pattern(160, 120), 90)
	if e := explain(t, src, `{"op":"resize","width":50}`); e.Planes != jpegcodec.Turbo {
		t.Errorf("a resize: planes %v", e.Planes)
	}
	if e := explain(t, src, `{"op":"resize","width":50},{"op":"blur","sigma":1}`); e.Planes {
		t.Error("planes are blurred")
	}
}

func TestWhatCannotBeDoneIsExplainedWithItsFigure(t *testing.T) {
	t.Parallel()
	src := photo(t, "Landscape_1.jpg")
	r := parse(t, `{"version":1,"steps":[{"op":"blur","sigma":9}]}`)
	limits := imaging.Limits{Memory: 10 << 20}
	_, explained := imaging.Explain(src, r, imaging.Options{Limits: limits})
	_, edited := imaging.Edit(context.Background(), src, r, imaging.Options{Limits: limits})
	if !fault.Is(explained, fault.TooLarge) || !strings.Contains(explained.Error(), "at most 10 MB") || edited == nil ||
		explained.Error() != edited.Error() {
		t.Errorf("explained %v, edited %v", explained, edited)
	}
}

func TestWhatSavesTooLittleIsExplainedAsUnchanged(t *testing.T) {
	t.Parallel()
	if !jpegcodec.Turbo {
		t.Skip("libjpeg-turbo is not built in: make test builds it in where it is installed")
	}
	src := asJPEG(t, pattern(64, 48), 90)
	r := parse(t, `{"version":1,"steps":[{"op":"rotate","angle":90}],"output":{"minSavingsPercent":50}}`)
	e, err := imaging.Explain(src, r, imaging.Options{})
	result, editErr := imaging.Edit(context.Background(), src, r, imaging.Options{})
	if err != nil || editErr != nil || e.How != imaging.Unchanged || !result.Unchanged {
		t.Errorf("explained as %s, edited: unchanged %v; %v, %v", e.How, result.Unchanged, err, editErr)
	}
}
