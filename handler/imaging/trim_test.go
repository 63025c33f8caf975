package imaging_test

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// framed returns a picture of one colour with a random one at a place.
func framed(w, h int, background color.Color, inner image.Rectangle) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.NewUniform(background), image.Point{}, draw.Src)
	r := rand.New(rand.NewPCG(1, 2))
	for y := inner.Min.Y; y < inner.Max.Y; y++ {
		for x := inner.Min.X; x < inner.Max.X; x++ {
			m.SetNRGBA(x, y, color.NRGBA{uint8(r.IntN(200)), uint8(r.IntN(200)), uint8(r.IntN(200)), 255})
		}
	}
	return m
}

func TestEdgesOfOneColourAreCutOff(t *testing.T) {
	t.Parallel()
	white, nearlyWhite := color.NRGBA{255, 255, 255, 255}, color.NRGBA{248, 250, 249, 255}
	inner := image.Rect(30, 70, 90, 190)
	m := framed(200, 240, white, inner)
	m.SetNRGBA(199, 3, nearlyWhite)
	veil := framed(200, 240, color.NRGBA{}, inner)
	for name, c := range map[string]struct {
		m    *image.NRGBA
		step string
		want image.Rectangle
	}{
		"as found":          {m, `{"op":"trim"}`, inner},
		"with a colour":     {m, `{"op":"trim","color":"#fffffe"}`, inner},
		"another colour":    {m, `{"op":"trim","color":"#00f"}`, m.Rect},
		"exact":             {m, `{"op":"trim","threshold":0}`, image.Rect(30, 3, 200, 190)},
		"margin":            {m, `{"op":"trim","margin":5}`, inner.Inset(-5)},
		"margin as a share": {m, `{"op":"trim","margin":"10%"}`, inner.Inset(-6)},
		"margin to the end": {m, `{"op":"trim","margin":40}`, image.Rect(0, 30, 130, 230)},
		"equal sides":       {m, `{"op":"trim","equal":"horizontal"}`, image.Rect(30, 70, 170, 190)},
		"equal everywhere":  {m, `{"op":"trim","equal":"both"}`, image.Rect(30, 50, 170, 190)},
		"transparent":       {veil, `{"op":"trim"}`, inner},
		"only one colour":   {framed(9, 5, white, image.Rectangle{}), `{"op":"trim"}`, image.Rect(0, 0, 9, 5)},
		"if it is small":    {m, `{"op":"trim","when":{"maxWidth":199}}`, m.Rect},
		"if it is large":    {m, `{"op":"trim","when":{"minWidth":200}}`, inner},
	} {
		got := edit(t, asPNG(t, c.m), `{"version":1,"steps":[`+c.step+`]}`)
		if got.Width != c.want.Dx() || got.Height != c.want.Dy() {
			t.Errorf("%s: the result is said to be %d × %d, want %v", name, got.Width, got.Height, c.want)
		}
		diff := furthestApart(fromPNG(t, got.Data), fromPNG(t, asPNG(t, c.m.SubImage(c.want).(*image.NRGBA))))
		if diff != 0 {
			t.Errorf("%s: differs by %d", name, diff)
		}
	}
}

