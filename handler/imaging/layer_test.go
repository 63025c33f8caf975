package imaging_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"imagepro/handler/dev/need"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// within is a reference to a picture that the recipe holds itself.
func within(file []byte) string {
	return fmt.Sprintf(`{"data":"data:%s;base64,%s"}`, http.DetectContentType(file),
		base64.StdEncoding.EncodeToString(file))
}

// logo is a reference to a picture of a library, and logoRef the same for options.
const logo = `{"drive":"d","item":"logo"}`

var logoRef = recipe.Image{Drive: "d", Item: "logo"}

func withLogo(file []byte) imaging.Options {
	return imaging.Options{Images: map[recipe.Image][]byte{logoRef: file}}
}

// laid carries one step out on a picture with the logo.
func laid(t testing.TB, m image.Image, file []byte, step string) *image.NRGBA {
	t.Helper()
	result, err := imaging.Edit(context.Background(), asPNG(t, m),
		parse(t, `{"version":1,"steps":[`+step+`],"output":{"format":"png"}}`), withLogo(file))
	if err != nil {
		t.Fatalf("Edit(%s): %v", step, err)
	}
	return fromPNG(t, result.Data)
}

func plain(w, h int, c color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := 0; i < len(m.Pix); i += 4 {
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = c.R, c.G, c.B, c.A
	}
	return m
}

var red, blue = color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 255, A: 255}

// apart returns how far two pixels are from each other; the colour of a transparent one does not count.
func apart(a, b color.NRGBA) int {
	if a.A == 0 && b.A == 0 {
		return 0
	}
	diff := func(x, y uint8) int { return max(int(x), int(y)) - min(int(x), int(y)) }
	return max(diff(a.R, b.R), diff(a.G, b.G), diff(a.B, b.B), diff(a.A, b.A))
}

// formulas are those of Compositing and Blending, section 10.1, written down another time.
var formulas = map[string]func(b, s float64) float64{
	"over":     func(_, s float64) float64 { return s },
	"multiply": func(b, s float64) float64 { return b * s },
	"screen":   func(b, s float64) float64 { return 1 - (1-b)*(1-s) },
	"overlay": func(b, s float64) float64 {
		if b <= 0.5 {
			return 2 * b * s
		}
		return 1 - 2*(1-b)*(1-s)
	},
	"darken":  math.Min,
	"lighten": math.Max,
	"colorDodge": func(b, s float64) float64 {
		if b == 0 {
			return 0
		}
		return math.Min(1, b/(1-s))
	},
	"colorBurn": func(b, s float64) float64 {
		if b == 1 {
			return 1
		}
		return 1 - math.Min(1, (1-b)/s)
	},
	"hardLight": func(b, s float64) float64 {
		if s <= 0.5 {
			return 2 * b * s
		}
		return 1 - 2*(1-b)*(1-s)
	},
	"softLight": func(b, s float64) float64 {
		d := math.Sqrt(b)
		if b <= 0.25 {
			d = ((16*b-12)*b + 4) * b
		}
		if s <= 0.5 {
			return b - (1-2*s)*b*(1-b)
		}
		return b + (2*s-1)*(d-b)
	},
	"difference": func(b, s float64) float64 { return math.Abs(b - s) },
	"exclusion":  func(b, s float64) float64 { return b + s - 2*b*s },
}

// composited is one pixel by the book: co = cs αs (1-αb) + cb αb (1-αs) + αs αb B(cb, cs).
func composited(below, top color.NRGBA, opacity float64, blend func(b, s float64) float64) color.NRGBA {
	ab, as := float64(below.A)/255, float64(top.A)/255*opacity
	ao := as + ab - as*ab
	if ao == 0 {
		return color.NRGBA{}
	}
	channel := func(b, s uint8) uint8 {
		cb, cs := float64(b)/255, float64(s)/255
		return uint8(math.Round(255 * (cs*as*(1-ab) + cb*ab*(1-as) + as*ab*blend(cb, cs)) / ao))
	}
	return color.NRGBA{
		R: channel(below.R, top.R),
		G: channel(below.G, top.G),
		B: channel(below.B, top.B),
		A: uint8(math.Round(255 * ao)),
	}
}

