package imaging_test

import (
	"bytes"

	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"math/rand/v2"
	"slices"

	"testing"

	"github.com/deepteams/webp/animation"
	"github.com/google/go-cmp/cmp"

	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
)

// process is a recipe with steps for every frame; output is the rest of it.
func process(steps, output string) string {
	return `{"version":1,"input":{"onAnimated":"process"},"steps":[` + steps + `],"output":{` + output + `}}`
}

const mirror = `{"op":"flip","axis":"horizontal"}`

// shot is a frame of an animation in a test.
type shot struct {
	at      image.Point
	m       *image.NRGBA
	delay   int // as the format counts
	dispose byte
	blend   bool // WebP
}

// movingGIF returns a GIF with a colour table for each second frame and a global one for the others.
func movingGIF(t testing.TB, size image.Point, loops int, shots ...shot) []byte {
	t.Helper()
	global := color.Palette{color.RGBA{}, color.RGBA{R: 255, A: 255}, color.RGBA{G: 255, A: 255},
		color.RGBA{B: 255, A: 255}}
	g := gif.GIF{LoopCount: loops, Config: image.Config{ColorModel: global, Width: size.X, Height: size.Y}}
	for i, s := range shots {
		palette := global
		if i%2 == 1 {
			palette = color.Palette{color.RGBA{B: 255, A: 255}, color.RGBA{G: 255, A: 255}, color.RGBA{R: 255, A: 255},
				color.RGBA{
					R: 9,
					G: 8,
					B: 7,
					A: 255,
				}, color.RGBA{}}
		}
		p := image.NewPaletted(image.Rectangle{Min: s.at, Max: s.at.Add(s.m.Rect.Size())}, palette)
		for j := range p.Pix {
			p.Pix[j] = uint8(palette.Index(s.m.NRGBAAt(j%p.Stride, j/p.Stride)))
		}
		g.Image, g.Delay, g.Disposal = append(g.Image, p), append(g.Delay, s.delay), append(g.Disposal, s.dispose)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// movingWebP puts lossless frames together by hand, so that every combination of disposal and blending can be had.
func movingWebP(t testing.TB, size image.Point, loops int, flags byte, extra []byte, shots ...shot) []byte {
	t.Helper()
	file := container.AppendWebP([]byte("RIFF\x00\x00\x00\x00WEBP"), "VP8X",
		container.AppendU24(container.AppendU24([]byte{2 | 16 | flags, 0, 0, 0}, size.X-1), size.Y-1))
	file = container.AppendWebP(file, "ANIM", []byte{9, 9, 9, 255, byte(loops), byte(loops >> 8)})
	for _, s := range shots {
		data := container.AppendU24(container.AppendU24(nil, s.at.X/2), s.at.Y/2)
		data = container.AppendU24(container.AppendU24(data, s.m.Rect.Dx()-1), s.m.Rect.Dy()-1)
		data = container.AppendU24(data, s.delay)
		how := s.dispose
		if !s.blend {
			how |= 2
		}
		data = append(data, how)
		for c, err := range container.WebP(losslessWebP(t, s.m)) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Name != "VP8X" {
				data = container.AppendWebP(data, c.Name, c.Data)
			}
		}
		file = container.AppendWebP(file, "ANMF", data)
	}
	file = append(file, extra...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

// row returns a picture of one row: r, g and b for the colours, a dot for transparent.
func row(colors string) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, len(colors), 1))
	of := map[rune]color.NRGBA{'r': {R: 255, A: 255}, 'g': {G: 255, A: 255}, 'b': {B: 255, A: 255}}
	for x, c := range colors {
		m.SetNRGBA(x, 0, of[c])
	}
	return m
}

