package imaging_test

import (
	"bytes"
	"compress/lzw"
	"context"
	"encoding/binary"
	"image"
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/metadata"
)

// tag is an entry of a TIFF directory.
type tag struct {
	id, kind     uint16
	count, value uint32
}

// tiffOf returns a TIFF file: a directory, the offset of the next one, and data from dataAt(tags) on.
func tiffOf(next uint32, data []byte, tags ...tag) []byte {
	order := binary.LittleEndian
	to := order.AppendUint16([]byte("II*\x00\x08\x00\x00\x00"), uint16(len(tags)))
	for _, one := range tags {
		to = order.AppendUint16(to, one.id)
		to = order.AppendUint16(to, one.kind)
		to = order.AppendUint32(to, one.count)
		to = order.AppendUint32(to, one.value)
	}
	return append(order.AppendUint32(to, next), data...)
}

// dataAt is where the data of tiffOf starts behind so many tags.
func dataAt(tags int) uint32 { return uint32(8 + 2 + 12*tags + 4) }

// grayTIFF returns a TIFF file of one strip, or of tiles if their side is given, that is packed in some way.
func grayTIFF(w, h, side, compression uint32, data []byte) []byte {
	tags := []tag{{256, 4, 1, w}, {257, 4, 1, h}, {258, 3, 1, 8}, {259, 3, 1, compression}, {262, 3, 1, 1}}
	at, length := dataAt(9), uint32(len(data))
	if side > 0 {
		tags = append(tags, tag{322, 4, 1, side}, tag{323, 4, 1, side}, tag{324, 4, 1, at}, tag{325, 4, 1, length})
	} else {
		tags = append(tags, tag{273, 4, 1, at}, tag{277, 3, 1, 1}, tag{278, 4, 1, h}, tag{279, 4, 1, length})
	}
	return tiffOf(0, data, tags...)
}

// bmpOf returns a BMP file with a header of Windows 3 and as many bytes of pixels as are given.
func bmpOf(w, h int32, bits uint16, compression uint32, pixels []byte) []byte {
	order := binary.LittleEndian
	colors := 0
	if bits <= 8 {
		colors = 1 << bits
	}
	at := 54 + 4*colors
	to := order.AppendUint32([]byte("BM"), uint32(at+len(pixels)))
	to = order.AppendUint32(order.AppendUint32(to, 0), uint32(at))
	to = order.AppendUint32(order.AppendUint32(order.AppendUint32(to, 40), uint32(w)), uint32(h))
	to = order.AppendUint16(order.AppendUint16(to, 1), bits)
	to = order.AppendUint32(to, compression)
	return append(append(to, make([]byte, 20+4*colors)...), pixels...)
}

// zeros is what unpacks to a hundred times the memory that an edit of a small picture needs.
var zeros = make([]byte, 100<<20)

// resized returns a JPEG file that announces other sides.
func resized(file []byte, w, h uint16) []byte {
	file = bytes.Clone(file)
	for s := range container.JPEG(file) {
		if s.IsFrame() {
			binary.BigEndian.PutUint16(s.Data[1:], h) // the data are the file's own
			binary.BigEndian.PutUint16(s.Data[3:], w)
		}
	}
	return file
}

func jpegBombs(t testing.TB) map[string][]byte {
	small := asJPEG(t, pattern(16, 16), 80)
	return map[string][]byte{
		"JPEG of many scans":     sosBomb(t, 99),
		"JPEG of too many scans": sosBomb(t, 100_000),
		"JPEG of huge sides":     resized(small, 65500, 65500),
		"JPEG of many pixels":    resized(small, 30000, 30000),
		"JPEG without its rows":  resized(small, 16, 3000),
		"JPEG without columns":   resized(small, 3000, 16),
		"JPEG of comments": slices.Concat(small[:2],
			bytes.Repeat(append([]byte{0xFF, 0xFE, 0xFF, 0xFF}, make([]byte, 0xFFFD)...), 100), small[2:]),
	}
}