// mixed is a picture of all sorts of levels and alphas.
func mixed(seed int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for i := range m.Pix {
		m.Pix[i] = uint8((i*i*seed + i*97) >> 3)
	}
	for i := 0; i < 64*4*8; i += 4 {
		m.Pix[i+3] = 255
		copy(m.Pix[i:], [][]byte{{0, 255, 128}, {255, 0, 127}, {1, 64, 254}}[i/4%3])
	}
	return m
}

func TestBlendModesAreThoseOfTheStandardWithAlphaOnBothSides(t *testing.T) {
	t.Parallel()
	below, top := mixed(3), mixed(7)
	for mode, formula := range formulas {
		for _, opacity := range []float64{1, 0.4} {
			got := laid(t, below, asPNG(t, top),
				fmt.Sprintf(`{"op":"watermark","image":%s,"size":"100%%","blend":%q,"opacity":%g}`, logo, mode,
					opacity))
			for y := range 64 {
				for x := range 64 {
					want := composited(below.NRGBAAt(x, y), top.NRGBAAt(x, y), opacity, formula)
					if g := got.NRGBAAt(x, y); apart(g, want) > 1 {
						t.Fatalf("%s %g: %v on %v is %v, want %v", mode, opacity, top.NRGBAAt(x, y),
							below.NRGBAAt(x, y), g, want)
					}
				}
			}
		}
	}
}

func TestImageMagickBlendsAlike(t *testing.T) {
	t.Parallel()
	convert := need.ImageMagick(t)
	dir := t.TempDir()
	below, top := asPNG(t, pattern(60, 60)), asPNG(t, veiled(60, 60))
	for name, file := range map[string][]byte{"below.png": below, "top.png": top} {
		if err := os.WriteFile(filepath.Join(dir, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for mode, theirs := range map[string]string{
		"over": "over", "multiply": "multiply", "screen": "screen", "overlay": "overlay", "darken": "darken",
		"lighten":    "lighten",
		"colorDodge": "color-dodge", "colorBurn": "color-burn", "hardLight": "hard-light", "softLight": "soft-light",
		"difference": "difference",
	} {
		out := filepath.Join(dir, mode+".png")
		command := exec.Command(convert, filepath.Join(dir, "below.png"), filepath.Join(dir, "top.png"), "-compose",
			theirs, "-composite", "PNG32:"+out)
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		file, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		want := fromPNG(t, file)
		got := laid(t, pattern(60, 60), top,
			fmt.Sprintf(`{"op":"watermark","image":%s,"size":"100%%","blend":%q}`, logo, mode))
		for y := range 60 {
			for x := range 60 {
				if a, b := got.NRGBAAt(x, y), want.NRGBAAt(x, y); apart(a, b) > 2 {
					t.Fatalf("%s at %d,%d: %v, ImageMagick has %v", mode, x, y, a, b)
				}
			}
		}
	}
}

// wantRed checks where the red of a watermark is on a blue picture.
func wantRed(t *testing.T, name string, got *image.NRGBA, inside func(x, y int) bool) {
	t.Helper()
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			want := blue
			if inside(x, y) {
				want = red
			}
			if g := got.NRGBAAt(x, y); g != want {
				t.Errorf("%s: %v at %d,%d, want %v", name, g, x, y, want)
				return
			}
		}
	}
}

func TestAWatermarkStandsWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	mark := asPNG(t, plain(8, 4, red))
	for name, c := range map[string]struct {
		fields string
		want   image.Rectangle
	}{
		"a quarter of the shorter side": {``, image.Rect(32, 26, 40, 30)},
		"pixels":                        {`,"size":8,"gravity":"northwest"`, image.Rect(0, 0, 8, 4)},
		"larger":                        {`,"size":16,"gravity":"center"`, image.Rect(12, 11, 28, 19)},
		"larger than the picture":       {`,"size":"300%"`, image.Rect(0, 0, 40, 30)},
		"tiny":                          {`,"size":"0.1%","gravity":"west"`, image.Rect(0, 14, 1, 15)},
		"away from the edges":           {`,"size":8,"offset":{"x":2,"y":"10%"}`, image.Rect(30, 23, 38, 27)},
		"right and down": {`,"size":8,"gravity":"center","offset":{"x":"10%","y":1}`,
			image.Rect(20, 14, 28, 18)},
		"over the edge":  {`,"size":8,"offset":{"x":-3,"y":-2}`, image.Rect(35, 28, 40, 30)},
		"beside":         {`,"size":8,"offset":{"x":-8}`, image.Rectangle{}},
		"a quarter turn": {`,"size":8,"angle":-90,"gravity":"northeast"`, image.Rect(36, 0, 40, 8)},
		"not seen":       {`,"opacity":0`, image.Rectangle{}},
		"for others":     {`,"when":{"minWidth":41}`, image.Rectangle{}},
	} {
		got := laid(t, plain(40, 30, blue), mark, `{"op":"watermark","image":`+logo+c.fields+`}`)
		wantRed(t, name, got, func(x, y int) bool { return image.Pt(x, y).In(c.want) })
	}
}

