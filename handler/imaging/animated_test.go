package imaging_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/metadata"
)

// walker returns a GIF in which a square walks over a picture that stays, and what is seen.
func walker(t testing.TB, size image.Point, n int) ([]byte, []*image.NRGBA) {
	t.Helper()
	shots := []shot{{m: image.NewNRGBA(image.Rectangle{Max: size}), delay: 10}}
	for i := 0; i < len(shots[0].m.Pix); i += 4 {
		copy(shots[0].m.Pix[i:i+4], row("rgb").Pix[i/4/(size.X/3+1)%3*4:])
	}
	for i := range n {
		square := image.NewNRGBA(image.Rect(0, 0, 4, 4))
		copy(square.Pix, bytes.Repeat(row("grb").Pix[i%3*4:][:4], 16))
		shots = append(shots, shot{at: image.Pt(2*i, i), m: square, delay: 10, dispose: gif.DisposalPrevious})
	}
	src := movingGIF(t, size, 0, shots...)
	return src, seen(t, src)
}

func TestStepsWorkOnEveryFrameAlike(t *testing.T) {
	t.Parallel()
	src, frames := walker(t, image.Pt(40, 30), 5)
	for _, c := range []struct {
		steps string
		most  float64 // levels apart on average; 0 where no colours are added
	}{
		{`{"op":"crop","x":3,"y":2,"width":20,"height":17}`, 0},
		{`{"op":"rotate","angle":90}`, 0},
		{`{"op":"resize","width":80,"kernel":"nearest"}`, 0},
		{`{"op":"redact","regions":[{"x":5,"y":2,"width":20,"height":9}]}`, 0},
		{`{"op":"border","width":3},{"op":"filter","name":"invert"},{"op":"removeColor","color":"#0ff"}`, 0},
		{`{"op":"pixelate","size":5,"sample":"topLeft"}`, 0},
		{`{"op":"crop","width":8,"height":8,"gravity":"east","when":{"format":"gif","maxWidth":40}}`, 0},
		{`{"op":"resize","width":25}`, 3},
		{`{"op":"autoLevels"}`, 0},
		{`{"op":"text","text":"{width}","size":12},{"op":"rotate","angle":12,"background":"#fff"}`, 3},
		{`{"op":"noise","amount":60,"seed":4},{"op":"blur","sigma":1}`, 6},
	} {
		result := edit(t, src, process(c.steps, ``))
		got := seen(t, result.Data)
		if len(got) != len(frames) {
			t.Fatalf("%s: %d frames, want %d", c.steps, len(got), len(frames))
		}
		for i := range frames {
			want := fromPNG(
				t, edit(t, asPNG(t, frames[i]),
					`{"version":1,"steps":[`+strings.Replace(c.steps, `"gif"`, `"png"`, 1)+`]}`).Data)
			if result.Width != want.Rect.Dx() || result.Height != want.Rect.Dy() {
				t.Errorf("%s: %d × %d, want %v", c.steps, result.Width, result.Height, want.Rect.Max)
			} else if d := meanDifference(t, got[i], want); d > c.most {
				t.Errorf("%s: frame %d is %.2f levels apart", c.steps, i, d)
			}
		}
		if reduced := slices.Contains(result.Warnings, imaging.WarnColorsReduced); reduced && c.most == 0 {
			t.Errorf("%s: %q", c.steps, result.Warnings)
		}
	}
}