func pngBombs(t testing.TB) map[string][]byte {
	packed := deflate(zeros)
	head := func(w, h uint32) []byte { return pngHeader(w, h)[:33] }
	file := func(start []byte, chunks ...string) []byte {
		for i := 0; i < len(chunks); i += 2 {
			start = container.AppendPNG(start, chunks[i], []byte(chunks[i+1]))
		}
		return container.AppendPNG(start, "IEND", nil)
	}
	small := string(deflate(make([]byte, 8*33)))
	return map[string][]byte{
		"PNG of absurd sides":     pngHeader(0x7FFFFFFF, 0x7FFFFFFF),
		"PNG of many pixels":      pngHeader(20000, 20000),
		"PNG with pixels to come": file(head(7000, 7000), "IDAT", small),
		"PNG of too many pixels":  file(head(8, 8), "IDAT", string(packed)),
		"PNG of empty pixels": slices.Concat(head(8, 8),
			bytes.Repeat(container.AppendPNG(nil, "IDAT", nil), 100_000), file(nil, "IDAT", small)),
		"PNG with a packed text": file(head(8, 8), "iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+string(packed),
			"IDAT", small),
		"PNG with a packed zTXt": file(head(8, 8), "zTXt", "Raw profile type exif\x00\x00"+string(packed), "IDAT",
			small),
		"PNG with packed colours": file(head(8, 8), "iCCP", "p\x00\x00"+string(packed), "IDAT", small),
	}
}

func gifBombs(t testing.TB) map[string][]byte {
	still := asGIF(t, pattern(4, 4))
	body := bytes.IndexByte(still, byte(container.Frame))
	frame := still[body : len(still)-1]
	place := func(x, y, w, h uint16) []byte {
		f := bytes.Clone(still)
		for i, n := range []uint16{x, y, w, h} {
			binary.LittleEndian.PutUint16(f[body+1+2*i:], n)
		}
		return f
	}
	return map[string][]byte{
		"GIF of huge sides": asGIFSized(65535, 65535),
		"GIF of many frames": slices.Concat(still[:body], bytes.Repeat(frame, 10_000),
			[]byte{byte(container.Trailer)}),
		"GIF with a frame outside": place(100, 100, 4, 4),
		"GIF with a huge frame":    place(0, 0, 65535, 65535),
		"GIF with an empty frame":  place(0, 0, 0, 0),
		"GIF of extensions": slices.Concat(still[:body], bytes.Repeat([]byte("!\xFE\x01a\x00"), 1_000_000),
			still[body:]),
	}
}

func webpBombs(t testing.TB) map[string][]byte {
	small := webpWith(t, pattern(8, 8), metadata.Blocks{})
	pixels := small[12:]
	canvas := func(w, h int, rest ...byte) []byte {
		return container.RIFF(append(container.AppendWebP(nil, "VP8X", container.VP8X(0, w, h)), rest...))
	}
	huge := bytes.Clone(small)
	i := bytes.Index(huge, []byte{0x9D, 0x01, 0x2A}) + 3 // start code of a key frame (RFC 6386, section 9.1)
	copy(huge[i:], []byte{0xFF, 0x3F, 0xFF, 0x3F})
	lossless := []byte{0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0} // 16384 × 16384 and no pixels
	shots := slices.Repeat([]shot{{m: row("r")}}, 401)
	return map[string][]byte{
		"WebP of a huge canvas":  canvas(1<<24, 1<<24, pixels...),
		"WebP of another canvas": canvas(4000, 4000, pixels...),
		"WebP of huge sides":     huge,
		"lossless WebP of huge":  container.RIFF(container.AppendWebP(nil, "VP8L", lossless)),
		"WebP of many frames":    movingWebP(t, image.Pt(4, 1), 0, 0, nil, shots...),
		"WebP with a frame outside": movingWebP(t, image.Pt(4, 1), 0, 0, nil,
			shot{at: image.Pt(1<<24, 1<<24), m: row("r")}, shots[0]),
		"WebP of a huge animation": movingWebP(t, image.Pt(16000, 3000), 0, 0, nil, shots[:3]...),
	}
}

