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
	"runtime"
	"unsafe"
)

// Turbo reports whether libjpeg-turbo is built in.
const Turbo = true

// Name is what decodes and encodes.
const Name = "libjpeg-turbo"

// Decode decodes a file of a size, that of its header, at 1, 1/2, 1/4 or 1/8 of it, with chroma upsampled smoothly. It
// cannot be ended on the way. The error is ErrNotTaken, with a reason.
func Decode(src []byte, size image.Point, denominator int) (*image.NRGBA, error) {
	handle, _, _, err := opened(src, size)
	if err != nil {
		return nil, err
	}
	defer C.tjDestroy(handle)
	m := image.NewNRGBA(image.Rectangle{Max: Scaled(size, denominator)})
	if C.tjDecompress2(handle, (*C.uchar)(unsafe.Pointer(&src[0])), C.ulong(len(src)),
		(*C.uchar)(unsafe.Pointer(&m.Pix[0])), C.int(m.Rect.Dx()), C.int(m.Stride), C.int(m.Rect.Dy()),
		C.TJPF_RGBA, C.TJFLAG_ACCURATEDCT|C.TJFLAG_STOPONWARNING) != 0 {
		return nil, notTaken(handle)
	}
	return m, nil
}

// opened returns a decoder, to be destroyed, for a file of a size, and how its colours are stored.
func opened(src []byte, size image.Point) (handle C.tjhandle, subsampling, space C.int, err error) {
	if len(src) == 0 || size.X < 1 || size.Y < 1 {
		return nil, 0, 0, ErrNotTaken
	}
	if handle = C.tjInitDecompress(); handle == nil {
		return nil, 0, 0, ErrNotTaken
	}
	if subsampling, space, err = header(handle, src, size); err != nil {
		C.tjDestroy(handle)
		return nil, 0, 0, err
	}
	return handle, subsampling, space, nil
}

// header reads how the colours of a file of a size are stored.
func header(handle C.tjhandle, src []byte, size image.Point) (subsampling, space C.int, err error) {
	var width, height C.int
	if C.tjDecompressHeader3(handle, (*C.uchar)(unsafe.Pointer(&src[0])), C.ulong(len(src)), &width, &height,
		&subsampling, &space) != 0 {
		return 0, 0, notTaken(handle)
	}
	if size != image.Pt(int(width), int(height)) {
		return 0, 0, fmt.Errorf("%w: another size", ErrNotTaken)
	}
	if space == C.TJCS_CMYK || space == C.TJCS_YCCK {
		return 0, 0, fmt.Errorf("%w: printing colours", ErrNotTaken)
	}
	return subsampling, space, nil
}

// ratios are the proportions of luma to chroma whose planes are taken.
var ratios = map[C.int]image.YCbCrSubsampleRatio{
	C.TJSAMP_444: image.YCbCrSubsampleRatio444, C.TJSAMP_422: image.YCbCrSubsampleRatio422,
	C.TJSAMP_420: image.YCbCrSubsampleRatio420, C.TJSAMP_440: image.YCbCrSubsampleRatio440,
}

// DecodePlanes is Decode for a picture whose colours stay as the file stores them: chroma is not upsampled. The planes
// may reach over the picture, to whole blocks. The error is ErrNotTaken or ErrNoPlanes, with a reason.
func DecodePlanes(src []byte, size image.Point, denominator int) (*image.YCbCr, error) {
	handle, subsampling, space, err := opened(src, size)
	if err != nil {
		return nil, err
	}
	defer C.tjDestroy(handle)
	ratio, ok := ratios[subsampling]
	if !ok || space != C.TJCS_YCbCr {
		return nil, ErrNoPlanes
	}
	out := Scaled(size, denominator)
	side := func(plane int) (width, height int) {
		return int(C.tjPlaneWidth(C.int(plane), C.int(out.X), subsampling)),
			int(C.tjPlaneHeight(C.int(plane), C.int(out.Y), subsampling))
	}
	width, height := side(0)
	half, rows := side(1)
	all := make([]byte, width*height+2*half*rows)
	m := &image.YCbCr{
		Y:              all[:width*height],
		Cb:             all[width*height:][:half*rows],
		Cr:             all[width*height+half*rows:],
		YStride:        width,
		CStride:        half,
		SubsampleRatio: ratio,
		Rect:           image.Rectangle{Max: out},
	}
	planes, strides, pinned := planesOf(m)
	defer pinned.Unpin()
	if C.tjDecompressToYUVPlanes(handle, (*C.uchar)(unsafe.Pointer(&src[0])), C.ulong(len(src)), &planes[0],
		C.int(out.X), &strides[0], C.int(out.Y),
		C.TJFLAG_ACCURATEDCT|C.TJFLAG_STOPONWARNING) != 0 {
		return nil, notTaken(handle)
	}
	return m, nil
}