func TestTheFirstFrameDecidesForAllFrames(t *testing.T) {
	t.Parallel()
	gray := func(left, right uint8) *image.NRGBA {
		m := image.NewNRGBA(image.Rect(0, 0, 64, 32))
		for i := range 64 * 32 {
			v := left
			if i%64 >= 32 {
				v = right
			}
			copy(m.Pix[4*i:4*i+4], []byte{v, v, v, 255})
		}
		return m
	}
	src := movingWebP(t, image.Pt(64, 32), 0, 0, nil, shot{m: gray(50, 200)}, shot{m: gray(100, 150)})
	stretched := seen(t, edit(t, src, process(`{"op":"autoLevels"}`, `"format":"gif"`)).Data)
	for i, want := range [][2]uint8{{0, 255}, {85, 170}} { // (100 - 50)·255/150 and so on
		if m := stretched[i]; m.NRGBAAt(0, 0).R != want[0] || m.NRGBAAt(40, 0).G != want[1] {
			t.Errorf("frame %d has %v and %v, want %v", i, m.NRGBAAt(0, 0), m.NRGBAAt(40, 0), want)
		}
	}
	left, right := gray(90, 90), gray(90, 90)
	for i := range 16 * 32 {
		left.SetNRGBA(i%16, i/16, color.NRGBA{R: uint8(i % 2 * 255), G: uint8(i / 16 % 2 * 255), A: 255})
	}
	copy(right.Pix, mirrored(left).Pix)
	src = movingWebP(t, image.Pt(64, 32), 0, 0, nil, shot{m: left}, shot{m: right})
	cut := seen(
		t, edit(t, src, process(`{"op":"crop","width":32,"height":32,"gravity":"smart"}`, `"format":"gif"`)).Data)
	if a, b := cut[0].NRGBAAt(1, 1), cut[1].NRGBAAt(1, 1); a == b || b != (color.NRGBA{R: 90, G: 90, B: 90, A: 255}) {
		t.Errorf("the cut is not the same: %v and %v", a, b)
	}
	_, err := imaging.Edit(context.Background(), src, parse(t, process(mirror+`,{"op":"trim"}`, ``)), imaging.Options{})
	if f := fault.From(err); f.Kind != fault.Unsupported || f.Field != "/steps/1" {
		t.Errorf("a trim: %v at %q", err, f.Field)
	}
	if first := edit(t, src,
		`{"version":1,"input":{"onAnimated":"first"},"steps":[{"op":"trim","color":"#5a5a5a"}],`+
			`"output":{"format":"png"}}`); first.Width != 16 {
		t.Errorf("the trimmed first frame is %d pixels wide", first.Width)
	}
}

func TestThePlanOfAnAnimationCountsItsFrames(t *testing.T) {
	t.Parallel()
	src, _ := walker(t, image.Pt(40, 30), 5)
	for document, want := range map[string][2]int64{
		process(`{"op":"resize","width":20}`, ``):                                           {6, 6 * (40*30 + 20*15)},
		`{"version":1,"input":{"onAnimated":"first"},"steps":[{"op":"resize","width":20}]}`: {1, 40*30 + 20*15},
	} {
		e, err := imaging.Explain(src, parse(t, document), imaging.Options{})
		if err != nil || int64(e.Frames) != want[0] || e.Pixels != want[1] || e.How != imaging.Recoded {
			t.Errorf("%s: %+v, %v", document, e, err)
		}
	}
	if e, err := imaging.Explain(src, parse(t, process(``, ``)), imaging.Options{}); err != nil ||
		e.How != imaging.Unchanged {
		t.Errorf("nothing to do: %+v, %v", e, err)
	}
	if _, err := imaging.Explain(src, parse(t, `{"version":1}`), imaging.Options{}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("an animation: %v", err)
	}
}

func TestAStepMayBeForAnimationsOnly(t *testing.T) {
	t.Parallel()
	moving, _ := walker(t, image.Pt(40, 30), 2)
	for _, c := range []struct {
		src   []byte
		when  string
		width int
	}{{moving, "true", 20}, {moving, "false", 40}, {asGIF(t, pattern(40, 30)), "true", 40},
		{asGIF(t, pattern(40, 30)), "false", 20}} {
		result := edit(t, c.src, process(`{"op":"resize","width":20,"when":{"animated":`+c.when+`}}`, ``))
		if result.Width != c.width {
			t.Errorf("animated %s: %d pixels wide, want %d", c.when, result.Width, c.width)
		}
	}
}

func TestWhatStaysInAnAnimationIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	src, _ := walker(t, image.Pt(90, 60), 20)
	result := edit(t, src, process(`{"op":"filter","name":"sepia"}`, ``))
	if len(result.Data) > len(src)*3/2 {
		t.Errorf("%d bytes of %d", len(result.Data), len(src))
	}
	g, err := gif.DecodeAll(bytes.NewReader(result.Data))
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range g.Image[1:] {
		if m.Rect.Dx() > 6 || m.Rect.Dy() > 5 {
			t.Errorf("frame %d is written as %v", i+1, m.Rect)
		}
	}
	moved := edit(t, src, process(``, `"format":"webp"`))
	second := place(t, moved.Data, 1)
	for c := range container.WebP(moved.Data) {
		if c.Start >= second && len(c.Data) > 600 {
			t.Errorf("a frame has %d bytes", len(c.Data))
		}
	}
	if len(moved.Warnings) > 0 || moved.Format != imaging.WebP {
		t.Errorf("%s, %q", moved.Format, moved.Warnings)
	}
	// What has changed may start anywhere; WebP counts places in twos.
	var spots []shot
	for i := range 5 {
		spots = append(spots, shot{
			at:      image.Pt(2*i+i%2, 3*i),
			m:       under([]*image.NRGBA{row("rrr"), row("rrr")}),
			delay:   10,
			dispose: byte(i % 4),
		})
	}
	spotted := movingGIF(t, image.Pt(15, 16), 0, spots...)
	for i, m := range composed(t, edit(t, spotted, process(mirror, `"format":"webp"`)).Data) {
		want := mirrored(seen(t, spotted)[i])
		for at := 3; at < len(want.Pix); at += 4 {
			if m.Pix[at] != want.Pix[at] {
				t.Fatalf("frame %d: pixel %d has alpha %d, want %d", i, at/4, m.Pix[at], want.Pix[at])
			}
		}
	}
	// What stays does not flicker where its colours are reduced.
	photo := decodeAny(t, asJPEG(t, pattern(64, 48), 90))
	var shots []shot
	for i := range 3 {
		m := toNRGBA(photo)
		for j := range 40 {
			m.SetNRGBA(10*i+j%8, j/8, color.NRGBA{R: uint8(j * 6), G: uint8(200 - j), A: 255})
		}
		shots = append(shots, shot{m: m, delay: 50})
	}
	still := seen(t, edit(t, movingWebP(t, image.Pt(64, 48), 0, 0, nil, shots...), process(``, `"format":"gif"`)).Data)
	for i, m := range still {
		if d := meanDifference(t, m, shots[i].m); d > 6 {
			t.Errorf("frame %d is %.1f levels apart", i, d)
		}
		samePictures(t, "below", toNRGBA(m.SubImage(image.Rect(0, 6, 64, 48))),
			toNRGBA(still[0].SubImage(image.Rect(0, 6, 64, 48))), 0)
	}
}

func TestTheBestColoursAreThoseOfWhatHasChanged(t *testing.T) {
	t.Parallel()
	before, after := image.NewNRGBA(image.Rect(0, 0, 700, 700)), image.NewNRGBA(image.Rect(0, 0, 700, 700))
	for i := range 700 * 700 {
		before.SetNRGBA(i%700, i/700, color.NRGBA{R: 30, G: 30, B: 30, A: 255})
	}
	copy(after.Pix, before.Pix)
	changed := func(i int) (x, y int, c color.NRGBA) {
		return i % 30 * 23, i / 30 * 53, color.NRGBA{
			R: uint8(i % 30 * 8),
			G: uint8(i / 30 * 19),
			B: uint8(255 - i%256),
			A: 255,
		}
	}
	for i := range 390 {
		x, y, c := changed(i)
		after.SetNRGBA(x, y, c)
	}
	result := edit(t, movingWebP(t, image.Pt(700, 700), 0, 0, nil, shot{m: before}, shot{m: after}),
		process(``, `"format":"gif"`))
	got, off := seen(t, result.Data)[1], 0.
	for i := range 390 {
		x, y, c := changed(i)
		p := got.NRGBAAt(x, y)
		off += (distance(uint32(p.R)*257, uint32(c.R)*257) + distance(uint32(p.G)*257, uint32(c.G)*257) +
			distance(uint32(p.B)*257, uint32(c.B)*257)) / 390 / 3
	}
	if off > 6 || !slices.Equal(result.Warnings, []string{imaging.WarnColorsReduced}) {
		t.Errorf("%.1f levels apart, %q", off, result.Warnings)
	}
}

