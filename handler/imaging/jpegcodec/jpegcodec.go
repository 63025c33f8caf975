// Package jpegcodec decodes and encodes JPEG files: with libjpeg-turbo when the program is built with cgo and the tag
// turbo, as the Makefile does where the library is installed, else with the standard library.
//
// It takes whole files and returns whole pictures. It does not know limits: who calls has looked at the header.
package jpegcodec

import (
	"errors"
	"image"
)

// ErrNotTaken says that libjpeg-turbo does not take a file: it is damaged, of a rare kind, or libjpeg-turbo is not built
// in. The standard library decides about such files.
var ErrNotTaken = errors.New("jpegcodec: the file is not taken")

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
