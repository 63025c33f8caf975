package imaging_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/metadata"
)

// heavy is a recipe that touches pixels in every way.
const heavy = `{"version":1,"steps":[
	{"op":"adjust","brightness":10,"contrast":20,"saturation":30},{"op":"filter","name":"sepia","amount":50},
	{"op":"resize","width":40,"height":30,"fit":"cover"},{"op":"rotate","angle":10},{"op":"blur","sigma":2},
	{"op":"sharpen"},{"op":"text","text":"{name}","stroke":{"width":1},"background":{"color":"#0008"}},
	{"op":"shape","shape":"ellipse","width":"90%","height":20,"fill":"#0008","stroke":{"width":3}}]}`

// sosBomb returns a JPEG file with many scans.
func sosBomb(t testing.TB, scans int) []byte {
	t.Helper()
	file := asJPEG(t, pattern(16, 16), 80)
	scan := []byte{0xFF, container.SOS, 0, 8, 1, 1, 0, 1, 1, 0}
	return append(file[:len(file)-2:len(file)-2], append(bytes.Repeat(scan, scans), 0xFF, container.EOI)...)
}

// pngHeader returns a PNG file that announces sides and has no pixels.
func pngHeader(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32(nil, w)
	head = binary.BigEndian.AppendUint32(head, h)
	out := container.AppendPNG([]byte("\x89PNG\r\n\x1a\n"), "IHDR", append(head, 8, 6, 0, 0, 0))
	return container.AppendPNG(container.AppendPNG(out, "IDAT", deflate(nil)), "IEND", nil)
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// overfull returns a TIFF file with associated alpha whose colours are above their alpha.
func overfull(w, h int) []byte {
	const tags = 11
	bits := dataAt(tags)
	data := append([]byte{8, 0, 8, 0, 8, 0, 8, 0}, bytes.Repeat([]byte{255, 200, 100, 1}, w*h)...)
	return tiffOf(0, data, tag{256, 4, 1, uint32(w)}, tag{257, 4, 1, uint32(h)}, tag{258, 3, 4, bits},
		tag{259, 3, 1, 1},
		tag{262, 3, 1, 2}, tag{273, 4, 1, bits + 8}, tag{277, 3, 1, 4}, tag{278, 4, 1, uint32(h)},
		tag{279, 4, 1, uint32(w * h * 4)},
		tag{284, 3, 1, 1}, tag{338, 3, 1, 1}) // associated alpha
}

func TestHostileFilesAreRefusedInPlainWords(t *testing.T) {
	t.Parallel()
	apng := withChunk(asPNG(t, pattern(4, 4)), "acTL", []byte{0, 0, 0, 3, 0, 0, 0, 0})
	webp := container.AppendWebP([]byte("RIFF\x00\x00\x00\x00WEBP"), "VP8X", []byte{2, 0, 0, 0, 3, 0, 0, 3, 0, 0})
	webp = container.AppendWebP(webp, "ANIM", make([]byte, 6))
	webp = container.AppendWebP(webp, "ANMF", make([]byte, 24))
	webp = container.AppendWebP(webp, "ANMF", make([]byte, 24))
	binary.LittleEndian.PutUint32(webp[4:], uint32(len(webp)-8))
	jpeg := asJPEG(t, pattern(64, 64), 80)
	random := make([]byte, 5000)
	for i := range random {
		random[i] = byte(rand.New(rand.NewPCG(1, uint64(i))).Uint32())
	}
	flat := asGIF(t, image.NewPaletted(image.Rect(0, 0, 9, 9), color.Palette{color.Black, color.White}))
	copy(flat[6:], []byte{0, 0, 0, 0})
	for name, c := range map[string]struct {
		src      []byte
		kind     fault.Kind
		sentence string
	}{
		"nothing":               {nil, fault.Invalid, "empty"},
		"text named jpg":        {[]byte("Dear all,\nhere is the picture.\n"), fault.Unsupported, "no picture"},
		"random bytes":          {random, fault.Unsupported, "no picture"},
		"SVG":                   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), fault.Unsupported, "no picture"},
		"a JPEG's first bytes":  {jpeg[:4], fault.Invalid, "cut off"},
		"half a JPEG":           {jpeg[:len(jpeg)/2], fault.Invalid, "cut off"},
		"JPEG without its end":  {jpeg[:len(jpeg)-2], fault.Invalid, "cut off"},
		"half a PNG":            {asPNG(t, pattern(64, 64))[:150], fault.Invalid, "cut off"},
		"half a GIF":            {asGIF(t, pattern(64, 64))[:900], fault.Invalid, "cut off"},
		"half a BMP":            {asBMP(t, pattern(64, 64))[:900], fault.Invalid, "cut off"},
		"half a TIFF":           {asTIFF(t, pattern(64, 64))[:200], fault.Invalid, ""},
		"TIFF header alone":     {[]byte("II*\x00\x08\x00\x00\x00"), fault.Invalid, ""},
		"PNG without pixels":    {pngHeader(8, 8), fault.Invalid, ""},
		"PNG of no size":        {pngHeader(0, 8), fault.Invalid, ""},
		"GIF of no size":        {flat, fault.Invalid, ""},
		"PNG of huge sides":     {pngHeader(40000, 10), fault.TooLarge, "30000"},
		"PNG of many pixels":    {pngHeader(20000, 20000), fault.TooLarge, "50 million"},
		"PNG of absurd sides":   {pngHeader(0x7FFFFFFF, 0x7FFFFFFF), fault.TooLarge, "30000"},
		"PNG of negative sides": {pngHeader(0xFFFFFFFF, 5), fault.TooLarge, "30000"},
		"many scans":            {sosBomb(t, 2000), fault.TooLarge, "2001 scans"},
		"moving GIF":            {animated(t), fault.Unsupported, "animated"},
		"moving PNG":            {apng, fault.Unsupported, "animated"},
		"moving WebP":           {webp, fault.Unsupported, "animated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := imaging.Edit(context.Background(), c.src, parse(t, heavy), imaging.Options{})
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != c.kind || !strings.Contains(f.Message, c.sentence) {
				t.Errorf("Edit = %v, want %s with %q", err, c.kind, c.sentence)
			}
		})
	}
}

