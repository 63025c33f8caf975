package metadata

// Rewriting says what of a file stays besides its coded picture and the blocks that it gets.
type Rewriting struct {
	Bare    bool // nothing but what its pixels need
	DropGPS bool // nothing that tells where the picture was taken
}

// Rewrite returns a file with blocks instead of its own. The coded picture stays as it is. lost says that something
// could not stay; the error that the structure of the file does not allow it.
func Rewrite(format string, src []byte, b Blocks, how Rewriting) (out []byte, lost bool, err error) {
	refused := false
	keep := func(data []byte) bool {
		tells := how.DropGPS && placeWithin(data)
		refused = refused || tells && !how.Bare
		return !how.Bare && !tells
	}
	switch format {
	case "jpeg":
		out, lost = WriteJPEG(stripJPEG(src), b)
	case "png":
		out, lost = WritePNG(stripPNG(src, keep), b)
	case "webp":
		if out, err = stripWebP(src, keep); err == nil {
			out, lost = WriteWebP(out, b)
		}
	case "gif":
		if out, err = stripGIF(src, keep); err == nil {
			out, lost = WriteGIF(out, b)
		}
	case "tiff":
		out, lost, err = rewriteTIFF(src, b, how)
	default:
		err = errTIFF
	}
	return out, lost || refused, err
}

func rewriteTIFF(src []byte, b Blocks, how Rewriting) (out []byte, lost bool, err error) {
	gone := []uint16{tagCredential}
	if how.DropGPS {
		gone = append(gone, geoTags()...)
	}
	elsewhere := false // whether the place is told where fields alone do not end it
	if how.DropGPS && !how.Bare {
		elsewhere = placeElsewhere(src)
	}
	if how.Bare || elsewhere {
		if src, err = bareTIFF(src); err != nil {
			return nil, false, err
		}
	}
	out, lost, err = WriteTIFF(src, b, gone...)
	return out, lost || elsewhere, err
}
