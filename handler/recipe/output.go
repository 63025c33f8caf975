package recipe

import "image/color"

// Format is a file format that a result may be asked for in.
type Format string

// The formats.
const (
	Keep Format = "keep" // that of the source
	JPEG Format = "jpeg"
	PNG  Format = "png"
	GIF  Format = "gif"
	WebP Format = "webp"
	TIFF Format = "tiff"
	BMP  Format = "bmp"
)

// Formats are all formats of files.
var Formats = []Format{JPEG, PNG, GIF, WebP, TIFF, BMP}

// moves reports whether files of a format can be animated; those that are kept are.
func (f Format) moves() bool { return f == Keep || f == GIF || f == WebP }

// Compression is what a PNG file is made for.
type Compression string

// The compressions. Neither loses anything.
const (
	Fast  Compression = "fast"
	Small Compression = "small" // a quarter shorter, in several times the time
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
	// Compression is that of PNG.
	Compression Compression
	// MaxBytes is how long the file may be; 0 for any length. The quality is lowered for it, to MinQuality at the least.
	MaxBytes   int
	MinQuality int
	// MinSavings is by how many percent the file has to get shorter, or it stays as it is; below 0 for not at all.
	MinSavings float64
	// Background lies behind pictures with transparency when the format has none. It is opaque.
	Background color.NRGBA
	Metadata   MetadataMode
	StripGPS   bool // whether where the picture was taken is left out
}

func parseOutput(o *object) Output {
	out := Output{
		Format:     word(o, "format", Keep, append([]Format{Keep}, Formats...)...),
		Quality:    o.integer("quality", 85, 1, 100),
		MaxBytes:   o.integer("maxBytes", 0, 0, 1_000_000_000),
		Background: o.color("background", "#ffffff"),
	}
	if out.Compression = Fast; o.has("compression") {
		out.Compression = word(o, "compression", "", Fast, Small)
	}
	if out.Compression == Fast {
		delete(o.canonical, "compression")
	}
	out.MinQuality = o.integer("minQuality", float64(min(40, out.Quality)), 1, 100)
	if out.MaxBytes > 0 && out.MinQuality > out.Quality {
		o.report("minQuality", "The least quality is above the quality, %d.", out.Quality)
	}
	if out.MaxBytes == 0 {
		delete(o.canonical, "maxBytes")
		delete(o.canonical, "minQuality") // says nothing
	}
	out.MinSavings = -1
	if o.has("minSavingsPercent") {
		out.MinSavings = o.number("minSavingsPercent", required, 0, 99)
	}
	if out.Background.A != 255 {
		o.report("background", "The background of the output has to be opaque.")
	}
	metadata := o.object("metadata")
	out.Metadata = word(metadata, "mode", KeepAll, KeepAll, KeepCopyright, KeepNone)
	if metadata.has("stripGps") {
		out.StripGPS = metadata.boolean("stripGps", false)
	}
	if !out.StripGPS {
		delete(metadata.canonical, "stripGps")
	}
	metadata.close()
	return out
}
