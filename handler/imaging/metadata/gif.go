package metadata

import (
	"bytes"
	"slices"

	"imagepro/handler/imaging/container"
)

// How the extensions of GIF start that are known: label, length and identifier.
const (
	commentGIF    = "\xFE"
	xmpGIF        = "\xFF\x0BXMP DataXMP" // XMP specification, part 3, section 1.1.2
	iccGIF        = "\xFF\x0BICCRGBG1012"
	netscapeGIF   = "\xFF\x0BNETSCAPE2.0"
	animextsGIF   = "\xFF\x0BANIMEXTS1.0"
	credentialGIF = "\xFF\x0BC2PA_GIF" // C2PA 2.1, annex A.3.3
	plainTextGIF  = "\x01"
)

// magicGIF ends XMP in GIF: whatever length a byte of it is taken for, the end is met.
func magicGIF() []byte {
	magic := []byte{1}
	for i := 0xFF; i >= 0; i-- {
		magic = append(magic, byte(i))
	}
	return append(magic, 0)
}

func isXMPGIF(b container.Block) bool {
	return b.Kind == container.Extension && bytes.HasPrefix(b.Data, []byte(xmpGIF))
}

// readGIF reads XMP and comments.
func readGIF(src []byte) Blocks {
	var b Blocks
	own := 0
	for block, err := range container.GIF(src) {
		if err != nil {
			break
		}
		if block.Kind != container.Extension {
			continue
		}
		switch {
		case isXMPGIF(block) && b.XMP == nil:
			packet, whole := bytes.CutSuffix(block.Data[len(xmpGIF):], magicGIF())
			if b.XMP = packet; !whole {
				b.XMP, b.Lost = nil, true
			}
		case bytes.HasPrefix(block.Data, []byte(credentialGIF)):
			b.Credential = true
		case bytes.HasPrefix(block.Data, []byte(commentGIF)):
			if own += len(block.Data); own > maxOwn {
				b.Lost = true
				continue
			}
			b.Own = append(b.Own, Part{Name: partComment, Data: block.Data})
		}
	}
	return b
}

// partComment names the comments of GIF, with their sub-blocks.
const partComment = "comment"

// stripGIF returns the file without XMP, comments, content credentials, what follows the picture and what keep refuses
// of extensions of further kinds. Frames, texts that are shown, how all that is shown, and colours stay.
func stripGIF(src []byte, keep func(data []byte) bool) (out []byte, err error) {
	for b, err := range container.GIF(src) {
		if err != nil {
			return nil, err
		}
		if b.Kind != container.Extension || staysGIF(b, keep) {
			out = append(out, src[b.Start:b.End]...)
		}
	}
	return out, nil
}

// staysGIF reports whether an extension stays.
func staysGIF(b container.Block, keep func(data []byte) bool) bool {
	starts := func(with string) bool { return bytes.HasPrefix(b.Data, []byte(with)) }
	if slices.ContainsFunc([]string{netscapeGIF, animextsGIF, iccGIF, plainTextGIF}, starts) {
		return true
	}
	return !slices.ContainsFunc([]string{xmpGIF, commentGIF, credentialGIF}, starts) && keep(b.Data)
}

// WriteGIF puts blocks into a file, behind its head. GIF has a place for XMP and comments: lost says whether there was
// more.
func WriteGIF(file []byte, b Blocks) (out []byte, lost bool) {
	lost = len(b.Exif)+len(b.IPTC)+len(b.ICC) > 0
	for block, err := range container.GIF(file) {
		if err != nil {
			return file, true
		}
		out = append(out, file[:block.End]...)
		for _, p := range b.Own {
			if p.Name == partComment {
				out = append(append(out, byte(container.Extension)), p.Data...)
			}
		}
		if len(b.XMP) > 0 {
			out = append(append(append(append(out, byte(container.Extension)), xmpGIF...), b.XMP...), magicGIF()...)
		}
		out = append(out, file[block.End:]...)
		if len(out) > 6 && string(out[:6]) == "GIF87a" && len(out) > len(file) {
			copy(out, "GIF89a") // which has extensions
		}
		break
	}
	return out, lost
}