func TestOnlyTheFirstFrameIsTakenIfAskedFor(t *testing.T) {
	t.Parallel()
	size := image.Pt(12, 8)
	shots := randomShots(rand.New(rand.NewPCG(7, 7)), size, 4)
	shots[0].at, shots[0].m = image.Pt(2, 2), row("rgb.")
	want := image.NewNRGBA(image.Rectangle{Max: size})
	for x := range 4 {
		want.SetNRGBA(2+x, 2, shots[0].m.NRGBAAt(x, 0))
	}
	for name, src := range map[imaging.Format][]byte{imaging.GIF: movingGIF(t, size, 0, shots...),
		imaging.WebP: movingWebP(t, size, 0, 0, nil, shots...)} {
		first := func(rest string) imaging.Result {
			return edit(t, src, `{"version":1,"input":{"onAnimated":"first"}`+rest+`}`)
		}
		kept := first(``)
		info, err := imaging.Inspect(kept.Data, imaging.Limits{})
		if err != nil || info.Animated || info.Format != name || kept.Format != name || kept.Unchanged ||
			info.Width != 12 {
			t.Errorf("%s: %+v, %v, unchanged %v", name, info, err, kept.Unchanged)
		}
		if !slices.Equal(kept.Warnings, []string{imaging.WarnFramesDropped}) {
			t.Errorf("%s: %q", name, kept.Warnings)
		}
		samePictures(t, string(name), fromPNG(t, first(`,"output":{"format":"png"}`).Data), want, 0)
		if jpeg := first(
			`,"steps":[{"op":"resize","width":6}],"output":{"format":"jpeg"}`); jpeg.Format != imaging.JPEG ||
			jpeg.Height != 4 {
			t.Errorf("%s: %s, %d high", name, jpeg.Format, jpeg.Height)
		}
	}
	// It does not matter what is wrong with the others.
	src := movingGIF(t, size, 0, shots...)
	many := imaging.Options{Limits: imaging.Limits{Frames: 1, AnimationPixels: 1}}
	if _, err := imaging.Edit(context.Background(), src, parse(t, `{"version":1,"input":{"onAnimated":"first"}}`),
		many); err != nil {
		t.Error(err)
	}
}

func TestAnAnimationWithNothingToDoIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	src, _ := walker(t, image.Pt(20, 20), 3)
	webp := movingWebP(t, image.Pt(4, 1), 0, 0, nil, shot{m: row("rgbr"), delay: 9}, shot{m: row("bbbb"), delay: 9})
	for name, file := range map[string][]byte{"gif": src, "webp": webp} {
		for _, steps := range []string{``,
			`{"op":"rotate","angle":360},{"op":"flip","axis":"both"},{"op":"rotate","angle":180}`} {
			if result := edit(t, file, process(steps, ``)); !result.Unchanged || !bytes.Equal(result.Data, file) ||
				len(result.Warnings) > 0 {
				t.Errorf("%s, %s: unchanged %v, %q", name, steps, result.Unchanged, result.Warnings)
			}
		}
		if result := edit(t, file,
			process(`{"op":"noise"},{"op":"resize","width":"300%"}`, `"minSavingsPercent":5`)); !result.Unchanged ||
			!slices.Equal(result.Warnings, []string{imaging.WarnSavingsTooSmall}) {
			t.Errorf("%s: longer than before: unchanged %v, %q", name, result.Unchanged, result.Warnings)
		}
		for _, document := range []string{`{"version":1}`, `{"version":1,"input":{"onAnimated":"skip"}}`} {
			_, err := imaging.Edit(context.Background(), file, parse(t, document), imaging.Options{})
			if f := fault.From(err); f.Kind != fault.Unsupported ||
				f.Message != "The picture is animated; only still pictures are edited." {
				t.Errorf("%s, %s: %v", name, document, err)
			}
		}
	}
	// An animation of one frame stays one.
	single := movingWebP(t, image.Pt(4, 1), 3, 0, nil, shot{m: row("rgbr"), delay: 9})
	if times := webpTimes(t, edit(t, single, process(mirror, ``)).Data); !slices.Equal(times, []int{3, 9}) {
		t.Errorf("a single frame: %v", times)
	}
	if result := edit(t, single, process(``, `"format":"gif"`)); len(seen(t, result.Data)) != 1 {
		t.Error("a single frame in GIF")
	}
}

func TestAnimationsHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	src, _ := walker(t, image.Pt(20, 12), 9) // ten frames
	for name, c := range map[string]struct {
		limits  imaging.Limits
		steps   string
		message string
	}{
		"frames": {imaging.Limits{Frames: 9}, ``, "10 frames; at most 9"},
		"pixels": {imaging.Limits{AnimationPixels: 2399}, ``, "10 frames of 20 × 12 pixels"},
		"result": {imaging.Limits{AnimationPixels: 4000}, `{"op":"resize","width":40}`,
			"The result would be 10 frames of 40 × 24"},
		"canvas":        {imaging.Limits{Pixels: 239}, ``, "20 × 12 pixels"},
		"memory":        {imaging.Limits{Memory: 8000}, mirror, "of memory"},
		"just the same": {imaging.Limits{Frames: 10, AnimationPixels: 2400}, mirror, ""},
	} {
		_, err := imaging.Edit(context.Background(), src, parse(t, process(c.steps, ``)),
			imaging.Options{Limits: c.limits})
		if c.message == "" && err != nil || c.message != "" &&
			(!fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), c.message)) {
			t.Errorf("%s: %v, want %q", name, err, c.message)
		}
	}
	// The header is enough: nothing of these pixels is there.
	bomb := movingWebP(t, image.Pt(4, 1), 0, 0, nil, slices.Repeat([]shot{{m: row("r")}}, 401)...)
	if _, err := imaging.Edit(context.Background(), bomb, parse(t, process(``, ``)), imaging.Options{}); !fault.Is(err,
		fault.TooLarge) {
		t.Errorf("401 frames: %v", err)
	}
	copy(bomb[24:], []byte{0xFF, 0x0F, 0, 0xFF, 0x0F, 0}) // 4096 × 4096
	if _, err := imaging.Edit(context.Background(), bomb, parse(t, process(``, ``)),
		imaging.Options{Limits: imaging.Limits{Frames: 1000}}); !fault.Is(err, fault.TooLarge) ||
		!strings.Contains(err.Error(), "100 million") {
		t.Errorf("a large canvas: %v", err)
	}
}

// altered returns a copy of a file with other bytes at a place.
func altered(file []byte, at int, with ...byte) []byte {
	file = bytes.Clone(file)
	copy(file[at:], with)
	return file
}

// place returns where the nth image descriptor of a GIF, or ANMF chunk of a WebP, starts.
func place(t testing.TB, file []byte, n int) int {
	t.Helper()
	for b := range container.GIF(file) {
		if b.Kind == container.Frame {
			if n--; n < 0 {
				return b.Start
			}
		}
	}
	for c := range container.WebP(file) {
		if c.Name == "ANMF" {
			if n--; n < 0 {
				return c.Start
			}
		}
	}
	t.Fatal("there are not so many frames")
	return 0
}

