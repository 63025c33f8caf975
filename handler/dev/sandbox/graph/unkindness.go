package graph

import "time"

// Unkindness says how unkind the emulator is. The zero value is as kind as the documentation promises in
// every single call. Chances are from 0 (never) to 1 (always).
type Unkindness struct {
	// PromoteMax: width, height and camera data of a picture appear up to this long after an upload.
	PromoteMax time.Duration
	// PromoteETag: the eTag moves when they appear, though nobody changed the file.
	PromoteETag bool
	// ThumbnailsMax: a new picture has no thumbnails for up to this long.
	ThumbnailsMax time.Duration
	// IndexMax: a new site or file is found by search up to this long after it was made.
	IndexMax time.Duration
	// CopyMax: a copy takes up to this long.
	CopyMax time.Duration
	// Rapid is the chance that a write within a second after another one is refused with 409
	// resourceModified.
	Rapid float64
	// SessionTag is the chance that making an upload session for a file moves the file's eTag, so that the
	// session's own If-Match with that eTag fails at the last fragment.
	SessionTag float64
	// SessionChecks is the chance that the If-Match of an upload session is looked at again when the last fragment is
	// there. The documentation speaks of the opening alone.
	SessionChecks float64
	// SessionLost is the chance that a request to a live upload session gets a 404 that passes.
	SessionLost float64
	// ShortPage is the chance that a page holds fewer entries than asked for, though more follow; one in
	// four of these is empty.
	ShortPage float64
	// DeltaTwice is the chance that a page of changes names an item that an earlier page named.
	DeltaTwice float64
	// WholeRange is the chance that a download ignores the Range header and answers 200.
	WholeRange float64
	// ShortURL: pre-authenticated URLs live for one to five minutes instead of an hour.
	ShortURL bool
	// OtherShape is the chance that an error comes in another of its known forms: three of 423, two of 412,
	// two of 410, a finished copy as 303.
	OtherShape float64
}

// Usual is the unkindness of an emulator that was not told to be kind.
func Usual() Unkindness {
	return Unkindness{
		PromoteMax:    2 * time.Second,
		PromoteETag:   true,
		ThumbnailsMax: 2 * time.Second,
		IndexMax:      3 * time.Second,
		CopyMax:       2 * time.Second,
		Rapid:         0.1,
		SessionTag:    0.3,
		SessionChecks: 0.5,
		SessionLost:   0.01,
		ShortPage:     0.2,
		DeltaTwice:    0.1,
		WholeRange:    0.05,
		ShortURL:      true,
		OtherShape:    0.3,
	}
}

// SetUnkindness replaces the unkindness for what happens from now on.
func (g *Graph) SetUnkindness(u Unkindness) {
	g.lock()
	defer g.mu.Unlock()
	g.unkind = u
}

// Unkindness returns the unkindness in force.
func (g *Graph) Unkindness() Unkindness {
	g.lock()
	defer g.mu.Unlock()
	return g.unkind
}

// chance draws; mu is held.
func (g *Graph) chance(p float64) bool { return p > 0 && g.random.Float64() < p }

// upTo draws a duration from 0 to most; mu is held.
func (g *Graph) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(g.random.Int64N(int64(most) + 1))
}