func TestAfterATrimAWatermarkStandsInWhatIsLeft(t *testing.T) {
	t.Parallel()
	m := plain(40, 30, color.NRGBA{R: 255, G: 255, B: 255, A: 255})
	for y := 5; y < 25; y++ {
		for x := 10; x < 30; x++ {
			m.SetNRGBA(x, y, blue)
		}
	}
	steps := `{"op":"trim"},{"op":"watermark","image":` + logo + `,"size":4}`
	got := laid(t, m, asPNG(t, plain(8, 8, red)), steps)
	if got.Rect.Max != image.Pt(20, 20) {
		t.Fatalf("the result has %v", got.Rect.Max)
	}
	wantRed(t, "after a trim", got, func(x, y int) bool { return x >= 16 && y >= 16 })
	_, err := imaging.Edit(context.Background(), asPNG(t, m), parse(t, `{"version":1,"steps":[`+steps+`]}`),
		imaging.Options{})
	_, told := imaging.Explain(asPNG(t, m), parse(t, `{"version":1,"steps":[`+steps+`]}`), imaging.Options{})
	for _, err := range []error{err, told} {
		if f := fault.From(err); f == nil || f.Kind != fault.NotFound || f.Field != "/steps/1/image" {
			t.Errorf("without the picture: %v", err)
		}
	}
}

func TestTilesCoverThePictureFromTheirPlaceOn(t *testing.T) {
	t.Parallel()
	mark := asPNG(t, plain(8, 4, red))
	// inTile reports whether a distance from the first tile lies in a tile.
	inTile := func(d, step, side int) bool { return ((d%step)+step)%step < side }
	for name, c := range map[string]struct {
		fields  string
		at      image.Point // of one
		step    image.Point
		stagger int
	}{
		"half of it apart": {`"gravity":"northwest","tile":{}`, image.Pt(0, 0), image.Pt(12, 6), 0},
		"without space":    {`"tile":{"spacing":{"x":0,"y":0}}`, image.Pt(32, 26), image.Pt(8, 4), 0},
		"staggered": {`"gravity":"northwest","tile":{"spacing":{"x":4,"y":3},"stagger":true}`, image.Pt(0, 0),
			image.Pt(12, 7), 6},
		"from the middle on": {
			`"gravity":"center","offset":{"x":1},"tile":{"spacing":{"x":"25%","y":"100%"},"stagger":true}`,
			image.Pt(17, 13), image.Pt(10, 8), 5},
		"from outside on": {`"offset":{"x":-16,"y":"-100%"},"tile":{}`, image.Pt(48, 56), image.Pt(12, 6), 0},
		"far apart": {`"gravity":"northwest","tile":{"spacing":{"x":1000,"y":1000}}`, image.Pt(0, 0),
			image.Pt(1008, 1004), 0},
	} {
		got := laid(t, plain(40, 30, blue), mark, `{"op":"watermark","image":`+logo+`,"size":8,`+c.fields+`}`)
		wantRed(t, name, got, func(x, y int) bool {
			row := int(math.Floor(float64(y-c.at.Y) / float64(c.step.Y)))
			shift := 0
			if row%2 != 0 {
				shift = c.stagger
			}
			return inTile(y-c.at.Y, c.step.Y, 4) && inTile(x-c.at.X-shift, c.step.X, 8)
		})
	}
}

func TestAWatermarkIsScaledAndTurnedAsAPictureIs(t *testing.T) {
	t.Parallel()
	mark := veiled(90, 60)
	alone := edit(t, asPNG(t, mark),
		`{"version":1,"steps":[{"op":"resize","width":33,"height":33},{"op":"rotate","angle":30}]}`)
	top, below := fromPNG(t, alone.Data), pattern(100, 80)
	got := laid(t, below, asPNG(t, mark),
		`{"op":"watermark","image":`+logo+`,"size":33,"angle":30,"gravity":"northwest","opacity":0.7}`)
	for y := range 80 {
		for x := range 100 {
			want := below.NRGBAAt(x, y)
			if image.Pt(x, y).In(top.Rect) {
				want = composited(want, top.NRGBAAt(x, y), math.Round(0.7*255)/255, formulas["over"])
			}
			if g := got.NRGBAAt(x, y); apart(g, want) > 1 {
				t.Fatalf("%v at %d,%d, want %v", g, x, y, want)
			}
		}
	}
}

