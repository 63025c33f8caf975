package imaging_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"slices"
	"testing"

	"imagepro/handler/imaging"
	"imagepro/handler/imaging/jpegcodec"
)

func needTurbo(t *testing.T) {
	t.Helper()
	if !jpegcodec.Turbo {
		t.Skip("libjpeg-turbo is not built in: make test builds it in where it is installed")
	}
}

// A quality at which coding a picture again would be seen.
const coarse = 40

func TestTurningAndCuttingJPEGChangesNoLevel(t *testing.T) {
	t.Parallel()
	needTurbo(t)
	whole := toNRGBA(decodeAny(t, asJPEG(t, pattern(96, 64), coarse)))
	src := asJPEG(t, pattern(96, 64), coarse)
	for name, c := range map[string]struct {
		steps string
		turns []string // that bring the result back
	}{
		"quarter":    {`{"op":"rotate","angle":90}`, []string{`{"op":"rotate","angle":270}`}},
		"half":       {`{"op":"rotate","angle":180}`, []string{`{"op":"rotate","angle":180}`}},
		"horizontal": {`{"op":"flip","axis":"horizontal"}`, []string{`{"op":"flip","axis":"horizontal"}`}},
		"vertical":   {`{"op":"flip","axis":"vertical"}`, []string{`{"op":"flip","axis":"vertical"}`}},
		"transverse": {`{"op":"rotate","angle":90},{"op":"flip","axis":"horizontal"}`,
			[]string{`{"op":"flip","axis":"horizontal"}`, `{"op":"rotate","angle":-90}`}},
	} {
		result := edit(t, src, `{"version":1,"steps":[`+c.steps+`],"output":{"quality":1}}`)
		decoded := toNRGBA(decodeAny(t, edit(t, asPNG(t, whole), `{"version":1,"steps":[`+c.steps+`]}`).Data))
		// the inverse transform rounds otherwise when it is turned
		if d := furthestApart(toNRGBA(decodeAny(t, result.Data)), decoded); d > 4 {
			t.Errorf("%s: %d levels from the turned picture", name, d)
		}
		for _, back := range c.turns {
			result = edit(t, result.Data, `{"version":1,"steps":[`+back+`]}`)
		}
		if d := furthestApart(toNRGBA(decodeAny(t, result.Data)), whole); d > 0 {
			t.Errorf("%s and back: %d levels apart", name, d)
		}
	}
	cut := edit(
		t, src, `{"version":1,"steps":[{"op":"crop","x":16,"y":32,"width":37,"height":21}],"output":{"quality":1}}`)
	same := toNRGBA(whole.SubImage(whole.Rect.Intersect(image.Rect(16, 32, 53, 53))))
	if d := furthestApart(toNRGBA(decodeAny(t, cut.Data)), same); d > 0 {
		t.Errorf("the part is %d levels apart", d)
	}
	between := edit(t, src,
		`{"version":1,"steps":[{"op":"crop","x":17,"y":32,"width":37,"height":21}],"output":{"quality":1}}`)
	if between.Width != 37 || between.Height != 21 || len(between.Data) >= len(cut.Data) {
		t.Error("a part between blocks was not coded again")
	}
}

func TestTurningUprightAloneNeverCostsQuality(t *testing.T) {
	t.Parallel()
	needTurbo(t)
	for orientation := 2; orientation <= 8; orientation++ {
		src := withExif(t, asJPEG(t, storedAs(pattern(64, 48), orientation), coarse),
			orientationExif(binary.BigEndian, orientation))
		result := edit(t, src, `{"version":1}`)
		if result.Unchanged || result.Width != 64 || result.Height != 48 || len(result.Warnings) > 0 {
			t.Errorf("orientation %d: unchanged %v, %d×%d, %q", orientation, result.Unchanged, result.Width,
				result.Height, result.Warnings)
		}
		info, err := imaging.Inspect(result.Data, imaging.Limits{})
		if err != nil || info.Orientation != 1 || info.StoredWidth != 64 {
			t.Errorf("orientation %d: %+v, %v", orientation, info, err)
		}
		if d := meanDifference(t, decodeAny(t, asJPEG(t, pattern(64, 48), coarse)), decodeAny(t, result.Data)); d > 6 {
			t.Errorf("orientation %d: %.1f levels apart", orientation, d)
		}
	}
	// An incomplete block would come to the front: the file stays, and its tag.
	src := withExif(t, asJPEG(t, pattern(61, 45), coarse), orientationExif(binary.BigEndian, 3))
	result := edit(t, src, `{"version":1}`)
	if !result.Unchanged || !bytes.Equal(result.Data, src) ||
		!slices.Equal(result.Warnings, []string{imaging.WarnOrientationKept}) {
		t.Errorf("unchanged %v, %q", result.Unchanged, result.Warnings)
	}
	for name, document := range map[string]string{
		"a step":     `{"version":1,"steps":[{"op":"flip","axis":"horizontal"}]}`,
		"metadata":   `{"version":1,"output":{"metadata":{"mode":"none"}}}`,
		"max bytes":  fmt.Sprintf(`{"version":1,"output":{"maxBytes":%d,"minQuality":1}}`, len(src)-1),
		"the format": `{"version":1,"output":{"format":"png"}}`,
	} {
		if result := edit(t, src, document); result.Unchanged ||
			slices.Contains(result.Warnings, imaging.WarnOrientationKept) {
			t.Errorf("with %s it was kept: %q", name, result.Warnings)
		}
	}
}

func TestWhatIsCutOffIsNotTurnedLosslessly(t *testing.T) {
	t.Parallel()
	src := asJPEG(t, pattern(96, 64), 90)
	for _, n := range []int{len(src) / 2, len(src) - 40} {
		if _, err := imaging.Edit(context.Background(), src[:n],
			parse(t, `{"version":1,"steps":[{"op":"rotate","angle":90}]}`), imaging.Options{}); !isExpected(err) ||
			err == nil {
			t.Errorf("%d of %d bytes: %v", n, len(src), err)
		}
	}
}
