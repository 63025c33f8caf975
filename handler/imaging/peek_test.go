package imaging_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// counted is a file that counts what is read of it.
type counted struct {
	io.ReaderAt
	bytes int
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.bytes += n
	return n, err
}

func peek(file []byte) (imaging.Info, error) {
	return imaging.Peek(bytes.NewReader(file), int64(len(file)), imaging.Limits{})
}

func TestPeekSeesWhatInspectSees(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	m := pattern(40, 30)
	files["turned.jpg"] = withExif(t, asJPEG(t, m, 90), orientationExif(binary.BigEndian, 6))
	files["own.tiff"], files["own.gif"], files["own.bmp"] = asTIFF(t, m), asGIF(t, m), asBMP(t, m)
	seen := map[imaging.Format]int{}
	for name, file := range files {
		want, err := imaging.Inspect(file, imaging.Limits{})
		if err != nil || name == "invalid-crc32.png" { // Inspect leaves that checksum to the decoder
			continue
		}
		got, err := peek(file)
		if err != nil || got.Format != want.Format || got.Width != want.Width || got.Height != want.Height ||
			got.Orientation != want.Orientation {
			t.Errorf("%s: %+v, %v\nwant %+v", name, got, err, want)
		}
		seen[got.Format]++
	}
	for _, format := range []imaging.Format{imaging.JPEG, imaging.PNG, imaging.GIF, imaging.BMP, imaging.TIFF,
		imaging.WebP} {
		if seen[format] == 0 {
			t.Errorf("no file was %s", format)
		}
	}
}

func TestPeekReadsLittle(t *testing.T) {
	t.Parallel()
	photo := asJPEG(t, pattern(64, 48), 90)
	photo = append(photo[:len(photo):len(photo)], make([]byte, 40<<20)...)
	file := &counted{ReaderAt: bytes.NewReader(photo)}
	info, err := imaging.Peek(file, int64(len(photo)), imaging.Limits{})
	if err != nil || info.Width != 64 || file.bytes > 64<<10 {
		t.Errorf("%+v, %v after %d bytes", info, err, file.bytes)
	}
	// 1.5 MB of comments stand before the picture.
	long := append([]byte{}, photo[:2]...)
	for range 25 {
		long = append(long, 0xFF, 0xFE, 0xEA, 0x62)
		long = append(long, make([]byte, 60_000)...)
	}
	long = append(long, photo[2:]...)
	if info, err := peek(long); err != nil || info.Width != 64 || info.Height != 48 {
		t.Errorf("behind comments: %+v, %v", info, err)
	}
	// The directory of a TIFF file stands at its end.
	tiff := asTIFF(t, pattern(500, 300))
	at := binary.LittleEndian.Uint32(tiff[4:])
	file = &counted{ReaderAt: bytes.NewReader(tiff)}
	if info, err := imaging.Peek(file, int64(len(tiff)), imaging.Limits{}); err != nil || info.Width != 500 ||
		int(at) < len(tiff)/2 || file.bytes > 70<<10 {
		t.Errorf("%+v, %v after %d bytes; the directory is at %d of %d", info, err, file.bytes, at, len(tiff))
	}
}

func TestPeekRefusesWhatIsNoPictureOrTooMuch(t *testing.T) {
	t.Parallel()
	photo := asJPEG(t, pattern(64, 48), 90)
	for name, c := range map[string]struct {
		file []byte
		kind fault.Kind
	}{
		"nothing":       {nil, fault.Invalid},
		"text":          {[]byte("hello, this is no picture at all"), fault.Unsupported},
		"HEIC":          {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), fault.Unsupported},
		"a start alone": {photo[:20], fault.Invalid},
		"broken PNG":    {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0DIHDR\x00\x00"), fault.Invalid},
		"no pixels":     {asGIFSized(0, 0), fault.Invalid},
		"too wide":      {asGIFSized(30_001, 1), fault.TooLarge},
	} {
		if _, err := peek(c.file); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
		}
	}
	if _, err := imaging.Peek(bytes.NewReader(photo), int64(len(photo)), imaging.Limits{Bytes: 100}); !fault.Is(err,
		fault.TooLarge) {
		t.Errorf("over the limit of bytes: %v", err)
	}
	broken := errors.New("broken")
	if _, err := imaging.Peek(breaking{broken}, 1000, imaging.Limits{}); !errors.Is(err, broken) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

// asGIFSized is the start of a GIF file.
func asGIFSized(width, height uint16) []byte {
	file := []byte("GIF89a")
	file = binary.LittleEndian.AppendUint16(file, width)
	file = binary.LittleEndian.AppendUint16(file, height)
	return append(file, 0, 0, 0)
}

type breaking struct{ err error }

func (b breaking) ReadAt([]byte, int64) (int, error) { return 0, b.err }
