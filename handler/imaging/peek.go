package imaging

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	xwebp "golang.org/x/image/webp"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/metadata"
)

// peekSteps are how many bytes of a file are looked at until its header is found: as a rule it is in the first;
// long colour profiles and previews may stand before it.
var peekSteps = []int64{64 << 10, 1 << 20, 8 << 20}

// Peek reads as little of a file of size bytes as tells its format, its sides and, of JPEG, PNG and TIFF files,
// its orientation. What else Info has is there only if it stands before the pixels: Frames, Animated and Alpha are
// not to be relied upon.
//
// It checks the limits of Bytes, Side and Pixels. Its errors are those of Inspect, without damage behind the
// header; an error of r is returned as it is.
func Peek(r io.ReaderAt, size int64, limits Limits) (Info, error) {
	limits = limits.orDefaults()
	info := Info{Bytes: int(size), Frames: 1, Orientation: 1}
	if err := limits.checkBytes(size); err != nil {
		return info, err
	}
	p := peeker{info: &info, file: io.NewSectionReader(&failing{ReaderAt: r}, 0, size)}
	for _, step := range peekSteps {
		err := p.look(min(step, size))
		if p.failed() != nil {
			return info, p.failed()
		}
		var f *fault.Fault
		if err != nil && !errors.As(err, &f) && step < size && step < peekSteps[len(peekSteps)-1] {
			continue
		}
		if err != nil {
			return info, headerFault(err)
		}
		break
	}
	info.Width, info.Height = info.StoredWidth, info.StoredHeight
	if info.Orientation >= 5 {
		info.Width, info.Height = info.Height, info.Width
	}
	return info, limits.checkStored(info.StoredWidth, info.StoredHeight)
}

// failing remembers the error of a file, which decoders would take for damage.
type failing struct {
	io.ReaderAt
	err error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.ReaderAt.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

type peeker struct {
	info *Info
	file *io.SectionReader
}

func (p peeker) failed() error {
	outer, _, _ := p.file.Outer()
	return outer.(*failing).err
}

// look reads the header from the first n bytes.
func (p peeker) look(n int64) error {
	head := make([]byte, n)
	if n, err := p.file.ReadAt(head, 0); n < len(head) {
		return err
	}
	var err error
	if p.info.Format, err = sniff(head); err != nil {
		return err
	}
	return guarded(func() error { return p.header(head) })
}

func (p peeker) header(head []byte) error {
	var config image.Config
	var err error
	switch p.info.Format {
	case JPEG:
		return peekJPEG(p.info, head)
	case TIFF: // whose directories may stand anywhere
		return readTIFFHeader(p.info, p.file, p.file.Size())
	case PNG:
		config, err = png.DecodeConfig(bytes.NewReader(head))
		p.info.Orientation = peekPNGOrientation(head)
	case GIF:
		config, err = gif.DecodeConfig(bytes.NewReader(head))
	case WebP:
		config, err = xwebp.DecodeConfig(bytes.NewReader(head))
	default:
		config, err = bmp.DecodeConfig(bytes.NewReader(head))
	}
	if err != nil {
		return err
	}
	p.info.StoredWidth, p.info.StoredHeight = config.Width, config.Height
	describeModel(p.info, config.ColorModel)
	return nil
}

// peekJPEG walks the segments up to the frame header. EXIF stands before it (CIPA DC-008, 4.5.4).
func peekJPEG(info *Info, head []byte) error {
	for s, err := range container.JPEG(head) {
		if err != nil {
			return err
		}
		if readJPEGFrame(info, s) {
			info.Orientation = metadata.Orientation(metadata.FindJPEGExif(head))
			return nil
		}
	}
	return container.ErrMalformed
}

// peekPNGOrientation looks for EXIF before the pixels.
func peekPNGOrientation(head []byte) int {
	for c, err := range container.PNG(head) {
		if err != nil || c.Name == "IDAT" {
			break
		}
		if c.Name == "eXIf" {
			return metadata.Orientation(c.Data)
		}
	}
	return 1
}
