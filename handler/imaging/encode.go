package imaging

import (
	"bytes"
	"context"
	"image"
	"image/gif"
	"image/png"
	"maps"
	"slices"

	"github.com/deepteams/webp"
	"golang.org/x/image/bmp"
	xtiff "golang.org/x/image/tiff"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/imaging/metadata"
	"imagepro/handler/recipe"
)

// outputFormat returns the format of the result.
func outputFormat(info Info, out recipe.Output) Format {
	if out.Format == recipe.Keep {
		return info.Format
	}
	return Format(out.Format) // the words are the same
}

// longestSide returns how many pixels a side of a format's pictures may have.
func longestSide(f Format) int {
	switch f {
	case WebP:
		return 16383 // 14 bits (RFC 9649)
	case JPEG, GIF:
		return 65535
	}
	return 1<<31 - 1
}

// warnings is a set of words.
type warnings map[string]bool

func (w warnings) sorted() []string { return slices.Sorted(maps.Keys(w)) }

// writer encodes one result.
type writer struct {
	*plan
	output recipe.Output
	src    []byte
	memory int64  // bytes that may be used
	mark   string // the recipe's hash, if results are marked

	verifies bool // whether the result is verified
	quality  int  // that the result was coded with
	// verify compares a result with what was meant. Each way to a result sets it.
	verify func(ctx context.Context, file []byte) error
}

// write encodes the picture and puts the metadata of its source in.
func (w *writer) write(ctx context.Context, m *image.NRGBA) ([]byte, error) {
	if w.info.Bits > 8 {
		w.warnings[WarnDepthReduced] = true
	}
	if !hasAlpha(w.format) {
		w.flatten(m)
	}
	if w.format == GIF {
		w.threshold(m)
	}
	pixels, err := w.narrowest(ctx, m)
	if err != nil {
		return nil, err
	}
	w.expect(pixels)
	blocks := w.metadata(pixels)
	return w.short(ctx, func(quality int) ([]byte, error) { return w.encoded(ctx, pixels, blocks, quality) })
}

// short returns the file at the quality asked for or, if it has to be shorter, at a lower one.
func (w *writer) short(ctx context.Context, encoded func(quality int) ([]byte, error)) ([]byte, error) {
	w.quality = w.output.Quality
	file, err := encoded(w.quality)
	if err != nil || w.output.MaxBytes == 0 || len(file) <= w.output.MaxBytes {
		return file, err
	}
	return w.fitting(ctx, encoded, len(file))
}

// encoded returns the whole file at a quality.
func (w *writer) encoded(ctx context.Context, pixels image.Image, blocks metadata.Blocks, quality int) ([]byte, error) {
	to := unended{ctx: ctx}
	if err := guarded(func() error { return w.encode(&to, pixels, quality) }); err != nil {
		return nil, err
	}
	return w.attach(to.Bytes(), blocks), nil
}

// fitting returns the file at the greatest quality at which it is as short as it has to be; length is that at the
// quality asked for.
func (w *writer) fitting(ctx context.Context, encoded func(quality int) ([]byte, error), length int) ([]byte, error) {
	lossy := w.format == JPEG || w.format == WebP
	var best []byte
	for low, high := w.output.MinQuality, w.output.Quality-1; lossy && low <= high; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		quality := (low + high) / 2
		if best == nil {
			quality = low // does it fit at all?
		}
		file, err := encoded(quality)
		switch {
		case err != nil:
			return nil, err
		case len(file) <= w.output.MaxBytes:
			best, low, w.quality = file, quality+1, quality
		case best == nil:
			low, length = high+1, len(file)
		default:
			high = quality - 1
		}
	}
	if best == nil {
		return nil, fault.Newf(fault.TooLarge, "The result has %d bytes at the least; it may have %d.", length,
			w.output.MaxBytes).
			Over(fault.LimitMaxBytes).At("/output/maxBytes")
	}
	w.warnings[WarnQualityReduced] = true
	return best, nil
}

// hasAlpha reports whether a format keeps transparency. Few programs look at that of BMP files.
func hasAlpha(f Format) bool { return f != JPEG && f != BMP }

// unended takes what an encoder writes until its context is done, which ends the encoder.
type unended struct {
	ctx context.Context
	bytes.Buffer
}

func (u *unended) Write(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Buffer.Write(p)
}