func TestHostileAnimationsAreRefusedInPlainWords(t *testing.T) {
	t.Parallel()
	size := image.Pt(4, 2)
	square := func(colors string) *image.NRGBA { return under([]*image.NRGBA{row(colors), row(colors)}) }
	shots := []shot{{m: square("rrrr")}, {at: image.Pt(2, 0), m: square("gb")}, {m: square("bgrr")}}
	g, w := movingGIF(t, size, 0, shots...), movingWebP(t, size, 0, 0, nil, shots...)
	second, last := place(t, g, 1), place(t, g, 2)
	frame := place(t, w, 1) + 8
	for name, c := range map[string]struct {
		src      []byte
		kind     fault.Kind
		sentence string
	}{
		"outside": {altered(g, second+1, 3), fault.Invalid,
			"frame 2 of the animation does not lie on its canvas"},
		"far outside":     {altered(g, second+1, 0xFF, 0xFF, 0xFF, 0xFF), fault.Invalid, "frame 2"},
		"too wide":        {altered(g, second+5, 0xFF, 0xFF), fault.Invalid, "frame 2"},
		"no size":         {altered(g, last+5, 0, 0), fault.Invalid, "frame 3"},
		"too few pixels":  {altered(g, last+7, 1, 0), fault.Invalid, "damaged"},
		"bad code size":   {altered(g, len(g)-10, bytes.Repeat([]byte{0xFF}, 8)...), fault.Invalid, ""},
		"cut off":         {g[:len(g)-3], fault.Invalid, "cut off"},
		"without its end": {g[:len(g)-1], fault.Invalid, "cut off"},
		"WebP outside":    {altered(w, frame, 2), fault.Invalid, "frame 2"},
		"WebP higher":     {altered(w, frame+9, 200), fault.Invalid, "frame 2"},
		"WebP another":    {altered(w, frame+6, 0), fault.Invalid, "damaged"},
		"WebP no pixels":  {altered(w, frame+16, []byte("VP8?")...), fault.Invalid, "cut off"},
		"WebP broken":     {altered(w, frame+24, 0), fault.Invalid, "damaged"},
		"WebP cut off":    {w[:len(w)-2], fault.Invalid, "cut off"},
		"WebP long chunk": {altered(w, frame+20, 0xFF, 0xFF), fault.Invalid, "cut off"},
		"WebP of none":    {altered(w[:30+14], 4, 36, 0), fault.Invalid, "cut off"},
		"WebP short head": {altered(w, 16, 2), fault.Invalid, ""},
		"APNG": {withChunk(asPNG(t, square("rgb.")), "acTL", []byte{0, 0, 0, 3, 0, 0, 0, 0}),
			fault.Unsupported, "animated PNG"},
		"GIF of nothing":   {append([]byte("GIF89a"), 0, 0, 0, 0, 0, 0, 0, 0x3B), fault.Invalid, ""},
		"GIF of no canvas": {altered(g, 6, 0, 0), fault.Invalid, "no pixels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := imaging.Edit(context.Background(), c.src, parse(t, process(mirror, ``)), imaging.Options{})
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != c.kind || !strings.Contains(f.Message, c.sentence) {
				t.Errorf("Edit = %v, want %s with %q", err, c.kind, c.sentence)
			}
		})
	}
}

func TestNoCutAnimationIsHalfEdited(t *testing.T) {
	t.Parallel()
	g, _ := walker(t, image.Pt(12, 10), 3)
	w := movingWebP(t, image.Pt(4, 1), 0, 0, nil, shot{m: row("rgbr"), delay: 9}, shot{m: row("bbbb"), delay: 9})
	for name, src := range map[string][]byte{"gif": g, "webp": w} {
		for n := range src {
			if _, err := imaging.Edit(context.Background(), src[:n], parse(t, process(mirror, ``)),
				imaging.Options{}); err == nil {
				t.Fatalf("%s: the first %d of %d bytes were edited", name, n, len(src))
			}
		}
	}
}

func TestAnAnimationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	src, _ := walker(t, image.Pt(50, 30), 20)
	looks := 0
	for ; looks < 5000; looks++ {
		ctx := &stopping{Context: context.Background(), left: looks}
		_, err := imaging.Edit(ctx, src, parse(t, process(mirror, ``)), imaging.Options{})
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Edit with a context that ends after %d looks = %v", looks, err)
		}
	}
	if looks < 21*2 || looks == 5000 {
		t.Errorf("the edit looks at its context %d times", looks)
	}
}

func TestAnAnimationKeepsItsMetadata(t *testing.T) {
	t.Parallel()
	b := described(t)
	extra := container.AppendWebP(container.AppendWebP(nil, "EXIF", b.Exif), "XMP ", b.XMP)
	src := movingWebP(t, image.Pt(60, 40), 0, 0, container.AppendWebP(extra, "ICCP", b.ICC),
		shot{m: pattern(60, 40), delay: 40}, shot{at: image.Pt(20, 20), m: pattern(30, 10), delay: 50})
	result := edit(t, src, process(``, `"quality":100`)) // a quarter turn, as the EXIF asks
	got := metadata.Read("webp", result.Data)
	if metadata.Orientation(got.Exif) != 1 || len(got.XMP) == 0 || !bytes.Equal(got.ICC, b.ICC) || result.Width != 40 ||
		result.Height != 60 {
		t.Errorf("%d × %d, %+v", result.Width, result.Height, got)
	}
	about, err := imaging.Describe(result.Data, imaging.Limits{})
	if err != nil || !about.Animated || about.Frames != 2 || about.Width != 40 || about.Creator == "" {
		t.Errorf("%+v, %v", about, err)
	}
	upright := fromPNG(t, edit(t, asPNG(t, pattern(60, 40)), `{"version":1,"steps":[{"op":"rotate","angle":90}]}`).Data)
	if d := meanDifference(t, composed(t, result.Data)[0], upright); d > 4 {
		t.Errorf("the first frame is %.1f levels apart", d)
	}
	none := metadata.Read("webp", edit(t, src, process(``, `"metadata":{"mode":"none"}`)).Data)
	if !none.IsEmpty() || len(none.ICC) == 0 {
		t.Errorf("without metadata: %+v", none)
	}
	moved := edit(t, src, process(``, `"format":"gif"`))
	if !slices.Equal(moved.Warnings,
		[]string{imaging.WarnColorsReduced, imaging.WarnMetadataDropped, imaging.WarnProfileDropped}) {
		t.Errorf("as GIF: %q", moved.Warnings)
	}
}

