package imaging

import (
	"bytes"
	"io"

	xtiff "golang.org/x/image/tiff"

	"imagepro/handler/imaging/container"
)

// The tags of TIFF that say how a picture is stored (TIFF 6.0, section 8).
const (
	tiffBitsPerSample   = 258
	tiffFillOrder       = 266
	tiffOrientation     = 274
	tiffSamplesPerPixel = 277
	tiffPlanar          = 284
	tiffPredictor       = 317
	tiffColorMap        = 320
	tiffExtraSamples    = 338
	tiffSampleFormat    = 339
)

// openFirstTIFF returns a file in memory and its first directory.
func openFirstTIFF(src []byte) (*container.TIFF, container.Directory, error) {
	t, err := container.OpenTIFF(bytes.NewReader(src), int64(len(src)))
	if err != nil {
		return nil, container.Directory{}, err
	}
	first, err := t.Directory(t.First)
	return t, first, err
}

// readTIFFHeader reads the directories of a file, which may stand anywhere.
func readTIFFHeader(info *Info, file io.ReaderAt, size int64) error {
	t, err := container.OpenTIFF(file, size)
	if err != nil {
		return err
	}
	if kind, ok := rawTIFF(t); ok {
		return rawRefusal(kind)
	}
	first, err := t.Directory(t.First)
	if err != nil {
		return err
	}
	if info.Frames, err = countPages(t, first); err != nil {
		return err
	}
	if n := t.Number(first, tiffOrientation, 1); n >= 1 && n <= 8 {
		info.Orientation = int(n)
	}
	if err := checkTIFFKind(t, first, info.Frames); err != nil {
		return err
	}
	info.mends = mendsOf(t, first)
	config, err := xtiff.DecodeConfig(io.NewSectionReader(file, 0, size))
	if err != nil {
		return decodeFault(err)
	}
	info.StoredWidth, info.StoredHeight = config.Width, config.Height
	describeModel(info, config.ColorModel)
	_, info.Alpha = first.Field(tiffExtraSamples)
	return nil
}

// maxPages bounds how many directories are followed; the chain of a hostile file may be a circle.
const maxPages = 100

// countPages returns the number of pictures in a file, without smaller copies; at least 1.
func countPages(t *container.TIFF, first container.Directory) (pages int, err error) {
	for d, n := first, 0; n < maxPages; n++ {
		if t.Number(d, tiffSubfileType, 0)&1 == 0 {
			pages++
		}
		if d.Next == 0 {
			break
		}
		if d, err = t.Directory(d.Next); err != nil {
			return 0, err
		}
	}
	return max(pages, 1), nil
}
