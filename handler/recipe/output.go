package recipe

import "image/color"

// Format is a file format that a result may be asked for in.
type Format string

// The formats.
const (
	Keep Format = "keep" // that of the source
	JPEG Format = "jpeg"
	PNG  Format = "png"
)

// MetadataMode is how much a result tells about its picture besides the pixels.
type MetadataMode string

// The modes. The colour profile stays in all of them, because colours are wrong without it.
const (
	KeepAll       MetadataMode = "keep"      // EXIF, XMP and IPTC, brought up to date
	KeepCopyright MetadataMode = "copyright" // the artist and the copyright
	KeepNone      MetadataMode = "none"
)

// Output says what is written.
type Output struct {
	Format  Format
	Quality int // of JPEG and lossy WebP, from 1 to 100
	// Background lies behind pictures with transparency when the format has none. It is opaque.
	Background color.NRGBA
	Metadata   MetadataMode
}

func parseOutput(o *object) Output {
	out := Output{
		Format:     word(o, "format", Keep, Keep, JPEG, PNG),
		Quality:    o.integer("quality", 85, 1, 100),
		Background: o.color("background", "#ffffff"),
	}
	if out.Background.A != 255 {
		o.report("background", "The background of the output has to be opaque.")
	}
	metadata := o.object("metadata")
	out.Metadata = word(metadata, "mode", KeepAll, KeepAll, KeepCopyright, KeepNone)
	metadata.close()
	return out
}