func TestAnAnimationIsMadeAsShortAsAskedFor(t *testing.T) {
	t.Parallel()
	var shots []shot
	for i := range 4 {
		shots = append(shots, shot{m: pattern(96, 64), delay: 40})
		for j := range 96 * 64 {
			shots[i].m.Pix[4*j+2] = uint8(j*i + j*j%(5+i))
		}
	}
	src := movingWebP(t, image.Pt(96, 64), 0, 0, nil, shots...)
	free := edit(t, src, process(mirror, ``))
	most := len(free.Data) * 7 / 10
	short := edit(t, src, process(mirror, fmt.Sprintf(`"maxBytes":%d,"minQuality":5`, most)))
	if len(short.Data) > most || !slices.Equal(short.Warnings, []string{imaging.WarnQualityReduced}) ||
		len(webpTimes(t, short.Data)) != 5 {
		t.Errorf("%d bytes where %d are allowed, %q", len(short.Data), most, short.Warnings)
	}
	_, err := imaging.Edit(context.Background(), src, parse(t, process(mirror, `"format":"gif","maxBytes":500`)),
		imaging.Options{})
	if f := fault.From(err); f.Kind != fault.TooLarge || f.Field != "/output/maxBytes" {
		t.Errorf("gif: %v", err)
	}
}

func FuzzAnimation(f *testing.F) {
	g, _ := walker(f, image.Pt(12, 10), 3)
	f.Add(g)
	f.Add(movingGIF(f, image.Pt(12, 9), 2, randomShots(rand.New(rand.NewPCG(1, 1)), image.Pt(12, 9), 5)...))
	shots := randomShots(rand.New(rand.NewPCG(2, 1)), image.Pt(12, 8), 5)
	for i := range shots {
		shots[i].dispose %= 2
	}
	f.Add(movingWebP(f, image.Pt(12, 8), 2, 0, nil, shots...))
	process, first := parse(f, process(`{"op":"resize","width":9},{"op":"rotate","angle":90}`, ``)),
		parse(f, `{"version":1,"input":{"onAnimated":"first"}}`)
	limits := tight()
	limits.Frames, limits.AnimationPixels = 20, 250_000
	f.Fuzz(func(t *testing.T, src []byte) {
		_, err := imaging.Edit(context.Background(), src, first, imaging.Options{Limits: limits})
		if !isExpected(err) {
			t.Fatalf("the first frame: %v", err)
		}
		result, err := imaging.Edit(context.Background(), src, process, imaging.Options{Limits: limits})
		if !isExpected(err) {
			t.Fatalf("all frames: %v", err)
		}
		if err != nil {
			return
		}
		about, err := imaging.Describe(result.Data, imaging.Limits{})
		if err != nil || about.Width != result.Width || about.Height != result.Height ||
			about.Format != result.Format || about.Animated != result.Before.Animated && about.Format != imaging.GIF {
			t.Fatalf("the result is %+v, %v; Edit says %s %d×%d", about.Info, err, result.Format, result.Width,
				result.Height)
		}
		if about.Frames != result.Before.Frames {
			t.Fatalf("%d frames became %d", result.Before.Frames, about.Frames)
		}
	})
}
