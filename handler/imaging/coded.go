package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"slices"

	"imagepro/handler/imaging/container"
)

// What pixels need is listed here once more, apart from the lists by which package metadata writes: a check that shared
// them would share their faults.

// verifyRewritten compares a file of which only the metadata were written anew with its source: the coded picture is
// the same, byte by byte.
func (w *writer) verifyRewritten(file []byte, orientation int) error {
	after, err := w.verifyHeader(file, image.Pt(w.info.StoredWidth, w.info.StoredHeight), orientation, w.info.Frames)
	if err != nil {
		return err
	}
	if b := w.info; after.Bits != b.Bits || after.Alpha != b.Alpha || after.Gray != b.Gray || after.CMYK != b.CMYK ||
		after.Palette != b.Palette {
		return fmt.Errorf("pixels as in %+v were meant, %+v is found", b, after)
	}
	want, err := codedParts(w.format, w.src)
	if err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	got, err := codedParts(w.format, file)
	if err != nil {
		return err
	}
	if len(want) != len(got) {
		return fmt.Errorf("%d parts of the coded picture were meant, %d are found", len(want), len(got))
	}
	for i := range want {
		if want[i].name != got[i].name || !bytes.Equal(want[i].data, got[i].data) {
			return fmt.Errorf("part %d of the coded picture, %s of %d bytes, is found as %s of %d bytes",
				i, want[i].name, len(want[i].data), got[i].name, len(got[i].data))
		}
	}
	return nil
}

// codedPart is a piece of a file that its pixels need.
type codedPart struct {
	name string
	data []byte
}

// codedParts returns the pieces of a file that its pixels need, in their order, without what holds them together.
func codedParts(format Format, src []byte) ([]codedPart, error) {
	switch format {
	case JPEG:
		return codedJPEG(src)
	case PNG:
		return codedPNG(src)
	case WebP:
		return codedWebP(src)
	case GIF:
		return codedGIF(src)
	case TIFF:
		return codedTIFF(src)
	}
	return nil, fmt.Errorf("%s files are not rewritten", format)
}

// codedJPEG has frames, tables, scans with their coded data, and what Adobe's segment says of the colours.
func codedJPEG(src []byte) (all []codedPart, err error) {
	scan := -1 // where coded data starts
	for s, err := range container.JPEG(src) {
		if err != nil {
			return nil, err
		}
		if scan >= 0 {
			all = append(all, codedPart{"scan", src[scan:s.Start]})
			scan = -1
		}
		const dqt, dnl, dri = 0xDB, 0xDC, 0xDD
		switch {
		case s.Marker == container.SOS:
			scan = s.End
		case s.Marker == container.APP14 && len(s.Data) >= 12 && string(s.Data[:5]) == "Adobe":
			all = append(all, codedPart{"Adobe", s.Data[:12]})
			continue
		case s.IsFrame(), slices.Contains([]byte{container.DHT, container.DAC, dqt, dnl, dri}, s.Marker):
		default:
			continue
		}
		all = append(all, codedPart{fmt.Sprintf("segment %X", s.Marker), s.Data})
	}
	return all, nil
}

func codedPNG(src []byte) (all []codedPart, err error) {
	for c, err := range container.PNG(src) {
		if err != nil {
			return nil, err
		}
		if slices.Contains([]string{"IHDR", "PLTE", "tRNS", "IDAT", "IEND"}, c.Name) {
			all = append(all, codedPart{c.Name, src[c.Start:c.End]}) // with its check sum
		}
	}
	return all, nil
}

func codedWebP(src []byte) (all []codedPart, err error) {
	for c, err := range container.WebP(src) {
		if err != nil {
			return nil, err
		}
		switch c.Name {
		case "VP8 ", "VP8L", "ALPH", "ANIM":
			all = append(all, codedPart{c.Name, c.Data})
		case "ANMF":
			for f, err := range container.WebPFrame(c.Data) {
				if err != nil {
					return nil, err
				}
				if len(all) == 0 || all[len(all)-1].name != "ANMF" {
					all = append(all, codedPart{"ANMF", c.Data[:16]})
				}
				if slices.Contains([]string{"VP8 ", "VP8L", "ALPH"}, f.Name) {
					all = append(all, codedPart{f.Name, f.Data})
				}
			}
		}
	}
	return all, nil
}

// codedGIF has the screen, the frames with what controls them, and how often they are shown.
func codedGIF(src []byte) (all []codedPart, err error) {
	for b, err := range container.GIF(src) {
		if err != nil {
			return nil, err
		}
		switch _, loops := b.GIFLoops(); {
		case b.Kind == container.Screen, b.Kind == container.GraphicControl, b.Kind == container.Frame,
			b.Kind == container.Extension && loops:
			// without the version
			all = append(all, codedPart{fmt.Sprintf("block %X", byte(b.Kind)), src[max(b.Start, 6):b.End]})
		}
	}
	return all, nil
}

// codedTIFF has the tags of the first directory that say how its picture is stored, but for where, and the strips or
// tiles.
func codedTIFF(src []byte) (all []codedPart, err error) {
	t, d, err := openFirstTIFF(src)
	if err != nil {
		return nil, err
	}
	const most = 1 << 24 // of values
	for _, tag := range []uint16{256, 257, tiffBitsPerSample, tiffCompression, tiffPhotometric, tiffFillOrder,
		tiffSamplesPerPixel, 278, 279,
		tiffPlanar, 292, 293, tiffPredictor, tiffColorMap, 322, 323, 325, tiffExtraSamples, tiffSampleFormat} {
		if f, ok := d.Field(tag); ok {
			var values []byte
			for _, v := range t.Numbers(f, most) {
				values = binary.BigEndian.AppendUint32(values, v)
			}
			all = append(all, codedPart{fmt.Sprintf("tag %d", tag), values})
		}
	}
	for _, tags := range [][2]uint16{{273, 279}, {324, 325}} {
		places, ok := d.Field(tags[0])
		if !ok {
			continue
		}
		lengths, _ := d.Field(tags[1])
		starts, sizes := t.Numbers(places, most), t.Numbers(lengths, most)
		for i := range min(len(starts), len(sizes)) {
			all = append(all, codedPart{fmt.Sprintf("strip or tile %d", i), t.Bytes(int64(starts[i]), int64(sizes[i]))})
		}
	}
	return all, nil
}
