package imaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	xtiff "golang.org/x/image/tiff"
	xwebp "golang.org/x/image/webp"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/jpegcodec"
)

// decode decodes a file that Inspect accepted. The picture is as the file stores it; its size is the one of
// the header, or one part of it of a denominator. It stops soon after ctx is done. With jpegcodec.ErrNotTaken the file
// has to be decoded without libjpeg-turbo.
func decode(ctx context.Context, src []byte, info Info, denominator int) (image.Image, error) {
	if info.turbo {
		m, err := jpegcodec.Decode(src, image.Pt(info.StoredWidth, info.StoredHeight), denominator)
		if err != nil {
			return nil, err
		}
		return m, ctx.Err()
	}
	r := &reader{ctx: ctx, Reader: bytes.NewReader(src)}
	var m image.Image
	err := guarded(func() (err error) {
		if info.mends.fax3 {
			m, err = decodeG3(ctx, src, info)
		} else {
			m, err = decodeFormat(r, info.Format)
		}
		return err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, decodeFault(err)
	}
	size := m.Bounds().Size()
	if info.Format == GIF {
		return m, nil // the first frame may be smaller than the screen
	}
	if size != image.Pt(info.StoredWidth, info.StoredHeight) {
		return nil, fault.New(fault.Invalid, "The file is damaged: its header and its pixels differ in size.", nil)
	}
	switch info.Format {
	case WebP:
		return colored(ctx, m)
	case TIFF:
		info.mends.apply(m)
	}
	return m, nil
}

// guarded makes a panic of a decoder an error: one damaged file must not end the work on others.
func guarded(work func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the decoder panicked: %v", r)
		}
	}()
	return work()
}

func decodeFormat(r *reader, format Format) (image.Image, error) {
	switch format {
	case JPEG:
		return jpeg.Decode(r)
	case PNG:
		return png.Decode(r)
	case GIF:
		return gif.Decode(r)
	case WebP:
		return xwebp.Decode(r)
	case TIFF:
		return xtiff.Decode(r)
	default:
		return bmp.Decode(r)
	}
}

// reader fails once its context is done, which ends a decoder that reads on. TIFF reads through ReadAt.
type reader struct {
	ctx context.Context
	*bytes.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func (r *reader) ReadByte() (byte, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.ReadByte()
}

func (r *reader) ReadAt(p []byte, at int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.ReadAt(p, at)
}

// decodeFault turns a decoder's error into a fault.
func decodeFault(err error) error {
	var noJPEG jpeg.UnsupportedError
	var noPNG png.UnsupportedError
	var noTIFF xtiff.UnsupportedError
	switch {
	case errors.As(err, &noJPEG), errors.As(err, &noPNG), errors.As(err, &noTIFF), errors.Is(err, bmp.ErrUnsupported):
		return fault.New(fault.Unsupported, "The file uses a variant of its format that is not edited.", err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fault.New(fault.Invalid, "The file is cut off.", err)
	}
	return fault.New(fault.Invalid, "The file is damaged.", err)
}