func tiffBombs(t testing.TB) map[string][]byte {
	var packed bytes.Buffer
	w := lzw.NewWriter(&packed, lzw.MSB, 8)
	_, _ = w.Write(zeros[:10<<20])
	_ = w.Close()
	loop := grayTIFF(8, 8, 0, 1, make([]byte, 64))
	binary.LittleEndian.PutUint32(loop[dataAt(9)-4:], 8)
	pages := slices.Concat([]byte("II*\x00\x08\x00\x00\x00"))
	for range 50_000 {
		pages = binary.LittleEndian.AppendUint32(append(pages, 0, 0), uint32(len(pages)+6))
	}
	return map[string][]byte{
		"TIFF of huge sides":       grayTIFF(1<<31, 1<<31, 0, 1, nil),
		"TIFF with pixels to come": grayTIFF(7000, 7000, 0, 1, make([]byte, 64)),
		"TIFF of repeated bytes":   grayTIFF(8, 8, 0, 32773, bytes.Repeat([]byte{0x81, 0}, 1<<20)),
		"TIFF deflated":            grayTIFF(8, 8, 0, 8, deflate(zeros)),
		"TIFF in LZW":              grayTIFF(8, 8, 0, 5, packed.Bytes()),
		"TIFF of a huge tile":      grayTIFF(8, 8, 1<<16, 8, deflate(zeros)),
		"TIFF of an absurd tile":   grayTIFF(8, 8, 1<<31, 1, make([]byte, 64)),
		"TIFF of tiny tiles":       grayTIFF(7000, 7000, 1, 1, make([]byte, 64)),
		"TIFF of a huge strip": tiffOf(0, nil, tag{256, 4, 1, 8}, tag{257, 4, 1, 8}, tag{258, 3, 1, 8},
			tag{259, 3, 1, 1}, tag{262, 3, 1, 1}, tag{273, 4, 1, 8}, tag{278, 4, 1, 8}, tag{279, 4, 1, 1<<32 - 1}),
		"TIFF of many strips": tiffOf(0, nil, tag{256, 4, 1, 8}, tag{257, 4, 1, 8}, tag{258, 3, 1, 8},
			tag{259, 3, 1, 1}, tag{262, 3, 1, 1}, tag{273, 4, 1 << 30, 8}, tag{278, 4, 1, 1}, tag{279, 4, 1 << 30, 8}),
		"TIFF whose directory loops": loop,
		"TIFF of many directories":   pages,
		"TIFF with a huge directory": append([]byte("II*\x00\x08\x00\x00\x00\xFF\xFF"), make([]byte, 100)...),
		"TIFF without pixels":        tiffOf(0, nil, tag{256, 4, 1, 1 << 20}, tag{257, 4, 1, 1}),
	}
}

func bmpBombs(testing.TB) map[string][]byte {
	far := bmpOf(8, 8, 24, 0, make([]byte, 8*24))
	binary.LittleEndian.PutUint32(far[10:], 1<<31)
	return map[string][]byte{
		"BMP of huge sides":        bmpOf(1<<31-1, 1<<31-1, 24, 0, nil),
		"BMP of negative sides":    bmpOf(-8, -8, 24, 0, make([]byte, 8*24)),
		"BMP of the least height":  bmpOf(8, -1<<31, 24, 0, nil),
		"BMP with pixels to come":  bmpOf(7000, 7000, 24, 0, make([]byte, 64)),
		"BMP of repeated bytes":    bmpOf(7000, 7000, 8, 1, bytes.Repeat([]byte{255, 0}, 1000)),
		"BMP of skipped pixels":    bmpOf(7000, 7000, 8, 1, bytes.Repeat([]byte{0, 2, 255, 255}, 1000)),
		"BMP with far-away pixels": far,
	}
}

// bombs returns files that want more memory or time than their length lets one expect.
func bombs(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, some := range []func(testing.TB) map[string][]byte{jpegBombs, pngBombs, gifBombs, webpBombs, tiffBombs,
		bmpBombs} {
		maps.Copy(all, some(t))
	}
	return all
}

