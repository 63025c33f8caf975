// Package jpegcodec decodes and encodes JPEG files: with libjpeg-turbo when the program is built with cgo and the tag
// turbo, as the Makefile does where the library is installed, else with the standard library.
//
// It takes whole files and returns whole pictures. It does not know limits: who calls has looked at the header.
package jpegcodec

import (
	"errors"
	"image"
)

// ErrNotTaken says that libjpeg-turbo does not take a file: it is damaged, of a rare kind, or libjpeg-turbo is not
// built in. The standard library decides about such files.
var ErrNotTaken = errors.New("jpegcodec: the file is not taken")

// ErrNoPlanes says that a file that Decode may take has planes that DecodePlanes does not take: gray or of rare sizes.
var ErrNoPlanes = errors.New("jpegcodec: the planes are not taken")

// NewPlanes returns a picture of luma and of chroma at half the width and height, for Encode to write. Its planes reach
// to whole blocks of two by two pixels.
func NewPlanes(size image.Point) *image.YCbCr {
	half := image.Pt((size.X+1)/2, (size.Y+1)/2)
	luma, chroma := 4*half.X*half.Y, half.X*half.Y
	all := make([]byte, luma+2*chroma)
	return &image.YCbCr{
		Y:              all[:luma],
		Cb:             all[luma:][:chroma],
		Cr:             all[luma+chroma:],
		YStride:        2 * half.X,
		CStride:        half.X,
		SubsampleRatio: image.YCbCrSubsampleRatio420,
		Rect:           image.Rectangle{Max: size},
	}
}

// Turn is one of the eight ways to lay a picture.
type Turn int

// The turns, clockwise.
const (
	Upright Turn = iota
	FlipHorizontal
	FlipVertical
	Rotate180
	Transpose
	Transverse
	Rotate90
	Rotate270
)

// Options are how a file is written.
type Options struct {
	Quality int // from 1 to 100
	// Progressive writes the file in several scans, from coarse to fine; without libjpeg-turbo it is ignored.
	Progressive bool
	// FullChroma keeps chroma at the full size instead of half of it; without libjpeg-turbo it is ignored.
	FullChroma bool
}

// Smallest is the greatest denominator of Decode.
const Smallest = 8

// Scaled returns the size of a picture that is decoded at one part of a denominator.
func Scaled(size image.Point, denominator int) image.Point {
	return image.Pt((size.X+denominator-1)/denominator, (size.Y+denominator-1)/denominator)
}
