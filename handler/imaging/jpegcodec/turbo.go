//go:build cgo && turbo

package jpegcodec

/*
#cgo LDFLAGS: -l:libturbojpeg.a -lm
#include <turbojpeg.h>
*/
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"unsafe"
)

// Turbo reports whether libjpeg-turbo is built in.
const Turbo = true

// Name is what decodes and encodes.
const Name = "libjpeg-turbo"

// Decode decodes a file of a size, that of its header, at 1, 1/2, 1/4 or 1/8 of it, with chroma upsampled smoothly. It
// cannot be ended on the way. The error is ErrNotTaken, with a reason.
func Decode(src []byte, size image.Point, denominator int) (*image.NRGBA, error) {
	if len(src) == 0 || size.X < 1 || size.Y < 1 {
		return nil, ErrNotTaken
	}
	handle := C.tjInitDecompress()
	if handle == nil {
		return nil, ErrNotTaken
	}
	defer C.tjDestroy(handle)
	file, length := (*C.uchar)(unsafe.Pointer(&src[0])), C.ulong(len(src))
	var width, height, subsampling, space C.int
	if C.tjDecompressHeader3(handle, file, length, &width, &height, &subsampling, &space) != 0 {
		return nil, notTaken(handle)
	}
	if size != image.Pt(int(width), int(height)) {
		return nil, fmt.Errorf("%w: another size", ErrNotTaken)
	}
	if space == C.TJCS_CMYK || space == C.TJCS_YCCK {
		return nil, fmt.Errorf("%w: printing colours", ErrNotTaken)
	}
	m := image.NewNRGBA(image.Rectangle{Max: Scaled(size, denominator)})
	if C.tjDecompress2(handle, file, length, (*C.uchar)(unsafe.Pointer(&m.Pix[0])), C.int(m.Rect.Dx()), C.int(m.Stride), C.int(m.Rect.Dy()),
		C.TJPF_RGBA, C.TJFLAG_ACCURATEDCT|C.TJFLAG_STOPONWARNING) != 0 {
		return nil, notTaken(handle)
	}
	return m, nil
}

// Encode writes an opaque picture in colour, or a gray one.
func Encode(to *bytes.Buffer, m image.Image, o Options) error {
	handle := C.tjInitCompress()
	if handle == nil {
		return errors.New("jpegcodec: no room for an encoder")
	}
	defer C.tjDestroy(handle)
	var pixels []byte
	var stride int
	kind, subsampling, flags := C.int(C.TJPF_RGBA), C.int(C.TJSAMP_420), C.int(C.TJFLAG_ACCURATEDCT)
	if o.FullChroma {
		subsampling = C.TJSAMP_444
	}
	if o.Progressive {
		flags |= C.TJFLAG_PROGRESSIVE
	}
	switch m := m.(type) {
	case *image.Gray:
		pixels, stride, kind, subsampling = m.Pix, m.Stride, C.TJPF_GRAY, C.TJSAMP_GRAY
	case *image.NRGBA:
		pixels, stride = m.Pix, m.Stride
	default:
		return fmt.Errorf("jpegcodec: %T is not written", m)
	}
	size := m.Bounds().Size()
	if len(pixels) == 0 {
		return errors.New("jpegcodec: an empty picture is not written")
	}
	var file *C.uchar
	var length C.ulong
	defer func() { C.tjFree(file) }()
	if C.tjCompress2(handle, (*C.uchar)(unsafe.Pointer(&pixels[0])), C.int(size.X), C.int(stride), C.int(size.Y), kind,
		&file, &length, subsampling, C.int(o.Quality), flags) != 0 {
		return fmt.Errorf("jpegcodec: %s", C.GoString(C.tjGetErrorStr2(handle)))
	}
	to.Write(unsafe.Slice((*byte)(unsafe.Pointer(file)), int(length)))
	return nil
}

// Transform turns a file and cuts it to a rectangle of what comes out, without decoding it: no level changes. An empty
// rectangle cuts nothing. Its upper left corner has to lie between blocks, and so do edges that come to lie there;
// if they do not, or the file is one that Decode does not take, the error is ErrNotTaken. No metadata is in the result.
func Transform(src []byte, turn Turn, part image.Rectangle, progressive bool) ([]byte, error) {
	if len(src) == 0 {
		return nil, ErrNotTaken
	}
	handle := C.tjInitTransform()
	if handle == nil {
		return nil, ErrNotTaken
	}
	defer C.tjDestroy(handle)
	var job C.tjtransform
	job.op = [...]C.int{
		Upright: C.TJXOP_NONE, FlipHorizontal: C.TJXOP_HFLIP, FlipVertical: C.TJXOP_VFLIP, Rotate180: C.TJXOP_ROT180,
		Transpose: C.TJXOP_TRANSPOSE, Transverse: C.TJXOP_TRANSVERSE, Rotate90: C.TJXOP_ROT90, Rotate270: C.TJXOP_ROT270,
	}[turn]
	job.options = C.TJXOPT_PERFECT | C.TJXOPT_COPYNONE
	if progressive {
		job.options |= C.TJXOPT_PROGRESSIVE
	}
	if !part.Empty() {
		job.options |= C.TJXOPT_CROP
		job.r = C.tjregion{x: C.int(part.Min.X), y: C.int(part.Min.Y), w: C.int(part.Dx()), h: C.int(part.Dy())}
	}
	var file *C.uchar
	var length C.ulong
	defer func() { C.tjFree(file) }()
	if C.tjTransform(handle, (*C.uchar)(unsafe.Pointer(&src[0])), C.ulong(len(src)), 1, &file, &length, &job, C.TJFLAG_STOPONWARNING) != 0 {
		return nil, notTaken(handle)
	}
	return C.GoBytes(unsafe.Pointer(file), C.int(length)), nil
}

func notTaken(handle C.tjhandle) error {
	return fmt.Errorf("%w: %s", ErrNotTaken, C.GoString(C.tjGetErrorStr2(handle)))
}