func TestAWatermarkIsTurnedUprightByItsOwnTag(t *testing.T) {
	t.Parallel()
	mark := pattern(24, 16)
	want := laid(t, plain(40, 30, blue), asPNG(t, mark), `{"op":"watermark","image":`+logo+`,"size":24}`)
	for orientation := 1; orientation <= 8; orientation++ {
		file := withExif(t, asPNG(t, storedAs(mark, orientation)), exifWith(uint16(orientation)))
		got := laid(t, plain(40, 30, blue), file, `{"op":"watermark","image":`+logo+`,"size":24}`)
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("orientation %d comes out otherwise", orientation)
		}
	}
}

func TestAllFormatsMayBeLaidOnAPicture(t *testing.T) {
	t.Parallel()
	mark := plain(8, 8, red)
	for name, c := range map[string]struct {
		image string
		file  []byte
	}{
		"held png":  {within(asPNG(t, mark)), nil},
		"held jpeg": {within(asJPEG(t, mark, 100)), nil},
		"held gif":  {within(asGIF(t, mark)), nil},
		"jpeg":      {logo, asJPEG(t, mark, 100)},
		"bmp":       {logo, asBMP(t, mark)},
		"tiff":      {logo, asTIFF(t, mark)},
		"moving webp": {logo,
			edit(t, moving(t, red, blue),
				`{"version":1,"input":{"onAnimated":"process"},"output":{"format":"webp","quality":100}}`).Data},
		"webp": {logo, edit(t, asPNG(t, mark), `{"version":1,"output":{"format":"webp","quality":100}}`).Data},
	} {
		got := laid(t, plain(20, 20, blue), c.file,
			`{"op":"watermark","image":`+c.image+`,"size":8,"gravity":"northwest"}`)
		if g := got.NRGBAAt(3, 3); apart(g, red) > 16 || got.NRGBAAt(12, 3) != blue {
			t.Errorf("%s: %v", name, g)
		}
	}
}