// seen plays a GIF as the specification says, pixel by pixel.
func seen(t testing.TB, file []byte) []*image.NRGBA {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var all []*image.NRGBA
	screen := image.NewNRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	for i, p := range g.Image {
		before := toNRGBA(screen)
		for y := p.Rect.Min.Y; y < p.Rect.Max.Y; y++ {
			for x := p.Rect.Min.X; x < p.Rect.Max.X; x++ {
				if c := color.NRGBAModel.Convert(p.At(x, y)).(color.NRGBA); c.A > 0 {
					screen.SetNRGBA(x, y, c)
				}
			}
		}
		all = append(all, toNRGBA(screen))
		for y := p.Rect.Min.Y; y < p.Rect.Max.Y; y++ {
			for x := p.Rect.Min.X; x < p.Rect.Max.X; x++ {
				switch g.Disposal[i] {
				case gif.DisposalBackground:
					screen.SetNRGBA(x, y, color.NRGBA{})
				case gif.DisposalPrevious:
					screen.SetNRGBA(x, y, before.NRGBAAt(x, y))
				}
			}
		}
	}
	return all
}

// coalesced returns the frames of a GIF as ImageMagick shows them, one under the other.
func coalesced(t testing.TB, file []byte) *image.NRGBA {
	t.Helper()
	return fromPNG(
		t, convertWith(t, map[string][]byte{"a.gif": file}, "PNG32:all.png", "a.gif", "-coalesce", "-background",
			"none", "-append"))
}