// allocated returns the bytes that work takes from Go's heap, with those that it gives back on the way.
func allocated(work func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// spare is what an edit may take besides its plan and its file: tables of codecs and metadata, of which a packed
// colour profile is the longest, unpacked up to its limit a few times; with the race detector, twice as much. What a
// bomb unpacks to would take several times that.
const spare = 60 << 20

const firstAsPNG = `{"version":1,"input":{"onAnimated":"first"},"output":{"format":"png"}}`

// It counts what the whole process allocates, so nothing else runs beside it.
func TestBombsTakeNoMoreThanTheirPlan(t *testing.T) {
	for name, src := range bombs(t) {
		for _, document := range []string{heavy, dressed, firstAsPNG, process(mirror, ``)} {
			r, o := parse(t, document), imaging.Options{Name: "a.jpg"}
			planned := int64(spare + 4*len(src))
			if e, err := imaging.Explain(src, r, o); err == nil {
				planned += e.Memory
			}
			var err error
			begun := time.Now()
			took := allocated(func() { _, err = imaging.Edit(context.Background(), src, r, o) })
			if !isExpected(err) {
				t.Errorf("%s: %v", name, err)
			}
			if took > planned || time.Since(begun) > 20*time.Second {
				t.Errorf("%s: %d MB in %v, planned were %d; %v", name, took>>20, time.Since(begun), planned>>20, err)
			}
		}
		if took := allocated(func() {
			_, _ = imaging.Describe(src, imaging.Limits{})
		}); took > int64(spare+4*len(src)) {
			t.Errorf("%s: its description took %d MB", name, took>>20)
		}
	}
}

// What says that there is more to come than there is gives no result.
func TestNoPictureIsMadeOfPixelsThatAreMissing(t *testing.T) {
	t.Parallel()
	files := bombs(t)
	for _, name := range []string{
		"JPEG without its rows", "JPEG without columns", "PNG with pixels to come", "GIF with a huge frame",
		"WebP of another canvas",
		"lossless WebP of huge", "TIFF with pixels to come", "TIFF of tiny tiles", "BMP with pixels to come",
		"BMP of repeated bytes", "BMP with far-away pixels",
	} {
		if len(files[name]) == 0 {
			t.Fatalf("there is no %s", name)
		}
		if _, err := imaging.Edit(context.Background(), files[name], parse(t, toPNGGray),
			imaging.Options{}); err == nil || !isExpected(err) {
			t.Errorf("%s: Edit = %v, want a refusal", name, err)
		}
	}
}

// smallFiles are whole pictures in every format and most ways to store them.
func smallFiles(t testing.TB) map[string][]byte {
	t.Helper()
	blocks := metadata.Blocks{Exif: exifWith(6), XMP: []byte(packet), ICC: profileFile(t, "displayp3")}
	m := pattern(24, 18)
	moving, _ := walker(t, image.Pt(20, 12), 3)
	inPNG, _ := metadata.WritePNG(asPNG(t, veiled(24, 18)), blocks)
	return map[string][]byte{
		"jpeg": withExif(t, asJPEG(t, m, 80), exifWith(6)), "rescanned jpeg": rescanned(t, 3), "png": inPNG,
		"gif": asGIF(t, m), "moving gif": moving, "bmp": asBMP(t, m), "tiff": asTIFF(t, veiled(24, 18)),
		"gray tiff":  grayTIFF(8, 8, 0, 8, deflate(make([]byte, 64))),
		"tiled tiff": grayTIFF(16, 16, 16, 1, make([]byte, 256)), "webp": webpWith(t, m, blocks),
		"webp with alpha": webpWith(t, veiled(24, 18), metadata.Blocks{}),
		"moving webp":     movingWebP(t, image.Pt(24, 18), 0, 0, nil, shot{m: m}, shot{m: veiled(8, 8), blend: true}),
	}
}

// What no check sum tells is edited; the result is a whole picture all the same.
func TestFlippedBitsAreRefusedOrEdited(t *testing.T) {
	t.Parallel()
	r := parse(t, process(`{"op":"resize","width":9}`, `"metadata":{"stripGps":true,"set":{"title":"a"}}`))
	for name, src := range smallFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := imaging.Edit(context.Background(), src, r, imaging.Options{}); err != nil {
				t.Fatalf("without a flip: %v", err)
			}
			for i := range src {
				broken := altered(src, i, src[i]^1<<(i%8))
				result, err := imaging.Edit(context.Background(), broken, r, imaging.Options{Limits: tight()})
				if !isExpected(err) {
					t.Fatalf("bit %d of byte %d: %v", i%8, i, err)
				}
				if err != nil {
					continue
				}
				if after, err := imaging.Inspect(result.Data, imaging.Limits{}); !after.Animated &&
					(err != nil || after.Width != result.Width) {
					t.Fatalf("bit %d of byte %d: the result is %+v, %v", i%8, i, after, err)
				}
			}
		})
	}
}

func TestFilesThatAreMadeByHandAreRead(t *testing.T) {
	t.Parallel() // or the bombs would prove nothing
	for name, src := range map[string][]byte{
		"as it is":       grayTIFF(8, 8, 0, 1, bytes.Repeat([]byte{77}, 64)),
		"repeated bytes": grayTIFF(8, 8, 0, 32773, []byte{0xC1, 77}),
		"deflated":       grayTIFF(8, 8, 0, 8, deflate(bytes.Repeat([]byte{77}, 64))),
		"a tile":         grayTIFF(8, 8, 16, 1, bytes.Repeat([]byte{77}, 256)),
		"bmp":            bmpOf(8, 8, 24, 0, bytes.Repeat([]byte{77}, 8*24)),
	} {
		if c := fromPNG(t, edit(t, src, toPNGGray).Data).NRGBAAt(5, 5); c.R != 77 {
			t.Errorf("%s: a pixel is %v", name, c)
		}
	}
}