// moving is an animated GIF of a frame a colour.
func moving(t *testing.T, colors ...color.Color) []byte {
	t.Helper()
	var g gif.GIF
	for i := range colors {
		frame := image.NewPaletted(image.Rect(0, 0, 8, 8), colors)
		for at := range frame.Pix {
			frame.Pix[at] = uint8(i)
		}
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOfAnAnimatedGIFTheFirstFrameIsLaid(t *testing.T) {
	t.Parallel()
	file := animated(t)
	first := toNRGBA(decodeAny(t, file))
	got := laid(t, plain(first.Rect.Dx(), first.Rect.Dy(), blue), file,
		fmt.Sprintf(`{"op":"watermark","image":%s,"size":%d}`, logo, max(first.Rect.Dx(), first.Rect.Dy())))
	for y := range first.Rect.Dy() {
		for x := range first.Rect.Dx() {
			if c := first.NRGBAAt(x, y); c.A == 255 && got.NRGBAAt(x, y) != c {
				t.Fatalf("%v at %d,%d, want %v", got.NRGBAAt(x, y), x, y, c)
			}
		}
	}
}

// leftAlone is a damaged file that libjpeg-turbo leaves to the standard library, which decodes it.
func leftAlone(t *testing.T) (file []byte, m *image.NRGBA) {
	t.Helper()
	whole := asJPEG(t, pattern(64, 48), 90)
	for at := len(whole) / 2; at < len(whole)-2; at++ {
		file = bytes.Clone(whole)
		file[at] ^= 0x11
		decoded, err := jpeg.Decode(bytes.NewReader(file))
		if _, left := jpegcodec.Decode(file, image.Pt(64, 48), 1); err == nil && left != nil {
			return file, toNRGBA(decoded)
		}
	}
	t.Fatal("no damage is left to the standard library")
	return nil, nil
}

func TestAPictureThatLibjpegTurboLeavesIsDecodedAllTheSame(t *testing.T) {
	t.Parallel()
	file, m := leftAlone(t)
	got := laid(t, plain(64, 48, blue), file, `{"op":"watermark","image":`+logo+`,"size":64}`)
	for i := range got.Pix {
		if max(got.Pix[i], m.Pix[i])-min(got.Pix[i], m.Pix[i]) > 1 {
			t.Fatalf("byte %d is %d, want %d", i, got.Pix[i], m.Pix[i])
		}
	}
}

func TestPicturesThatCannotBeLaidAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	small := imaging.Limits{ImageBytes: 1000, ImagePixels: 1000}
	whole := asPNG(t, pattern(30, 30))
	damaged := bytes.Clone(whole)
	damaged[len(damaged)/2] ^= 0x55
	for name, c := range map[string]struct {
		options imaging.Options
		kind    fault.Kind
		field   string
		says    string
	}{
		"missing": {imaging.Options{}, fault.NotFound, "/steps/1/image", "is not there"},
		"empty":   {withLogo(nil), fault.Invalid, "/steps/1/image", "The file is empty."},
		"no picture": {withLogo([]byte("<svg/>")), fault.Unsupported, "/steps/1/image",
			"A picture that the recipe needs cannot be used. The file is no picture"},
		"many bytes": {imaging.Options{Limits: small, Images: withLogo(make([]byte, 1001)).Images}, fault.TooLarge,
			"/steps/1/image", "at most 1000"},
		"many pixels": {imaging.Options{Limits: small, Images: withLogo(asPNG(t, plain(40, 40, red))).Images},
			fault.TooLarge, "/steps/1/image", "40 × 40 pixels"},
		"bomb":      {withLogo(pngHeader(30000, 30000)), fault.TooLarge, "/steps/1/image", "at most 10 million"},
		"no frames": {withLogo(webpAnimation()), fault.Invalid, "", "cannot be used. The file is cut off."},
		"cut off": {withLogo(whole[:len(whole)/2]), fault.Invalid, "/steps/1/image",
			"cannot be used. The file is cut off."},
		"damaged": {withLogo(damaged), fault.Invalid, "", "cannot be used. The file is damaged."},
		"large result": {imaging.Options{Limits: imaging.Limits{ResultSide: 100}, Images: withLogo(whole).Images},
			fault.TooLarge, "/steps/1", "at most 100"},
	} {
		r := parse(t, `{"version":1,"steps":[{"op":"blur","sigma":1},{"op":"watermark","image":`+logo+
			`,"size":"500%"}]}`)
		_, err := imaging.Edit(context.Background(), asPNG(t, pattern(30, 30)), r, c.options)
		f := fault.From(err)
		if f == nil || f.Kind != c.kind || f.Field != c.field || !strings.Contains(f.Message, c.says) {
			t.Errorf("%s: %v, want %s at %q with %q", name, err, c.kind, c.field, c.says)
		}
	}
}

// webpAnimation is one of a frame, without pixels.
func webpAnimation() []byte {
	file := container.AppendWebP([]byte("RIFF\x00\x00\x00\x00WEBP"), "VP8X", []byte{2, 0, 0, 0, 9, 0, 0, 9, 0, 0})
	file = container.AppendWebP(file, "ANIM", make([]byte, 6))
	file = container.AppendWebP(file, "ANMF", make([]byte, 24))
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

func TestAMaskMultipliesAlpha(t *testing.T) {
	t.Parallel()
	below, mask := mixed(5), mixed(11)
	luma := func(c color.NRGBA) float64 { return 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B) }
	for channel, level := range map[string]func(c color.NRGBA) float64{
		"luma":  func(c color.NRGBA) float64 { return math.Round(luma(c)) * float64(c.A) / 255 },
		"red":   func(c color.NRGBA) float64 { return float64(c.R) * float64(c.A) / 255 },
		"alpha": func(c color.NRGBA) float64 { return float64(c.A) },
	} {
		for _, invert := range []bool{false, true} {
			got := laid(t, below, asPNG(t, mask),
				fmt.Sprintf(`{"op":"mask","image":%s,"channel":%q,"invert":%t}`, logo, channel, invert))
			for y := range 64 {
				for x := range 64 {
					want, share := below.NRGBAAt(x, y), math.Round(level(mask.NRGBAAt(x, y)))
					if invert {
						share = 255 - share
					}
					want.A = uint8(math.Round(float64(want.A) * share / 255))
					g := got.NRGBAAt(x, y)
					if apart(g, want) > 1 || want.A > 1 && (g.R != want.R || g.G != want.G || g.B != want.B) ||
						g.A == 0 && g != (color.NRGBA{}) {
						t.Fatalf("%s %t: %v under %v is %v, want %v", channel, invert, below.NRGBAAt(x, y),
							mask.NRGBAAt(x, y), g, want)
					}
				}
			}
		}
	}
}

func TestAMaskIsFittedToThePicture(t *testing.T) {
	t.Parallel()
	// The left half of the mask is white, the right one black.
	mask := plain(20, 10, color.NRGBA{A: 255})
	for y := range 10 {
		for x := range 10 {
			mask.SetNRGBA(x, y, color.NRGBA{R: 255, G: 255, B: 255, A: 255})
		}
	}
	for name, c := range map[string]struct {
		fields string
		seen   image.Rectangle
		invert bool
	}{
		"filled":            {``, image.Rect(0, 0, 20, 40), false},
		"contained":         {`,"fit":"contain"`, image.Rect(0, 10, 20, 30), false},
		"contained above":   {`,"fit":"contain","gravity":"north"`, image.Rect(0, 0, 20, 20), false},
		"contained, turned": {`,"fit":"contain","invert":true`, image.Rect(0, 10, 20, 30), true},
		"covering":          {`,"fit":"cover"`, image.Rect(0, 0, 20, 40), false},
		"covering, west":    {`,"fit":"cover","gravity":"west"`, image.Rect(0, 0, 40, 40), false},
		"covering, east":    {`,"fit":"cover","gravity":"east"`, image.Rectangle{}, false},
	} {
		got := laid(t, plain(40, 40, blue), asPNG(t, mask), `{"op":"mask","image":`+logo+c.fields+`}`)
		for y := range 40 {
			for x := range 40 {
				if x%20 > 17 || x%20 < 2 || y%10 < 2 || y%10 > 7 {
					continue // the kernel smooths edges
				}
				seen := image.Pt(x, y).In(c.seen) != c.invert
				if g := got.NRGBAAt(x, y); seen && g.A < 225 || !seen && g.A > 30 {
					t.Fatalf("%s: %v at %d,%d, seen %t", name, g, x, y, seen)
				}
			}
		}
	}
}

func TestLayersCostMemoryThatIsBounded(t *testing.T) {
	t.Parallel()
	r := parse(t, `{"version":1,"steps":[{"op":"watermark","image":`+logo+`}]}`)
	options := withLogo(asJPEG(t, plain(3000, 3000, red), 80))
	options.Limits.Memory = 9_000_000 * 6
	if _, err := imaging.Edit(context.Background(), asPNG(t, pattern(30, 30)), r, options); !fault.Is(err,
		fault.TooLarge) {
		t.Errorf("a watermark of 9 megapixels in 54 MB: %v", err)
	}
	options.Limits.Memory = 9_000_000 * 25
	if _, err := imaging.Edit(context.Background(), asPNG(t, pattern(30, 30)), r, options); err != nil {
		t.Errorf("a watermark of 9 megapixels in 225 MB: %v", err)
	}
}

func TestLayersAreTheSameOnAnyNumberOfProcessors(t *testing.T) { // not parallel: it sets their number
	r := `{"version":1,"steps":[
		{"op":"watermark","image":` + logo + `,"angle":20,"opacity":0.6,"blend":"softLight","tile":{"stagger":true}},
		{"op":"mask","image":` + logo + `,"invert":true}],"output":{"format":"png"}}`
	src, o := asJPEG(t, pattern(500, 400), 90), withLogo(asJPEG(t, pattern(300, 200), 90))
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	var first []byte
	for _, n := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(n)
		result, err := imaging.Edit(context.Background(), src, parse(t, r), o)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = result.Data
		}
		if !bytes.Equal(result.Data, first) {
			t.Errorf("another result on %d processors", n)
		}
	}
}

func TestMasksFitWidePictures(t *testing.T) {
	t.Parallel()
	got := laid(t, plain(20000, 4, blue), asPNG(t, plain(5, 5, color.NRGBA{255, 255, 255, 255})),
		`{"op":"mask","image":`+logo+`}`)
	if got.Rect.Dx() != 20000 || got.NRGBAAt(19999, 3) != blue {
		t.Errorf("%v, at the end %v", got.Rect, got.NRGBAAt(19999, 3))
	}
}