func (w *writer) encode(to *unended, m image.Image, quality int) error {
	switch w.format {
	case JPEG:
		return w.encodeJPEG(&to.Buffer, m, quality)
	case PNG:
		level := png.BestSpeed
		if w.output.Compression == recipe.Small {
			level = png.BestCompression
		}
		return (&png.Encoder{CompressionLevel: level}).Encode(to, m)
	case GIF:
		paletted := m.(*image.Paletted) // see narrowest
		return gif.Encode(to, paletted, &gif.Options{NumColors: len(paletted.Palette)})
	case WebP:
		return webp.Encode(to, m, webpOptions(quality))
	case TIFF:
		return xtiff.Encode(to, whole(m), &xtiff.Options{Compression: xtiff.Deflate, Predictor: true})
	default:
		return bmp.Encode(to, m)
	}
}

// whole returns a picture whose last row is as long as the others in memory: the encoder of TIFF steps over the end of
// views.
func whole(m image.Image) image.Image {
	if n, ok := m.(*image.NRGBA); ok && len(n.Pix) < n.Stride*n.Rect.Dy() {
		return copied(n)
	}
	return m
}

func (w *writer) encodeJPEG(to *bytes.Buffer, m image.Image, quality int) error {
	o := jpegcodec.Options{Quality: quality, Progressive: w.output.Progressive,
		FullChroma: w.output.Chroma == recipe.FullChroma}
	_, gray := m.(*image.Gray)
	if o.Progressive && !jpegcodec.Turbo {
		w.warnings[WarnProgressiveMissing] = true
	}
	if o.FullChroma && !gray && !jpegcodec.Turbo {
		w.warnings[WarnChromaHalved] = true
	}
	return jpegcodec.Encode(to, m, o)
}

// webpOptions asks for method 2, a seventh more bytes than the default: from method 3 on the encoder's
// result depends on the number of processors (v1.2.5, internal/lossy EncodeFrame).
func webpOptions(quality int) *webp.EncoderOptions {
	o := webp.DefaultOptions()
	o.Quality = float32(quality)
	o.Method = 2
	return o
}

// flatten lays the picture on the background.
func (w *writer) flatten(m *image.NRGBA) {
	if m.Opaque() {
		return
	}
	w.warnings[WarnAlphaFlattened] = true
	b := w.output.Background
	eachRow(m, func(_ int, row []byte) {
		for i := 0; i < len(row); i += 4 {
			a := uint32(row[i+3])
			row[i] = mix(row[i], b.R, a)
			row[i+1] = mix(row[i+1], b.G, a)
			row[i+2] = mix(row[i+2], b.B, a)
			row[i+3] = 255
		}
	})
}

// mix returns a share of a/255 of over and the rest of under, rounded.
func mix(over, under uint8, a uint32) uint8 {
	return uint8((uint32(over)*a + uint32(under)*(255-a) + 127) / 255)
}

// narrowest returns the picture as the format and the recipe ask for it, or else in the way its source was stored, if
// it still fits: as one channel, or as indices. A PNG in another way would be several times as long.
func (w *writer) narrowest(ctx context.Context, m *image.NRGBA) (image.Image, error) {
	gray, colors := w.gray(m), w.output.Palette.Colors
	switch {
	case gray != nil && (w.format != PNG || colors == 0 || colors == mostColors):
		return gray, nil
	case w.format == GIF, w.format == PNG && colors > 0:
		return w.indexed(ctx, m)
	case w.format == PNG && w.info.Palette:
		if paletted := withColors(m, nil, mostColors); paletted != nil {
			return paletted, nil
		}
	}
	return m, nil
}

// gray returns the picture as one channel if its source and its format are so and it is gray and opaque,
// else nil.
func (w *writer) gray(m *image.NRGBA) *image.Gray {
	if !w.info.Gray || w.format == GIF || w.format == WebP {
		return nil
	}
	gray := image.NewGray(m.Rect)
	same := true
	eachRow(m, func(y int, row []byte) {
		to := gray.Pix[y*gray.Stride:]
		for x := range len(row) / 4 {
			p := row[x*4 : x*4+4]
			to[x] = p[0]
			same = same && p[0] == p[1] && p[1] == p[2] && p[3] == 255
		}
	})
	if !same {
		return nil
	}
	return gray
}
