package imaging

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"slices"

	"golang.org/x/image/bmp"
	xwebp "golang.org/x/image/webp"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/container"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/imaging/metadata"
)

// readJPEGHeader walks all segments: the frame header has the sides, and only the whole walk finds the
// number of scans and a missing end.
func readJPEGHeader(info *Info, src []byte, limits Limits) error {
	scans := 0
	for s, err := range container.JPEG(src) {
		switch {
		case err != nil:
			return err
		case info.Bits == 0 && readJPEGFrame(info, s):
		case s.Marker == container.SOS:
			scans++
		}
	}
	if scans > limits.Scans {
		return fault.Newf(fault.TooLarge, "The JPEG file has %d scans; at most %d are decoded.", scans,
			limits.Scans).Over(fault.LimitScans)
	}
	if scans == 0 || info.Bits < 2 || info.Bits > 16 { // ITU-T T.81, table B.2
		return container.ErrMalformed
	}
	info.scans = scans
	info.turbo = jpegcodec.Turbo && !info.CMYK && info.Bits == 8 && scans <= turboScans
	info.Orientation = metadata.Orientation(metadata.FindJPEGExif(src))
	return nil
}

// turboScans is how many scans libjpeg-turbo decodes, which nothing ends on the way. The standard library, which ends
// with the context, has the others.
const turboScans = 20

// readJPEGFrame reads a frame header, and reports whether the segment is one.
func readJPEGFrame(info *Info, s container.Segment) bool {
	if !s.IsFrame() || len(s.Data) < 6 {
		return false
	}
	info.Bits = int(s.Data[0])
	info.StoredHeight = int(binary.BigEndian.Uint16(s.Data[1:]))
	info.StoredWidth = int(binary.BigEndian.Uint16(s.Data[3:]))
	info.Gray, info.CMYK = s.Data[5] == 1, s.Data[5] == 4
	return true
}

// pngBits are how many bits a channel, or an index, may have in each kind of colour (PNG, third edition, section
// 11.2.1).
var pngBits = map[byte][]int{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}

func readPNGHeader(info *Info, src []byte) error {
	for c, err := range container.PNG(src) {
		if err != nil {
			return err
		}
		switch c.Name {
		case "IHDR":
			if len(c.Data) != 13 {
				return container.ErrMalformed
			}
			info.StoredWidth = int(binary.BigEndian.Uint32(c.Data))
			info.StoredHeight = int(binary.BigEndian.Uint32(c.Data[4:]))
			info.Bits = int(c.Data[8])
			if !slices.Contains(pngBits[c.Data[9]], info.Bits) {
				return container.ErrMalformed
			}
			info.Alpha = c.Data[9]&4 != 0
			info.Gray = c.Data[9]&3 == 0
			info.Palette = c.Data[9] == 3
		case "PLTE":
			info.colors = len(c.Data) / 3
		case "tRNS":
			info.Alpha = true
		case "acTL":
			if len(c.Data) >= 4 {
				info.Frames = int(binary.BigEndian.Uint32(c.Data))
			}
			info.Animated = true
		case "eXIf":
			info.Orientation = metadata.Orientation(c.Data)
		}
	}
	return nil
}

func readGIFHeader(info *Info, src []byte) error {
	info.Frames, info.Bits, info.Palette = 0, 8, true
	cleared := false // whether something is taken away between two frames
	for b, err := range container.GIF(src) {
		if err != nil {
			return err
		}
		switch b.Kind {
		case container.Screen:
			info.StoredWidth, info.StoredHeight = b.GIFSize()
			info.colors = b.GIFColors()
		case container.GraphicControl:
			info.Alpha = info.Alpha || b.Data[0]&1 != 0
			cleared = cleared || disposalOf(b) == clears
		case container.Frame:
			info.Frames++
			info.colors = max(info.colors, b.GIFColors())
			full := b.GIFPlace().Size() == image.Pt(info.StoredWidth, info.StoredHeight)
			info.Alpha = info.Alpha || info.Frames == 1 && !full // around a smaller frame the screen stays empty
		}
	}
	if info.Frames == 0 {
		return container.ErrMalformed
	}
	info.Animated = info.Frames > 1
	info.Alpha = info.Alpha || info.Animated && cleared
	return nil
}

func readWebPHeader(info *Info, src []byte) error {
	info.Bits, info.Frames = 8, 0
	frames := 0 // of an animation
	for c, err := range container.WebP(src) {
		if err != nil {
			return err
		}
		switch c.Name {
		case "VP8X":
			if len(c.Data) < 10 {
				return container.ErrMalformed
			}
			info.Animated, info.Alpha = c.Data[0]&container.WebPMoves != 0, c.Data[0]&container.WebPAlpha != 0
			info.StoredWidth, info.StoredHeight = container.U24(c.Data[4:])+1, container.U24(c.Data[7:])+1
		case "VP8 ", "VP8L":
			info.Frames++
		case "ANMF":
			frames++
		case "ANIM":
			info.Animated = true
		case "EXIF":
			info.Orientation = metadata.Orientation(metadata.TrimExif(c.Data))
		}
	}
	if info.Animated {
		info.Frames = frames
	}
	if info.Frames == 0 {
		return container.ErrTruncated
	}
	if info.Animated {
		return nil // x/image/webp does not read these
	}
	config, err := xwebp.DecodeConfig(bytes.NewReader(src))
	if err != nil {
		return err
	}
	info.StoredWidth, info.StoredHeight = config.Width, config.Height
	info.Alpha = config.ColorModel != color.YCbCrModel
	return nil
}

func readBMPHeader(info *Info, src []byte) error {
	config, err := bmp.DecodeConfig(bytes.NewReader(src))
	if err != nil {
		return decodeFault(err)
	}
	info.StoredWidth, info.StoredHeight = config.Width, config.Height
	describeModel(info, config.ColorModel)
	return nil
}

// describeModel derives the channels from the colour model that a decoder announces.
func describeModel(info *Info, model color.Model) {
	info.Bits = 8
	switch model {
	case color.GrayModel:
		info.Gray = true
	case color.Gray16Model:
		info.Gray, info.Bits = true, 16
	case color.RGBA64Model, color.NRGBA64Model:
		info.Bits = 16
	}
	switch model {
	case color.NRGBAModel, color.NRGBA64Model:
		info.Alpha = true
	}
	_, info.Palette = model.(color.Palette)
}
