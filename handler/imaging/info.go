package imaging

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/container"
	"imagepro/handler/recipe"
)

// Format is a file format in a word that is stable: it appears in answers and records.
type Format string

// The formats that are read and written.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
	GIF  Format = "gif"
	BMP  Format = "bmp"
	TIFF Format = "tiff"
	WebP Format = "webp"
)

// Ending returns the usual ending of the format's files, with its dot.
func (f Format) Ending() string {
	if f == JPEG {
		return ".jpg"
	}
	return "." + string(f)
}

// MIME returns the format's media type.
func (f Format) MIME() string { return "image/" + string(f) }

// Info is what a file's header says about its picture.
type Info struct {
	Format Format
	// Width and Height are the sides as the picture is seen, after its orientation was applied;
	// StoredWidth and StoredHeight those of the stored pixels.
	Width, Height             int
	StoredWidth, StoredHeight int
	Orientation               int // from 1 to 8, as in EXIF; 1 is upright
	Frames                    int // pictures in the file: frames of an animation, pages of a TIFF
	Animated                  bool
	Alpha                     bool // whether pixels may be transparent
	Gray                      bool // whether it is stored without colour
	CMYK                      bool // whether it is stored in printing colours
	Palette                   bool // whether it is stored as indices of at most 256 colours
	Bits                      int  // of one channel; of one index with a palette
	Bytes                     int  // of the file

	scans   int    // of a JPEG file
	profile []byte // of colour, if the edit asks for it
	colors  int    // that the palette holds
	turbo   bool   // whether libjpeg-turbo decodes it
	mends   tiffMends
}

// Inspect reads a file's header and checks it against the limits, without decoding pixels. The limits' zero
// fields mean defaults.
//
// Errors are faults: Unsupported for what is no picture, for formats that are not edited and for pictures
// of several frames or pages; TooLarge for what is over a limit; Invalid for files that are damaged or cut
// off. With a fault, Info holds what was known by then.
func Inspect(src []byte, limits Limits) (Info, error) {
	return inspect(src, limits.orDefaults(), recipe.SkipAnimated)
}

// inspect is Inspect for an edit that does with animated files what its recipe says.
func inspect(src []byte, limits Limits, onAnimated recipe.Animated) (Info, error) {
	info := Info{Bytes: len(src), Frames: 1, Orientation: 1}
	if err := limits.checkBytes(int64(len(src))); err != nil {
		return info, err
	}
	format, err := sniff(src)
	if err != nil {
		return info, err
	}
	info.Format = format
	if err := guarded(func() error { return readHeader(&info, src, limits) }); err != nil {
		return info, headerFault(err)
	}
	info.Width, info.Height = info.StoredWidth, info.StoredHeight
	if info.Orientation >= 5 {
		info.Width, info.Height = info.Height, info.Width
	}
	switch edited := onAnimated == recipe.ProcessAnimated || onAnimated == recipe.FirstFrame; {
	case info.Animated && !edited:
		return info, fault.New(fault.Unsupported, "The picture is animated; only still pictures are edited.", nil)
	case info.Animated && info.Format == PNG:
		return info, fault.New(fault.Unsupported,
			"The picture is an animated PNG; of animations, GIF and WebP are edited.", nil)
	case info.Frames > 1 && !info.Animated:
		return info, fault.Newf(fault.Unsupported, "The file has %d pages; only files with one are edited.",
			info.Frames)
	}
	err = limits.checkStored(info.StoredWidth, info.StoredHeight)
	if err == nil && info.Animated && onAnimated == recipe.ProcessAnimated {
		err = limits.checkFrames(info)
	}
	return info, err
}

func readHeader(info *Info, src []byte, limits Limits) error {
	switch info.Format {
	case JPEG:
		return readJPEGHeader(info, src, limits)
	case PNG:
		return readPNGHeader(info, src)
	case GIF:
		return readGIFHeader(info, src)
	case WebP:
		return readWebPHeader(info, src)
	case TIFF:
		return readTIFFHeader(info, bytes.NewReader(src), int64(len(src)))
	default:
		return readBMPHeader(info, src)
	}
}

// sniff tells the format from the first bytes; names and content types lie.
func sniff(src []byte) (Format, error) {
	head := string(src[:min(len(src), 16)])
	if kind, ok := rawByHead(src); ok {
		return "", rawRefusal(kind)
	}
	switch {
	case strings.HasPrefix(head, "\xFF\xD8\xFF"):
		return JPEG, nil
	case strings.HasPrefix(head, "\x89PNG\r\n\x1a\n"):
		return PNG, nil
	case strings.HasPrefix(head, "GIF87a"), strings.HasPrefix(head, "GIF89a"):
		return GIF, nil
	case strings.HasPrefix(head, "II*\x00"), strings.HasPrefix(head, "MM\x00*"):
		return TIFF, nil
	case strings.HasPrefix(head, "II+\x00"), strings.HasPrefix(head, "MM\x00+"):
		return "", fault.New(fault.Unsupported, "This kind of TIFF file is not edited: BigTIFF.", ErrOtherKind)
	case strings.HasPrefix(head, "BM"):
		return BMP, nil
	case strings.HasPrefix(head, "RIFF") && len(head) >= 12 && head[8:12] == "WEBP":
		return WebP, nil
	case len(src) == 0:
		return "", fault.New(fault.Invalid, "The file is empty.", nil)
	}
	if len(head) >= 12 && head[4:8] == "ftyp" {
		if why := boxedRefusal(src); why != nil {
			return "", why
		}
	}
	return "", fault.New(fault.Unsupported,
		"The file is no picture of a format that is edited: JPEG, PNG, GIF, WebP, TIFF or BMP.", nil)
}

// headerFault says what went wrong while a header was read.
func headerFault(err error) error {
	var f *fault.Fault
	switch {
	case errors.As(err, &f):
		return err
	case errors.Is(err, container.ErrTruncated), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fault.New(fault.Invalid, "The file is cut off.", err)
	}
	return fault.New(fault.Invalid, "The file is damaged.", err)
}
