package imaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"imagepro/handler/dev/photos"
	"imagepro/handler/fault"
	"imagepro/handler/imaging/container"
	"imagepro/handler/recipe"
)

// photoOnce returns a photograph of 0.3 megapixels that is drawn once.
var photoOnce = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "image-pro-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if _, err := photos.Draw(folder, photos.Options{Count: 1, MinMegapixels: 0.3, MaxMegapixels: 0.3}); err != nil {
		return nil, err
	}
	found, err := filepath.Glob(filepath.Join(folder, "*.[jJ]*"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("no photograph was drawn: %w", err)
	}
	return os.ReadFile(found[0])
})

func drawnPhoto(t testing.TB) []byte {
	t.Helper()
	file, err := photoOnce()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// editSpoiled edits with an encoder that is broken in some way.
func editSpoiled(t *testing.T, src []byte, document string, spoil func([]byte) []byte) (Result, error) {
	t.Helper()
	r, err := recipe.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return Edit(context.Background(), src, r, Options{spoil: spoil})
}

// again decodes a still result, changes its pixels and encodes it in the same format at a quality.
func again(t *testing.T, file []byte, quality int, change func(m *image.NRGBA) *image.NRGBA) []byte {
	t.Helper()
	info, err := Inspect(file, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	info.turbo = false
	p := &plan{info: info, denominator: 1, warnings: warnings{}, format: info.Format}
	m, err := p.run(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	m = change(copied(m))
	w := &writer{plan: p, output: recipe.Output{Quality: quality}}
	var pixels image.Image = m
	if info.Format == GIF || info.Format == PNG && info.Palette {
		indexed := image.NewPaletted(m.Rect, append(palette.WebSafe, color.Transparent))
		draw.Draw(indexed, m.Rect, m, image.Point{}, draw.Src)
		if exact := withColors(m, nil, mostColors); exact != nil {
			indexed = exact
		}
		pixels = indexed
	}
	to := unended{ctx: context.Background()}
	if err := w.encode(&to, pixels, quality); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

// eachPixel changes every pixel.
func eachPixel(change func(p []byte)) func(*image.NRGBA) *image.NRGBA {
	return func(m *image.NRGBA) *image.NRGBA {
		for i := 0; i+3 < len(m.Pix); i += 4 {
			change(m.Pix[i : i+4])
		}
		return m
	}
}

// shiftedBy moves the picture; what comes in is its edge.
func shiftedBy(by int) func(*image.NRGBA) *image.NRGBA {
	return func(m *image.NRGBA) *image.NRGBA {
		to := image.NewNRGBA(m.Rect)
		for y := range m.Rect.Max.Y {
			for x := range m.Rect.Max.X {
				to.SetNRGBA(x, y, m.NRGBAAt(max(x-by, 0), y))
			}
		}
		return to
	}
}

// breaks are the ways in which pixels come out wrong.
var breaks = map[string]func(*image.NRGBA) *image.NRGBA{
	"a row too few": func(m *image.NRGBA) *image.NRGBA {
		return view(m, image.Rect(0, 0, m.Rect.Max.X, m.Rect.Max.Y-1))
	},
	"a column more": func(m *image.NRGBA) *image.NRGBA {
		to := image.NewNRGBA(image.Rect(0, 0, m.Rect.Max.X+1, m.Rect.Max.Y))
		draw.Draw(to, m.Rect, m, image.Point{}, draw.Src)
		return to
	},
	"turned": func(m *image.NRGBA) *image.NRGBA {
		out, _ := convert(context.Background(), m, m.Rect.Max, turnOf(6))
		return out
	},
	"mirrored": func(m *image.NRGBA) *image.NRGBA {
		out, _ := convert(context.Background(), m, m.Rect.Max, turnOf(2))
		return out
	},
	"upside down": func(m *image.NRGBA) *image.NRGBA {
		out, _ := convert(context.Background(), m, m.Rect.Max, turnOf(4))
		return out
	},
	"a negative":     eachPixel(func(p []byte) { p[0], p[1], p[2] = ^p[0], ^p[1], ^p[2] }),
	"red and blue":   eachPixel(func(p []byte) { p[0], p[2] = p[2], p[0] }),
	"red and green":  eachPixel(func(p []byte) { p[0], p[1] = p[1], p[0] }),
	"without colour": eachPixel(func(p []byte) { p[0], p[2] = p[1], p[1] }),
	"darker":         eachPixel(func(p []byte) { p[0], p[1], p[2] = p[0]/2, p[1]/2, p[2]/2 }),
	"black":          eachPixel(func(p []byte) { p[0], p[1], p[2] = 0, 0, 0 }),
	"the lower half gray": func(m *image.NRGBA) *image.NRGBA {
		for i := len(m.Pix) / 8 * 4; i+3 < len(m.Pix); i += 4 {
			m.Pix[i], m.Pix[i+1], m.Pix[i+2] = 128, 128, 128
		}
		return m
	},
	"a band lost": func(m *image.NRGBA) *image.NRGBA {
		from := m.Rect.Max.Y / 2
		for y := from; y < min(from+rowsAtOnce, m.Rect.Max.Y); y++ {
			copy(m.Pix[y*m.Stride:][:m.Stride], m.Pix[:m.Stride])
		}
		return m
	},
	"shifted by 8": shiftedBy(8),
}

// A result that is not what was meant is an internal fault, whatever is wrong with it, and is not returned.
func TestABrokenEncoderIsCaught(t *testing.T) {
	t.Parallel()
	photo := drawnPhoto(t)
	for name, c := range map[string]struct {
		document string
		quality  int
		alpha    bool
	}{
		"planes, small": {`{"version":1,"steps":[{"op":"resize","width":300}],"output":{"quality":80}}`, 80, false},
		"planes":        {`{"version":1,"steps":[{"op":"resize","width":600}],"output":{"quality":80}}`, 80, false},
		"JPEG": {`{"version":1,"steps":[{"op":"adjust","saturation":5}],"output":{"quality":90}}`, 90,
			false},
		"JPEG, small": {
			`{"version":1,"steps":[{"op":"resize","width":200},{"op":"adjust","saturation":5}],` +
				`"output":{"quality":85}}`, 85, false},
		"JPEG, full": {
			`{"version":1,"steps":[{"op":"adjust","saturation":5}],"output":{"quality":95,` +
				`"chromaSubsampling":"4:4:4","progressive":true}}`, 95, false},
		"JPEG, coarse": {`{"version":1,"steps":[{"op":"adjust","saturation":5}],"output":{"quality":20}}`, 20,
			false},
		"PNG":        {`{"version":1,"output":{"format":"png"}}`, 0, false},
		"PNG of few": {`{"version":1,"output":{"format":"png","palette":{"colors":32}}}`, 0, false},
		"PNG, transparent": {`{"version":1,"steps":[{"op":"roundCorners","radius":60}],"output":{"format":"png"}}`, 0,
			true},
		"GIF":          {`{"version":1,"output":{"format":"gif"}}`, 0, false},
		"WebP":         {`{"version":1,"output":{"format":"webp","quality":80}}`, 80, false},
		"WebP, coarse": {`{"version":1,"output":{"format":"webp","quality":30}}`, 30, false},
		"WebP, with alpha": {
			`{"version":1,"steps":[{"op":"roundCorners","radius":60}],"output":{"format":"webp","quality":80}}`, 80,
			true},
		"TIFF": {`{"version":1,"output":{"format":"tiff"}}`, 0, false},
		"BMP":  {`{"version":1,"output":{"format":"bmp"}}`, 0, false},
		"as short as": {
			`{"version":1,"steps":[{"op":"adjust","saturation":5}],"output":{"maxBytes":40000,"minQuality":1}}`, 40,
			false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, wantCaught := verifierOf(t, photo, c.document)
			tries := map[string][]byte{
				"cut off":            whole.Data[:len(whole.Data)*2/3],
				"without its end":    whole.Data[:len(whole.Data)-20],
				"nothing":            nil,
				"another file":       []byte("not a picture"),
				"without its pixels": whole.Data[:40],
			}
			for what, change := range breaks {
				tries[what] = again(t, whole.Data, max(c.quality, 1), change)
			}
			if c.alpha {
				tries["opaque"] = again(t, whole.Data, max(c.quality, 1), eachPixel(func(p []byte) { p[3] = 255 }))
				tries["alpha inverted"] = again(t, whole.Data, max(c.quality, 1),
					eachPixel(func(p []byte) { p[3] = ^p[3] }))
			}
			if c.quality == 0 {
				tries["shifted by 1"] = again(t, whole.Data, 1, shiftedBy(1))
				tries["a level off"] = again(t, whole.Data, 1, eachPixel(func(p []byte) { p[1] ^= 1 }))
			}
			for what, file := range tries {
				wantCaught(what, file)
			}
		})
	}
}

// verifierOf edits and returns the result with what verifies it: a try costs no edit of its own.
func verifierOf(t *testing.T, src []byte, document string) (Result, func(what string, file []byte)) {
	t.Helper()
	r, err := recipe.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	w, _, err := newWriter(src, r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, ok := w.undecoded(r)
	if !ok {
		if result, err = w.recoded(context.Background(), r, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.verified(context.Background(), result.Data); err != nil || result.Unchanged {
		t.Fatalf("what is right is refused: %v, unchanged %v", err, result.Unchanged)
	}
	spoiled, err := editSpoiled(t, src, document, func(file []byte) []byte { return file[:len(file)/2] })
	wantInternal(t, "half of it, edited as a whole", err)
	if len(spoiled.Data) > 0 || spoiled.Verified {
		t.Error("half a result is returned")
	}
	return result, func(what string, file []byte) {
		t.Helper()
		wantInternal(t, what, w.verified(context.Background(), file))
	}
}

func wantInternal(t *testing.T, what string, err error) {
	t.Helper()
	switch cause := errors.Unwrap(err); {
	case !fault.Is(err, fault.Internal):
		t.Errorf("%s is not caught: %v", what, err)
	case cause == nil || !strings.HasPrefix(cause.Error(), "verify ") ||
		!strings.Contains(fault.From(err).Message, "not saved"):
		t.Errorf("%s: %v does not say what differed", what, err)
	}
}

// A picture that is only shown is not verified: it need not pay for that.
func TestAPreviewIsNotVerified(t *testing.T) {
	t.Parallel()
	r, err := recipe.Parse([]byte(`{"version":1,"steps":[{"op":"resize","width":300}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []Purpose{ToPreview, ToShow} {
		result, err := Edit(context.Background(), drawnPhoto(t), r,
			Options{For: to, spoil: func([]byte) []byte { return []byte("x") }})
		if err != nil || result.Verified || string(result.Data) != "x" {
			t.Errorf("%d: %v, verified %v", to, err, result.Verified)
		}
	}
}

func TestBlocksThatWereMovedWronglyAreCaught(t *testing.T) {
	t.Parallel()
	decoded, err := jpeg.Decode(bytes.NewReader(drawnPhoto(t)))
	if err != nil {
		t.Fatal(err)
	}
	part := image.NewNRGBA(image.Rect(0, 0, 320, 240))
	draw.Draw(part, part.Rect, decoded, image.Pt(40, 40), draw.Src)
	var src bytes.Buffer
	if err := jpeg.Encode(&src, part, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]string{
		"turned": `{"version":1,"steps":[{"op":"rotate","angle":90}]}`,
		"cut":    `{"version":1,"steps":[{"op":"crop","x":32,"y":16,"width":201,"height":150}]}`,
		"both": `{"version":1,"steps":[{"op":"flip","axis":"both"},{"op":"crop","x":64,"y":16,"width":100,` +
			`"height":61}]}`,
		"a strip": `{"version":1,"steps":[{"op":"crop","x":32,"y":16,"width":201,"height":9}]}`,
	} {
		r, err := recipe.Parse([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		e, err := Explain(src.Bytes(), r, Options{})
		if err != nil || e.How != Lossless {
			t.Skipf("%s: libjpeg-turbo is not built in: %s, %v", name, e.How, err)
		}
		whole, wantCaught := verifierOf(t, src.Bytes(), document)
		for what, change := range breaks {
			if name == "a strip" && (what == "the lower half gray" || what == "upside down" || what == "a band lost") {
				continue // of nine rows a mean of squares tells little
			}
			wantCaught(name+", "+what, again(t, whole.Data, 90, change))
		}
		wantCaught(name+", cut off", whole.Data[:len(whole.Data)/2])
		wantCaught(name+", not at all", src.Bytes())
	}
}

// asFile encodes a picture in a format.
func asFile(t *testing.T, format Format, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	w := &writer{plan: &plan{format: format, warnings: warnings{}}, output: recipe.Output{Quality: 80}}
	to := unended{ctx: context.Background()}
	if err := w.encode(&to, m, 80); err != nil {
		t.Fatal(err)
	}
	b.Write(to.Bytes())
	return b.Bytes()
}

// Around a coded picture nothing may change in it, not by a byte.
func TestACodedPictureThatIsNotTheSameIsCaught(t *testing.T) {
	t.Parallel()
	m := noise(64, 48, 3)
	few := image.NewPaletted(m.Rect, palette.Plan9)
	draw.Draw(few, m.Rect, m, image.Point{}, draw.Src)
	var sheer bytes.Buffer
	if err := png.Encode(&sheer, few); err != nil {
		t.Fatal(err)
	}
	const titled = `{"version":1,"output":{"metadata":{"set":{"title":"x"}}}}`
	for name, src := range map[string][]byte{
		"jpeg": asFile(t, JPEG, m), "png": asFile(t, PNG, m), "png of few": sheer.Bytes(), "webp": asFile(t, WebP, m),
		"tiff": asFile(t, TIFF, m),
	} {
		whole, wantCaught := verifierOf(t, src, titled)
		parts, err := codedParts(whole.Format, whole.Data)
		if err != nil || len(parts) == 0 {
			t.Fatalf("%s: %d parts, %v", name, len(parts), err)
		}
		for i, part := range parts {
			for _, at := range []int{0, len(part.data) / 2, len(part.data) - 1} {
				where := bytes.Index(whole.Data, part.data)
				if len(part.data) == 0 || where < 0 || strings.HasPrefix(part.name, "tag") {
					continue
				}
				file := bytes.Clone(whole.Data)
				file[where+at] ^= 1
				wantCaught(fmt.Sprintf("%s: byte %d of part %d, %s", name, at, i, part.name), file)
			}
		}
		wantCaught(name+": cut off", whole.Data[:len(whole.Data)-30])
		wantCaught(name+": coded again", again(t, whole.Data, 70, eachPixel(func(p []byte) { p[0] ^= 8 })))
	}
	turned := asFile(t, JPEG, m)
	_, wantCaught := verifierOf(t, turned, titled)
	tag := append([]byte{0xFF, container.SOI, 0xFF, container.APP1, 0, 34},
		"Exif\x00\x00MM\x00*\x00\x00\x00\x08"+
			"\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"...)
	wantCaught("a tag that turns it", append(tag, turned[2:]...))
}

// moving returns a film of some frames that differ, with different delays.
func moving(t *testing.T) []byte {
	t.Helper()
	g := gif.GIF{LoopCount: 2}
	for i := range 4 {
		p := image.NewPaletted(image.Rect(0, 0, 90, 60), palette.WebSafe)
		for at := range p.Pix {
			p.Pix[at] = uint8((at*(i+3) + at/90*7) % 200)
		}
		g.Image, g.Delay, g.Disposal = append(g.Image, p), append(g.Delay, 7+5*i), append(g.Disposal, gif.DisposalNone)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnAnimationThatIsNotWhatWasMeantIsCaught(t *testing.T) {
	t.Parallel()
	src := moving(t)
	const resized = `{"version":1,"input":{"onAnimated":"process"},"steps":[{"op":"resize","width":45}],"output":{`
	for name, output := range map[string]string{"GIF": `"format":"gif"}}`, "WebP": `"format":"webp","quality":80}}`,
		"a few colours": `"palette":{"colors":8}}}`} {
		document := resized + output
		whole, wantCaught := verifierOf(t, src, document)
		for what, file := range remade(t, whole) {
			wantCaught(name+": "+what, file)
		}
		wantCaught(name+": cut off", whole.Data[:len(whole.Data)*2/3])
		other, err := editSpoiled(t, src,
			strings.Replace(document, `"width":45}`, `"width":45},{"op":"filter","name":"invert"}`, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantCaught(name+": a negative", other.Data)
		other, err = editSpoiled(t, src, strings.Replace(document, `"width":45`, `"width":46`, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantCaught(name+": another size", other.Data)
		other, err = editSpoiled(t, src, strings.Replace(document, `"output":{`, `"output":{"loop":9,`, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantCaught(name+": shown more often", other.Data)
	}
}

// remade returns a film with frames lost, in another order and with other delays.
func remade(t *testing.T, of Result) map[string][]byte {
	t.Helper()
	if of.Format == WebP {
		return remadeWebP(t, of.Data)
	}
	g, err := gif.DecodeAll(bytes.NewReader(of.Data))
	if err != nil {
		t.Fatal(err)
	}
	last := len(g.Image) - 1
	all := map[string][]byte{}
	put := func(what string, change func(g *gif.GIF)) {
		other := *g
		other.Image, other.Delay, other.Disposal = append([]*image.Paletted{}, g.Image...), append([]int{}, g.Delay...),
			append([]byte{}, g.Disposal...)
		change(&other)
		var b bytes.Buffer
		if err := gif.EncodeAll(&b, &other); err != nil {
			t.Fatal(err)
		}
		all[what] = b.Bytes()
	}
	put("without the last frame", func(g *gif.GIF) {
		g.Image, g.Delay, g.Disposal = g.Image[:last], g.Delay[:last], g.Disposal[:last]
	})
	put("a frame twice", func(g *gif.GIF) { g.Image[last] = g.Image[last-1] })
	put("the first frames swapped", func(g *gif.GIF) { g.Image[0], g.Image[1] = g.Image[1], g.Image[0] })
	put("another delay", func(g *gif.GIF) { g.Delay[1]++ })
	put("no delays", func(g *gif.GIF) { clear(g.Delay) })
	return all
}

func remadeWebP(t *testing.T, file []byte) map[string][]byte {
	t.Helper()
	var head []byte
	var frames [][]byte
	for c, err := range container.WebP(file) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Name == "ANMF" {
			frames = append(frames, bytes.Clone(file[c.Start:c.End]))
		} else {
			head = append(head, file[c.Start:c.End]...)
		}
	}
	last := len(frames) - 1
	all := map[string][]byte{}
	put := func(what string, frames ...[]byte) { all[what] = container.RIFF(head, bytes.Join(frames, nil)) }
	put("without the last frame", frames[:last]...)
	put("a frame twice", append(append([][]byte{}, frames[:last]...), frames[last-1])...)
	put("the first frames swapped", append([][]byte{frames[1], frames[0]}, frames[2:]...)...)
	delayed := bytes.Clone(frames[1])
	delayed[8+12]++
	put("another delay", append([][]byte{frames[0], delayed}, frames[2:]...)...)
	return all
}