func TestWhatFollowsATrimIsFittedToWhatIsLeft(t *testing.T) {
	t.Parallel()
	src := asPNG(t, framed(200, 240, color.White, image.Rect(30, 70, 90, 190)))
	got := edit(
		t, src, `{"version":1,"steps":[{"op":"flip","axis":"horizontal"},{"op":"trim"},{"op":"resize","width":"50%"},
		{"op":"extend","left":"100%"},{"op":"trim","color":"transparent","margin":2},{"op":"rotate","angle":90}],`+
			`"output":{"format":"jpeg"}}`)
	if m := decodeAny(t, got.Data); got.Width != 60 || got.Height != 32 || m.Bounds() != image.Rect(0, 0, 60, 32) {
		t.Errorf("the result is %v, said to be %d × %d", m.Bounds(), got.Width, got.Height)
	}
	for steps, want := range map[string]struct{ field, message string }{
		`{"op":"trim"},{"op":"crop","x":100,"width":9,"height":9}`: {"/steps/1",
			"outside of the picture, which is 60 × 120"},
		`{"op":"trim"},{"op":"crop","x":300,"width":9,"height":9}`: {"/steps/1",
			"outside of the picture, which is 200 × 240"},
		`{"op":"trim"},{"op":"trim"},{"op":"resize","width":16000}`: {"/steps/2",
			"16000 × 19200"},
		`{"op":"trim","margin":1},{"op":"resize","width":10000}`: {"/steps/1",
			"million"},
		`{"op":"trim"},{"op":"trim"},{"op":"resize","height":"1000%"},{"op":"resize","width":8500}`: {"",
			"MB of memory"},
	} {
		_, err := imaging.Edit(context.Background(), src, parse(t, `{"version":1,"steps":[`+steps+`]}`),
			imaging.Options{})
		f := fault.From(err)
		if err == nil || f.Field != want.field || !strings.Contains(f.Message, want.message) {
			t.Errorf("%s: %v at %q", steps, err, f.Field)
		}
	}
}

func TestASmartCropKeepsWhatAttracts(t *testing.T) {
	t.Parallel()
	gray := color.NRGBA{120, 120, 120, 255}
	crop := func(m *image.NRGBA, step string) *image.NRGBA {
		got := edit(t, asPNG(t, m), `{"version":1,"steps":[`+step+`]}`)
		return fromPNG(t, got.Data)
	}
	rough := image.Rect(700, 100, 900, 300) // within the right square of 400 × 400, and of no other
	m := framed(1000, 400, gray, rough)
	got := crop(m, `{"op":"crop","aspectRatio":"1:1","gravity":"smart"}`)
	at := -1
	for x := range 601 {
		if got.NRGBAAt(200, 200) == m.NRGBAAt(x+200, 200) &&
			furthestApart(got, fromPNG(t, asPNG(t, m.SubImage(image.Rect(x, 0, x+400, 400)).(*image.NRGBA)))) == 0 {
			at = x
			break
		}
	}
	if got.Rect.Max != image.Pt(400, 400) || at < 495 || at > 600 {
		t.Errorf("the crop is %v from column %d", got.Rect, at)
	}
	skin := framed(1000, 400, gray, image.Rectangle{})
	draw.Draw(skin, image.Rect(60, 120, 160, 260), image.NewUniform(color.NRGBA{224, 172, 138, 255}), image.Point{},
		draw.Src)
	draw.Draw(skin, image.Rect(760, 120, 860, 260), image.NewUniform(color.NRGBA{172, 224, 138, 255}), image.Point{},
		draw.Src)
	got = crop(skin, `{"op":"resize","fit":"cover","width":400,"height":400,"gravity":"smart"}`)
	if got.NRGBAAt(100, 200) != (color.NRGBA{224, 172, 138, 255}) {
		t.Errorf("a face was cut off for something green")
	}
	even := framed(1000, 400, gray, image.Rectangle{})
	even.SetNRGBA(500, 200, color.NRGBA{121, 120, 120, 255}) // nothing that attracts
	got = crop(even, `{"op":"crop","aspectRatio":"1:1","gravity":"smart"}`)
	found := slices.ContainsFunc([]int{-3, -2, -1, 0, 1, 2, 3}, func(dx int) bool {
		return got.NRGBAAt(200+dx, 200).R == 121
	})
	if got.Rect.Dx() != 400 || !found {
		t.Error("a picture of one colour is not cut about its middle")
	}
}

// What follows a trim is planned before it is known how much goes.
func TestLettersAreRefusedThoughATrimMightLeaveTheTextOut(t *testing.T) {
	t.Parallel()
	src := asPNG(t, framed(200, 240, color.White, image.Rect(30, 70, 90, 190)))
	small := parse(t, `{"version":1,"steps":[{"op":"trim"},{"op":"text","text":"漢","when":{"minWidth":150}}]}`)
	_, err := imaging.Edit(t.Context(), src, small, imaging.Options{})
	if f := fault.From(err); err == nil || f.Kind != fault.Unsupported || f.Field != "/steps/1/text" {
		t.Errorf("got %v", err)
	}
}
