package metadata

import (
	"bytes"
	"compress/zlib"
	"io"
	"slices"

	"imagepro/handler/imaging/container"
)

// xmpKeyword names the text chunk that holds XMP (XMP specification, part 3, section 1.1.5).
const xmpKeyword = "XML:com.adobe.xmp"

// ownPNG lists the chunks that are carried from PNG to PNG. All others depend on how pixels are stored.
func ownPNG() []string {
	return []string{"cHRM", "cICP", "gAMA", "pHYs", "sRGB", "mDCV", "cLLI", "iTXt", "tEXt", "zTXt"}
}

// isPixelsPNG reports whether a chunk is needed to decode the pixels of a still picture.
func isPixelsPNG(name string) bool {
	return slices.Contains([]string{"IHDR", "PLTE", "tRNS", "sBIT", "IDAT", "IEND"}, name)
}

// credentialPNG is the chunk of content credentials (C2PA 2.1, annex A.3.2).
const credentialPNG = "caBX"

func readPNG(src []byte) Blocks {
	var b Blocks
	var raw []rawProfile
	own := 0
	for c, err := range container.PNG(src) {
		if err != nil {
			break
		}
		keyword, rest, _ := bytes.Cut(c.Data, []byte{0})
		switch {
		case c.Name == "eXIf":
			b.Exif = TrimExif(c.Data)
		case c.Name == "iCCP":
			b.ICC = b.keep(inflateICC(rest))
		case c.Name == "iTXt" && string(keyword) == xmpKeyword:
			b.XMP = b.keep(internationalText(rest))
		case c.Name == credentialPNG:
			b.Credential = true
		case Part{Name: c.Name}.isText() && bytes.HasPrefix(keyword, []byte(rawKeyword)):
			profile, ok := readRawProfile(Part{Name: c.Name, Data: c.Data})
			if b.Lost = b.Lost || !ok; ok {
				raw = append(raw, profile)
			}
		case slices.Contains(ownPNG(), c.Name):
			if own += len(c.Data); own > maxOwn {
				b.Lost = true
				continue
			}
			b.Own = append(b.Own, Part{Name: c.Name, Data: c.Data})
		}
	}
	for _, profile := range raw {
		b.takeRaw(profile)
	}
	return b
}

// inflateICC unpacks an iCCP chunk after its name.
func inflateICC(data []byte) ([]byte, error) {
	if len(data) < 1 || data[0] != 0 {
		return nil, errICC
	}
	return inflate(data[1:], maxICC)
}

// internationalText returns the text of an iTXt chunk after its keyword.
func internationalText(data []byte) ([]byte, error) {
	if len(data) < 2 {
		return nil, container.ErrMalformed
	}
	packed := data[0] == 1
	_, rest, ok := bytes.Cut(data[2:], []byte{0}) // the language
	_, text, ok2 := bytes.Cut(rest, []byte{0})    // the keyword in it
	if !ok || !ok2 {
		return nil, container.ErrMalformed
	}
	if packed {
		return inflate(text, maxBlock)
	}
	return text, nil
}

// inflate unpacks at most a number of bytes; one more tells the caller that it was longer.
func inflate(data []byte, most int64) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, most+1))
}

// WritePNG puts blocks into a file, after its header. PNG has no place for IPTC: lost says whether there was
// any. Parts of other formats are ignored.
func WritePNG(file []byte, b Blocks) (out []byte, lost bool) {
	const afterHeader = 8 + 12 + 13 // signature and IHDR
	out = append(make([]byte, 0, len(file)+len(b.Exif)+len(b.XMP)+len(b.ICC)+1024), file[:afterHeader]...)
	if len(b.ICC) > 0 {
		out = container.AppendPNG(out, "iCCP", deflateICC(b.ICC))
	}
	for _, p := range b.Own {
		if p.Name == "sRGB" && len(b.ICC) > 0 {
			continue // the specification allows one of the two
		}
		if slices.Contains(ownPNG(), p.Name) {
			out = container.AppendPNG(out, p.Name, p.Data)
		}
	}
	if len(b.Exif) > 0 {
		out = container.AppendPNG(out, "eXIf", b.Exif)
	}
	if len(b.XMP) > 0 {
		out = container.AppendPNG(out, "iTXt", append([]byte(xmpKeyword+"\x00\x00\x00\x00\x00"), b.XMP...))
	}
	return append(out, file[afterHeader:]...), len(b.IPTC) > 0
}

// deflateICC packs a profile as an iCCP chunk.
func deflateICC(profile []byte) []byte {
	to := bytes.NewBufferString("ICC Profile\x00\x00")
	w := zlib.NewWriter(to)
	_, _ = w.Write(profile) // a buffer takes everything
	_ = w.Close()
	return to.Bytes()
}

// stripPNG returns the file without the chunks that Read reads or that Write would write, without content credentials
// and without what keep refuses of the others. The pixels stay as they are stored.
func stripPNG(src []byte, keep func(data []byte) bool) []byte {
	out := append([]byte(nil), src[:8]...)
	dropped := append(ownPNG(), "eXIf", "iCCP", "tIME", credentialPNG)
	for c, err := range container.PNG(src) {
		if err != nil {
			break
		}
		if isPixelsPNG(c.Name) || !slices.Contains(dropped, c.Name) && keep(c.Data) {
			out = append(out, src[c.Start:c.End]...)
		}
	}
	return out
}
