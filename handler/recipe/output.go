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

// Chroma is how finely a JPEG file stores colour beside light.
type Chroma string

// The chroma subsamplings.
const (
	HalfChroma Chroma = "4:2:0" // at half the width and height
	FullChroma Chroma = "4:4:4"
)

// Palette asks for few colours.
type Palette struct {
	Colors int     // at most, from 2 to 256; 0 for as many as the format holds
	Dither float64 // how much of the difference is spread over neighbours, from 0 to 1
}

// ColorProfile is what becomes of the colour profile of a file.
type ColorProfile string

// What becomes of a profile.
const (
	KeepProfile ColorProfile = "keep"
	ToSRGB      ColorProfile = "srgb" // pixels are converted, before the steps, and the profile goes
)

// MetadataMode is how much a result tells about its picture besides the pixels.
type MetadataMode string

// The modes. The colour profile is no part of them, because colours are wrong without it; see ColorProfile.
const (
	KeepAll       MetadataMode = "keep"      // EXIF, XMP and IPTC, brought up to date
	KeepCopyright MetadataMode = "copyright" // the artist and the copyright
	KeepNone      MetadataMode = "none"
)

// Output says what is written.
type Output struct {
	Format  Format
	Quality int // of JPEG and lossy WebP, from 1 to 100
	// Progressive writes JPEG from coarse to fine.
	Progressive bool
	Chroma      Chroma // of JPEG
	// Compression is that of PNG.
	Compression Compression
	Palette     Palette // of PNG and GIF
	// MaxBytes is how long the file may be; 0 for any length. The quality is lowered for it, to MinQuality at the
	// least.
	MaxBytes   int
	MinQuality int
	// MinSavings is by how many percent the file has to get shorter, or it stays as it is; below 0 for not at all.
	MinSavings float64
	// Loop is how often an animation is shown, 0 for ever, at most 65535; below 0 as often as the source.
	Loop         int
	ColorProfile ColorProfile
	// Background lies behind pictures with transparency when the format has none. It is opaque.
	Background color.NRGBA
	Metadata   MetadataMode
	StripGPS   bool // whether where the picture was taken is left out
	// SkipProcessed marks results, in XMP, with the hash of the recipe, and leaves pictures that bear its mark.
	SkipProcessed bool
	// Set are texts of the metadata, in every mode. They may hold placeholders; see Expand.
	Set map[Field][]string
}

func parseOutput(o *object) Output {
	out := Output{
		Format:     word(o, "format", Keep, append([]Format{Keep}, Formats...)...),
		Quality:    o.integer("quality", 85, 1, 100),
		MaxBytes:   o.integer("maxBytes", 0, 0, 1_000_000_000),
		Background: o.color("background", "#ffffff"),

		Progressive:  o.boolean("progressive", false),
		Chroma:       word(o, "chromaSubsampling", HalfChroma, HalfChroma, FullChroma),
		ColorProfile: word(o, "colorProfile", KeepProfile, KeepProfile, ToSRGB),
		Compression:  word(o, "compression", Fast, Fast, Small),
	}
	o.omit("progressive", !out.Progressive)
	o.omit("chromaSubsampling", out.Chroma == HalfChroma)
	o.omit("colorProfile", out.ColorProfile == KeepProfile)
	o.omit("compression", out.Compression == Fast)
	if o.has("palette") {
		palette := o.object("palette")
		out.Palette = Palette{Colors: palette.integer("colors", 256, 2, 256), Dither: palette.share("dither", 1)}
		palette.close()
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
	out.SkipProcessed = o.boolean("skipProcessed", false)
	o.omit("skipProcessed", !out.SkipProcessed)
	out.Loop = -1
	if o.has("loop") {
		out.Loop = o.integer("loop", required, 0, 65535)
	}
	if out.Background.A != 255 {
		o.report("background", "The background of the output has to be opaque.")
	}
	metadata := o.object("metadata")
	out.Metadata = word(metadata, "mode", KeepAll, KeepAll, KeepCopyright, KeepNone)
	out.StripGPS = metadata.boolean("stripGps", false)
	metadata.omit("stripGps", !out.StripGPS)
	out.Set = metadata.set("set")
	metadata.close()
	return out
}