// planesOf returns a picture's planes for C, pinned until they are unpinned.
func planesOf(m *image.YCbCr) (planes [3]*C.uchar, strides [3]C.int, pinned *runtime.Pinner) {
	pinned = new(runtime.Pinner)
	for i, plane := range [][]byte{m.Y, m.Cb, m.Cr} {
		pinned.Pin(&plane[0])
		planes[i] = (*C.uchar)(unsafe.Pointer(&plane[0]))
	}
	return planes, [3]C.int{C.int(m.YStride), C.int(m.CStride), C.int(m.CStride)}, pinned
}

// Encode writes an opaque picture in colour, a gray one, or planes of NewPlanes, whose chroma stays at half the size.
func Encode(to *bytes.Buffer, m image.Image, o Options) error {
	handle := C.tjInitCompress()
	if handle == nil {
		return errors.New("jpegcodec: no room for an encoder")
	}
	defer C.tjDestroy(handle)
	var file *C.uchar
	var length C.ulong
	defer func() { C.tjFree(file) }()
	subsampling, flags := C.int(C.TJSAMP_420), C.int(C.TJFLAG_ACCURATEDCT)
	if o.FullChroma {
		subsampling = C.TJSAMP_444
	}
	if o.Progressive {
		flags |= C.TJFLAG_PROGRESSIVE
	}
	size := m.Bounds().Size()
	if size.X < 1 || size.Y < 1 {
		return errors.New("jpegcodec: an empty picture is not written")
	}
	var failed C.int
	switch m := m.(type) {
	case *image.Gray:
		failed = C.tjCompress2(handle, (*C.uchar)(unsafe.Pointer(&m.Pix[0])), C.int(size.X), C.int(m.Stride),
			C.int(size.Y), C.TJPF_GRAY,
			&file, &length, C.TJSAMP_GRAY, C.int(o.Quality), flags)
	case *image.NRGBA:
		failed = C.tjCompress2(handle, (*C.uchar)(unsafe.Pointer(&m.Pix[0])), C.int(size.X), C.int(m.Stride),
			C.int(size.Y), C.TJPF_RGBA,
			&file, &length, subsampling, C.int(o.Quality), flags)
	case *image.YCbCr:
		planes, strides, pinned := planesOf(m)
		defer pinned.Unpin()
		failed = C.tjCompressFromYUVPlanes(handle, &planes[0], C.int(size.X), &strides[0], C.int(size.Y), C.TJSAMP_420,
			&file, &length, C.int(o.Quality), flags)
	default:
		return fmt.Errorf("jpegcodec: %T is not written", m)
	}
	if failed != 0 {
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
		Upright:        C.TJXOP_NONE,
		FlipHorizontal: C.TJXOP_HFLIP,
		FlipVertical:   C.TJXOP_VFLIP,
		Rotate180:      C.TJXOP_ROT180,
		Transpose:      C.TJXOP_TRANSPOSE,
		Transverse:     C.TJXOP_TRANSVERSE,
		Rotate90:       C.TJXOP_ROT90,
		Rotate270:      C.TJXOP_ROT270,
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
	if C.tjTransform(handle, (*C.uchar)(unsafe.Pointer(&src[0])), C.ulong(len(src)), 1, &file, &length, &job,
		C.TJFLAG_STOPONWARNING) != 0 {
		return nil, notTaken(handle)
	}
	return C.GoBytes(unsafe.Pointer(file), C.int(length)), nil
}

func notTaken(handle C.tjhandle) error {
	return fmt.Errorf("%w: %s", ErrNotTaken, C.GoString(C.tjGetErrorStr2(handle)))
}