// played returns the frames of a lossless WebP as another decoder shows them, one under the other. ImageMagick 6 does
// not know of frames that take the place of others.
func played(t testing.TB, file []byte) *image.NRGBA {
	t.Helper()
	a, err := animation.DecodeBytes(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.DecodeFrames(); err != nil {
		t.Fatal(err)
	}
	d, err := animation.NewAnimDecoder(a)
	if err != nil {
		t.Fatal(err)
	}
	var all []*image.NRGBA
	for d.HasNext() {
		m, _, err := d.NextFrame()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return under(all)
}

// composed plays a WebP by the words of RFC 9649: its frames are decoded as still pictures and blended in floating
// point.
func composed(t testing.TB, file []byte) []*image.NRGBA {
	t.Helper()
	var all []*image.NRGBA
	var screen *image.NRGBA
	for c, err := range container.WebP(file) {
		switch {
		case err != nil:
			t.Fatal(err)
		case c.Name == "VP8X":
			screen = image.NewNRGBA(image.Rect(0, 0, container.U24(c.Data[4:])+1, container.U24(c.Data[7:])+1))
		case c.Name == "ANMF":
			m := fromPNG(t, edit(t, stillOf(c.Data), toPNG).Data)
			for i := range m.Rect.Dx() * m.Rect.Dy() {
				x, y := i%m.Rect.Dx(), i/m.Rect.Dx()
				to := image.Pt(2*container.U24(c.Data)+x, 2*container.U24(c.Data[3:])+y)
				p, under := m.NRGBAAt(x, y), screen.NRGBAAt(to.X, to.Y)
				if a := float64(p.A) / 255; c.Data[15]&2 == 0 && a < 1 {
					sum := a + float64(under.A)/255*(1-a)
					mix := func(over, under uint8, b uint8) uint8 {
						return uint8((float64(over)*a+float64(under)*float64(b)/255*(1-a))/max(sum, 1e-9) + 0.5)
					}
					p = color.NRGBA{
						R: mix(p.R, under.R, under.A),
						G: mix(p.G, under.G, under.A),
						B: mix(p.B, under.B, under.A),
						A: uint8(255*sum + 0.5),
					}
				}
				screen.SetNRGBA(to.X, to.Y, p)
			}
			all = append(all, toNRGBA(screen))
			if c.Data[15]&1 != 0 {
				for i := range m.Rect.Dx() * m.Rect.Dy() {
					screen.SetNRGBA(2*container.U24(c.Data)+i%m.Rect.Dx(), 2*container.U24(c.Data[3:])+i/m.Rect.Dx(),
						color.NRGBA{})
				}
			}
		}
	}
	return all
}

// stillOf returns a file of the frame in an ANMF chunk.
func stillOf(data []byte) []byte {
	head := append([]byte{16, 0, 0, 0}, data[6:12]...)
	if string(data[16:20]) != "ALPH" {
		head[0] = 0
	}
	file := append(container.AppendWebP([]byte("RIFF\x00\x00\x00\x00WEBP"), "VP8X", head), data[16:]...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

// under puts pictures one under the other.
func under(all []*image.NRGBA) *image.NRGBA {
	size := all[0].Rect.Size()
	m := image.NewNRGBA(image.Rect(0, 0, size.X, size.Y*len(all)))
	for i, one := range all {
		copy(m.Pix[i*len(one.Pix):], one.Pix)
	}
	return m
}

func mirrored(m *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(m.Rect)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			out.SetNRGBA(m.Rect.Dx()-1-x, y, m.NRGBAAt(x, y))
		}
	}
	return out
}

// samePictures fails if a pixel that is not transparent differs.
func samePictures(t *testing.T, what string, got, want *image.NRGBA, levels int) {
	t.Helper()
	if got.Rect != want.Rect {
		t.Errorf("%s: %v, want %v", what, got.Rect, want.Rect)
		return
	}
	for i := 0; i < len(got.Pix); i += 4 {
		for c := range 4 {
			d := int(got.Pix[i+c]) - int(want.Pix[i+c])
			if (d > levels || d < -levels) && (c == 3 || got.Pix[i+3] > 0) {
				t.Errorf("%s: pixel %d,%d is %v, want %v", what, i/4%got.Rect.Dx(), i/4/got.Rect.Dx(), got.Pix[i:i+4],
					want.Pix[i:i+4])
				return
			}
		}
	}
}

func TestFramesAreLaidOverOneAnotherAsTheirDisposalSays(t *testing.T) {
	t.Parallel()
	src := movingGIF(t, image.Pt(4, 1), 0,
		shot{m: row("rrrr"), delay: 5},
		shot{at: image.Pt(1, 0), m: row("g"), delay: 6, dispose: gif.DisposalPrevious},
		shot{at: image.Pt(0, 0), m: row("b"), delay: 7, dispose: gif.DisposalBackground},
		shot{at: image.Pt(2, 0), m: row("g."), delay: 0, dispose: gif.DisposalNone},
		shot{at: image.Pt(1, 0), m: row("bbb"), delay: 1, dispose: gif.DisposalPrevious},
		shot{at: image.Pt(1, 0), m: row("."), delay: 65535, dispose: gif.DisposalPrevious},
		shot{at: image.Pt(0, 0), m: row("...r"), delay: 2, dispose: gif.DisposalBackground},
		shot{at: image.Pt(3, 0), m: row("."), delay: 3, dispose: 7},
		shot{at: image.Pt(0, 0), m: row("gggg"), delay: 4},
	)
	want := []string{"rrrr", "rgrr", "brrr", ".rgr", ".bbb", ".rgr", ".rgr", "....", "gggg"}
	result := edit(t, src, process(mirror, ``))
	got, err := gif.DecodeAll(bytes.NewReader(result.Data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{5, 6, 7, 0, 1, 65535, 2, 3, 4}, got.Delay); diff != "" || got.LoopCount != 0 {
		t.Errorf("looped %d; delays (-want +got):\n%s", got.LoopCount, diff)
	}
	for i, m := range seen(t, result.Data) {
		samePictures(t, fmt.Sprintf("frame %d", i), m, mirrored(row(want[i])), 0)
	}
	if result.Width != 4 || result.Format != imaging.GIF || len(result.Warnings) > 0 || result.Unchanged {
		t.Errorf("%d pixels wide, %s, %q, unchanged %v", result.Width, result.Format, result.Warnings, result.Unchanged)
	}
}

// randomShots returns frames at any place, of any size and disposal.
func randomShots(r *rand.Rand, size image.Point, n int) []shot {
	var all []shot
	for i := range n {
		at := image.Pt(2*r.IntN(size.X/2), 2*r.IntN(size.Y/2))
		w, h := 1+r.IntN(size.X-at.X), 1+r.IntN(size.Y-at.Y)
		if i == 0 {
			at, w, h = image.Point{}, size.X, size.Y
		}
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for j := 0; j < len(m.Pix); j += 4 {
			copy(m.Pix[j:j+4], row("rgb..").Pix[4*r.IntN(5):])
		}
		all = append(all, shot{at: at, m: m, delay: r.IntN(20), dispose: byte(r.IntN(4)), blend: r.IntN(2) == 0})
	}
	return all
}

func TestAnyGIFIsPlayedAsImageMagickPlaysIt(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		src := movingGIF(t, image.Pt(12, 9), int(seed),
			randomShots(rand.New(rand.NewPCG(seed, 1)), image.Pt(12, 9), 12)...)
		result := edit(t, src, process(mirror, ``))
		samePictures(t, fmt.Sprintf("seed %d", seed), coalesced(t, result.Data), mirrored(coalesced(t, src)), 0)
		var want []*image.NRGBA
		for _, m := range seen(t, src) {
			want = append(want, mirrored(m))
		}
		samePictures(t, fmt.Sprintf("seed %d", seed), under(seen(t, result.Data)), under(want), 0)
	}
}

func TestAnyWebPIsPlayedAsAnotherDecoderPlaysIt(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		shots := randomShots(rand.New(rand.NewPCG(seed, 2)), image.Pt(12, 8), 12)
		for i := range shots {
			shots[i].dispose %= 2
		}
		src := movingWebP(t, image.Pt(12, 8), int(seed), 0, nil, shots...)
		result := edit(t, src, process(mirror, `"format":"gif"`)) // in which three colours stay as they are
		samePictures(t, fmt.Sprintf("seed %d", seed), under(seen(t, result.Data)), mirrored(played(t, src)), 0)
	}
}

func TestFramesOfAWebPThatShineThroughAreBlended(t *testing.T) {
	t.Parallel()
	flat := func(w, h int, c color.NRGBA) *image.NRGBA {
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := 0; i < len(m.Pix); i += 4 {
			copy(m.Pix[i:i+4], []byte{c.R, c.G, c.B, c.A})
		}
		return m
	}
	src := movingWebP(t, image.Pt(48, 32), 0, 0, nil,
		shot{m: flat(48, 32, color.NRGBA{R: 200, G: 40, B: 40, A: 255}), delay: 40},
		shot{at: image.Pt(16, 0), m: flat(16, 32, color.NRGBA{B: 255, A: 102}), delay: 50, blend: true},
		shot{at: image.Pt(16, 0), m: flat(32, 16, color.NRGBA{G: 200, A: 51}), delay: 60},
		shot{at: image.Pt(0, 0), m: flat(48, 16, color.NRGBA{R: 255, G: 255, B: 255, A: 128}), delay: 70, blend: true},
	)
	result := edit(t, src, process(mirror, `"quality":100`))
	got := under(composed(t, result.Data))
	if d := meanDifference(t, got, mirrored(under(composed(t, src)))); d > 2 { // chroma is smoothed across edges
		t.Errorf("the frames are %.1f levels apart", d)
	}
	// By hand: 40 % of blue over the red, and half of white over a fifth of green over nothing.
	for i, c := range []struct {
		frame, x, y int
		want        color.NRGBA
	}{
		{0, 20, 8, color.NRGBA{R: 200, G: 40, B: 40, A: 255}},
		{1, 20, 8, color.NRGBA{R: 120, G: 24, B: 126, A: 255}},
		{2, 40, 8, color.NRGBA{G: 200, A: 51}},
		{3, 40, 8, color.NRGBA{R: 213, G: 246, B: 213, A: 153}},
	} {
		p := got.NRGBAAt(47-c.x, 32*c.frame+c.y)
		for _, d := range []int{int(p.R) - int(c.want.R), int(p.G) - int(c.want.G), int(p.B) - int(c.want.B),
			int(p.A) - int(c.want.A)} {
			if d > 6 || d < -6 {
				t.Errorf("%d: %v, want %v", i, p, c.want)
				break
			}
		}
	}
	if times := webpTimes(t, result.Data); !slices.Equal(times, []int{0, 40, 50, 60, 70}) {
		t.Errorf("the loops and the delays are %v", times)
	}
}

// webpTimes returns how often an animated WebP is shown and the delays of its frames.
func webpTimes(t testing.TB, file []byte) []int {
	t.Helper()
	var times []int
	for c, err := range container.WebP(file) {
		if err != nil {
			t.Fatal(err)
		}
		switch c.Name {
		case "ANIM":
			times = append(times, int(binary.LittleEndian.Uint16(c.Data[4:])))
		case "ANMF":
			times = append(times, container.U24(c.Data[12:]))
		}
	}
	return times
}

func TestTimesAndLoopsStayAcrossFormats(t *testing.T) {
	t.Parallel()
	size := image.Pt(4, 2)
	m := func(c string) *image.NRGBA { return under([]*image.NRGBA{row(c), row(c)}) }
	for loops, plays := range map[int]int{-1: 1, 0: 0, 1: 2, 7: 8, 65535: 65535} {
		src := movingGIF(t, size, loops, shot{m: m("rrrr"), delay: 3}, shot{m: m("gggg")},
			shot{m: m("gggg"), delay: 65535}, shot{m: m("bbbb"), delay: 1})
		moved := edit(t, src, process(``, `"format":"webp"`))
		if times := webpTimes(t, moved.Data); !slices.Equal(times, []int{plays, 30, 0, 655350, 10}) {
			t.Errorf("loops %d: %v in WebP", loops, times)
		}
		back, err := gif.DecodeAll(bytes.NewReader(edit(t, moved.Data, process(``, `"format":"gif"`)).Data))
		if err != nil {
			t.Fatal(err)
		}
		if want := min(loops, 65534); back.LoopCount != want || !slices.Equal(back.Delay, []int{3, 0, 65535, 1}) {
			t.Errorf("loops %d: %d, %v back in GIF", loops, back.LoopCount, back.Delay)
		}
	}
	// A frame may have no control block: it does not inherit that of the one before.
	plain := image.NewPaletted(image.Rect(0, 0, 4, 2),
		color.Palette{color.RGBA{R: 255, A: 255}, color.RGBA{B: 255, A: 255}})
	part := plain.SubImage(image.Rect(0, 0, 2, 2)).(*image.Paletted)
	var bare bytes.Buffer
	err := gif.EncodeAll(&bare,
		&gif.GIF{Image: []*image.Paletted{plain, part, part}, Delay: []int{5, 0, 8}, Disposal: []byte{2, 0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	if times := webpTimes(t, edit(t, bare.Bytes(), process(``, `"format":"webp"`)).Data); !slices.Equal(times,
		[]int{0, 50, 0, 80}) {
		t.Errorf("without a control block: %v", times)
	}
	// Sixtieths of a second have no place in a GIF: their sum has.
	var shots []shot
	for i := range 60 {
		shots = append(shots, shot{m: m("rgbr"[i%3:] + "rgbr"[:i%3]), delay: []int{16, 17, 17}[i%3]})
	}
	got, err := gif.DecodeAll(
		bytes.NewReader(edit(t, movingWebP(t, size, 1, 0, nil, shots...), process(``, `"format":"gif"`)).Data))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, delay := range got.Delay {
		sum += delay
	}
	if sum != 100 || got.LoopCount != -1 || len(got.Image) != 60 {
		t.Errorf("%d frames for %d hundredths, looped %d", len(got.Image), sum, got.LoopCount)
	}
}

func TestAnAnimationIsShownAsOftenAsTheRecipeSays(t *testing.T) {
	t.Parallel()
	size := image.Pt(4, 2)
	m := func(c string) *image.NRGBA { return under([]*image.NRGBA{row(c), row(c)}) }
	src := movingGIF(t, size, 7, shot{m: m("rrrr"), delay: 3}, shot{m: m("gggg"), delay: 4})
	for plays, want := range map[int]int{0: 0, 1: -1, 5: 4} { // what the package gif calls it
		made := edit(t, src, process(``, fmt.Sprintf(`"format":"gif","loop":%d`, plays)))
		back, err := gif.DecodeAll(bytes.NewReader(made.Data))
		if err != nil || made.Unchanged || back.LoopCount != want || len(back.Image) != 2 {
			t.Errorf("loop %d: unchanged %v, %d of %d frames, %v; want %d", plays, made.Unchanged, back.LoopCount,
				len(back.Image), err, want)
		}
		moved := edit(t, src, process(``, fmt.Sprintf(`"format":"webp","loop":%d`, plays)))
		if times := webpTimes(t, moved.Data); times[0] != plays {
			t.Errorf("loop %d: %d in WebP", plays, times[0])
		}
	}
	if kept := edit(t, src, process(``, `"format":"gif"`)); !kept.Unchanged {
		t.Error("without a word of it the file was changed")
	}
}
