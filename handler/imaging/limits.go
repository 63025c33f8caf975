package imaging

import (
	"image"
	"time"

	"imagepro/handler/fault"
)

// Limits bound what one picture may cost. A zero field means its default. All of them but Time are checked against
// the header, before a pixel is decoded.
type Limits struct {
	Bytes        int   // of the file; 50 MB
	Pixels       int   // of the stored picture; 50 million
	Side         int   // of the stored picture; 30 000
	Scans        int   // of a JPEG file: each costs a pass over all blocks; 100
	ImageBytes   int   // of each file that the recipe lays on the picture; 10 MB
	ImagePixels  int   // of its picture; 10 million
	ResultPixels int   // of what a step makes: a slight turn makes a large picture larger; 100 million
	ResultSide   int   // of what a step makes, unless the picture was that large before; 16 384
	Memory       int64 // estimated bytes at the peak; 1 GiB

	Frames          int // of an animation; 400
	AnimationPixels int // of all frames of an animation and of its result, each as large as its canvas; 100 million

	Time time.Duration // that an edit may take, which Room.Edit ends; a few seconds are usual; 90 s
}

// DefaultLimits returns the limits of the shipped program.
func DefaultLimits() Limits {
	return Limits{
		Bytes:        50_000_000,
		Pixels:       50_000_000,
		Side:         30_000,
		Scans:        100,
		ImageBytes:   10_000_000,
		ImagePixels:  10_000_000,
		ResultPixels: 100_000_000,
		ResultSide:   16_384,
		Memory:       1 << 30,

		Frames:          400,
		AnimationPixels: 100_000_000,

		Time: 90 * time.Second,
	}
}

func (l Limits) orDefaults() Limits {
	d := DefaultLimits()
	setIfZero(&l.Bytes, d.Bytes)
	setIfZero(&l.Pixels, d.Pixels)
	setIfZero(&l.Side, d.Side)
	setIfZero(&l.Scans, d.Scans)
	setIfZero(&l.ImageBytes, d.ImageBytes)
	setIfZero(&l.ImagePixels, d.ImagePixels)
	setIfZero(&l.ResultPixels, d.ResultPixels)
	setIfZero(&l.ResultSide, d.ResultSide)
	setIfZero(&l.Memory, d.Memory)
	setIfZero(&l.Frames, d.Frames)
	setIfZero(&l.AnimationPixels, d.AnimationPixels)
	setIfZero(&l.Time, d.Time)
	return l
}

func setIfZero[T int | int64 | time.Duration](field *T, def T) {
	if *field == 0 {
		*field = def
	}
}

// checkBytes checks the length of a file.
func (l Limits) checkBytes(size int64) error {
	if size > int64(l.Bytes) {
		return fault.Newf(fault.TooLarge, "The file has %d bytes; at most %d are edited.", size,
			l.Bytes).Over(fault.LimitFileBytes)
	}
	return nil
}

// checkStored checks the sides that a header announces.
func (l Limits) checkStored(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return fault.New(fault.Invalid, "The picture has no pixels.", nil)
	case width > l.Side || height > l.Side:
		return fault.Newf(fault.TooLarge, "The picture is %d × %d pixels; a side may have at most %d.", width, height,
			l.Side).Over(fault.LimitSide)
	case int64(width)*int64(height) > int64(l.Pixels):
		return fault.Newf(fault.TooLarge, "The picture is %d × %d pixels; at most %d million pixels are edited.",
			width, height, l.Pixels/1_000_000).Over(fault.LimitPixels)
	}
	return nil
}

// checkFrames checks what all frames of an animation have together.
func (l Limits) checkFrames(info Info) error {
	size := image.Pt(info.StoredWidth, info.StoredHeight)
	switch {
	case info.Frames > l.Frames:
		return fault.Newf(fault.TooLarge, "The animation has %d frames; at most %d are edited.", info.Frames,
			l.Frames).Over(fault.LimitFrames)
	case int64(info.Frames)*area(size) > int64(l.AnimationPixels):
		return fault.Newf(fault.TooLarge,
			"The animation has %d frames of %d × %d pixels; at most %d million pixels together are edited.",
			info.Frames, size.X, size.Y, l.AnimationPixels/1_000_000).Over(fault.LimitAnimationPixels)
	}
	return nil
}
