package imaging

import (
	"context"
	"image"

	"imagepro/handler/imaging/metadata"
	"imagepro/handler/recipe"
)

// metadata returns what the result tells about the picture. A colour profile stays only where it describes
// the pixels that are written.
func (w *writer) metadata(pixels image.Image) metadata.Blocks {
	b := w.updated()
	space := "RGB "
	if _, ok := pixels.(*image.Gray); ok {
		space = "GRAY"
	}
	if len(b.ICC) > 0 && b.ColorSpace() != space {
		b.ICC = nil
		if !w.info.CMYK {
			w.warnings[WarnProfileDropped] = true
		}
	}
	return b
}

// updated returns the metadata of the source as they are true of the result.
func (w *writer) updated() metadata.Blocks { return w.change(w.plan.size, 1) }

// change returns the metadata of the source for a picture of a size, which lies in the file in an orientation.
func (w *writer) change(size image.Point, orientation int) metadata.Blocks {
	mode := metadata.All
	switch w.output.Metadata {
	case recipe.KeepCopyright:
		mode = metadata.Copyright
	case recipe.KeepNone:
		mode = metadata.None
	}
	b := metadata.Read(string(w.info.Format), w.src)
	b = b.Update(metadata.Change{
		Width:       size.X,
		Height:      size.Y,
		Orientation: orientation,
		Mode:        mode,
		DropGPS:     w.output.StripGPS,
		Set:         w.texts(),
		TakesIPTC:   metadata.TakesIPTC(string(w.format)),
		SRGB:        w.plan.dropsProfile,
		Mark:        w.mark,
		Moved:       orientation == 1 && w.moves(),
		Hidden:      w.hides(),
	})
	if b.Lost || w.format != w.info.Format && b.HasText() {
		w.warnings[WarnMetadataDropped] = true
	}
	if b.Credential {
		w.warnings[WarnCredentialDropped] = true
	}
	return b
}

// keepsMetadata reports whether the metadata of the file stay as they are.
func (w *writer) keepsMetadata() bool {
	if w.plan.dropsProfile {
		return false
	}
	if w.output.Metadata != recipe.KeepAll || !w.output.StripGPS && w.plan.set == nil {
		return w.output.Metadata == recipe.KeepAll
	}
	if w.output.StripGPS && metadata.TellsPlace(string(w.info.Format), w.src) {
		return false
	}
	b := metadata.Read(string(w.info.Format), w.src)
	return b.Set(w.texts(), metadata.TakesIPTC(string(w.format))).Equal(b)
}

// attach puts blocks into an encoded file.
func (w *writer) attach(file []byte, b metadata.Blocks) []byte {
	with, ok := w.put(file, b)
	if !ok {
		w.warnings[WarnMetadataDropped] = true
		return file
	}
	return with
}

// put returns a file with blocks, as far as its format has a place for them. It reports false if the file's structure
// does not allow it.
func (w *writer) put(file []byte, b metadata.Blocks) (_ []byte, ok bool) {
	lost := false
	var err error
	switch w.format {
	case JPEG:
		file, lost = metadata.WriteJPEG(file, b)
	case PNG:
		file, lost = metadata.WritePNG(file, b)
	case WebP:
		file, lost = metadata.WriteWebP(file, b)
	case TIFF:
		file, lost, err = metadata.WriteTIFF(file, b)
	case GIF:
		file, lost = metadata.WriteGIF(file, b)
		if len(b.ICC) > 0 {
			w.warnings[WarnProfileDropped] = true
		}
	default:
		lost = !b.IsEmpty()
		if len(b.ICC) > 0 {
			w.warnings[WarnProfileDropped] = true
		}
	}
	if lost {
		w.warnings[WarnMetadataDropped] = true
	}
	return file, err == nil
}

// coded returns the result without decoding the picture, if that can be.
func (w *writer) coded() (file []byte, ok bool) {
	switch {
	case w.isEmpty() && w.canRewrite():
		return w.rewrite(w.updated(), 1)
	case w.format == w.info.Format:
		return w.lossless()
	}
	return nil, false
}

// canRewrite reports whether metadata can be changed around the coded picture, without coding it again.
func (w *writer) canRewrite() bool {
	return w.format == w.info.Format && w.format != BMP
}

// rewrite returns the source with other metadata, which say an orientation. It reports false if the file's structure
// does not allow it.
func (w *writer) rewrite(b metadata.Blocks, orientation int) (file []byte, ok bool) {
	w.verify = func(_ context.Context, file []byte) error { return w.verifyRewritten(file, orientation) }
	file, lost, err := metadata.Rewrite(string(w.format), w.src, b, metadata.Rewriting{
		Bare: w.output.Metadata != recipe.KeepAll, DropGPS: w.output.StripGPS,
	})
	if lost && w.output.Metadata == recipe.KeepAll {
		w.warnings[WarnMetadataDropped] = true
	}
	return file, err == nil
}
