// Package container walks the outer structure of picture files: the segments of JPEG, the chunks of PNG and
// WebP, the blocks of GIF. Walking is linear in the file and allocates nothing for what it passes.
//
// It does not know what segments, chunks and blocks mean, and decodes no pixels.
package container

import "errors"

// ErrTruncated says that a file ends before its structure does.
var ErrTruncated = errors.New("container: the file ends early")

// ErrMalformed says that a file breaks the rules of its format.
var ErrMalformed = errors.New("container: the file's structure is broken")