func TestALargeFileIsRefusedByItsLength(t *testing.T) {
	t.Parallel()
	_, err := imaging.Inspect(make([]byte, 101), imaging.Limits{Bytes: 100})
	if !fault.Is(err, fault.TooLarge) {
		t.Errorf("Inspect = %v, want a fault that is too large", err)
	}
}

func TestInspectTellsWhatItKnewBesidesTheFault(t *testing.T) {
	t.Parallel()
	info, err := imaging.Inspect(animated(t), imaging.Limits{})
	if !fault.Is(err, fault.Unsupported) || !info.Animated || info.Frames != 2 || info.Width != 4 ||
		info.Format != imaging.GIF {
		t.Errorf("Inspect = %+v, %v", info, err)
	}
}

func TestColoursAboveTheirAlphaDoNotReachTheFilters(t *testing.T) {
	t.Parallel()
	result := edit(t, overfull(50, 40), heavy)
	if result.Format != imaging.TIFF {
		t.Errorf("the result is %s", result.Format)
	}
	plain := edit(t, overfull(5, 4), toPNG)
	if got, want := fromPNG(t, plain.Data).NRGBAAt(2, 2), (color.NRGBA{R: 255, G: 255, B: 255, A: 1}); got != want {
		t.Errorf("a pixel is %v, want %v", got, want)
	}
}

// A file that is cut anywhere is either refused or, where only something after the pixels is missing, gives
// all of them.
func TestNoCutFileIsHalfDecoded(t *testing.T) {
	t.Parallel()
	m := pattern(40, 30)
	for name, src := range map[string][]byte{
		"jpeg": asJPEG(t, m, 80), "png": asPNG(t, m), "gif": asGIF(t, m), "bmp": asBMP(t, m), "tiff": asTIFF(t, m),
		"webp": webpWith(t, m, metadata.Blocks{}), "webp with alpha": webpWith(t, veiled(40, 30), metadata.Blocks{}),
		"rescanned jpeg": rescanned(t, 3), "tiled tiff": grayTIFF(16, 16, 16, 1, make([]byte, 256)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := fromPNG(t, edit(t, src, toPNGGray).Data)
			for n := range src {
				result, err := imaging.Edit(context.Background(), src[:n], parse(t, toPNGGray), imaging.Options{})
				if err == nil && !bytes.Equal(fromPNG(t, result.Data).Pix, whole.Pix) {
					t.Fatalf("the first %d of %d bytes give another picture", n, len(src))
				}
			}
		})
	}
}

const toPNGGray = `{"version":1,"steps":[{"op":"filter","name":"grayscale"}],"output":{"format":"png"}}`

// stopping is a context that ends after some questions for its state.
type stopping struct {
	context.Context
	left int
}

func (c *stopping) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAnEditEndsWithItsContext(t *testing.T) {
	t.Parallel()
	src := asJPEG(t, pattern(600, 600), 90)
	looks := 0
	for ; looks < 1000; looks++ {
		ctx := &stopping{Context: context.Background(), left: looks}
		_, err := imaging.Edit(ctx, src, parse(t, `{"version":1,"steps":[{"op":"resize","width":20}]}`),
			imaging.Options{})
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Edit with a context that ends after %d looks = %v", looks, err)
		}
	}
	if looks < 4 || looks == 1000 {
		t.Errorf("the edit looks at its context %d times", looks)
	}
}

func TestADecoderStopsSoonAfterItsContext(t *testing.T) {
	t.Parallel()
	// Sixteen million pixels take longer to decode than the deadline allows.
	src := asJPEG(t, image.NewGray(image.Rect(0, 0, 4000, 4000)), 90)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := imaging.Edit(ctx, src, parse(t, heavy), imaging.Options{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Edit = %v, want the deadline", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
