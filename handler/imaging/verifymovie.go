package imaging

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"slices"

	"imagepro/handler/imaging/container"
)

// movieSquares are how many squares of a frame are compared, across and down: there may be 400 frames.
const movieSquares = 24

// meantMovie is what an animation has to show.
type meantMovie struct {
	grid
	now    []tone // of single pixels, as the frames so far show them
	frames []sampling
	delays []int // milliseconds
	plays  int
}

// newMeantMovie returns what is meant before the first frame comes; nil if nothing is verified.
func (w *writer) newMeantMovie(plays int) *meantMovie {
	if !w.verifies {
		return nil
	}
	m := &meantMovie{plays: plays}
	m.grid = newGrid(w.size, lossySide, movieSquares)
	if w.format == GIF {
		m.grid = newGrid(w.size, 1, 2*movieSquares)
		m.now = make([]tone, m.n.X*m.n.Y)
	}
	return m
}

// delay remembers how long a frame is seen, in milliseconds.
func (m *meantMovie) delay(milliseconds int) {
	if m != nil {
		m.delays = append(m.delays, milliseconds)
	}
}

// add remembers a frame as it is seen.
func (m *meantMovie) add(seen *image.NRGBA) {
	if m != nil {
		m.frames = append(m.frames, m.of(seen).withContrast(seen))
	}
}

// lay remembers a frame of which a part is laid on what was seen before; where it is transparent, that stays. It
// becomes transparent after the frame if it is cleared.
func (m *meantMovie) lay(part *image.Paletted, cleared bool) {
	if m == nil {
		return
	}
	at := func(i int) image.Point { return m.square(i%m.n.X, i/m.n.X).Min }
	for i := range m.now {
		if at(i).In(part.Rect) {
			if c := color.NRGBAModel.Convert(part.At(at(i).X, at(i).Y)).(color.NRGBA); c.A > 0 {
				m.now[i] = tone{channels: [4]float32{float32(c.R), float32(c.G), float32(c.B), float32(c.A)},
					colored: true}
			}
		}
	}
	m.frames = append(m.frames, sampling{m.grid, slices.Clone(m.now)})
	if cleared {
		for i := range m.now {
			if at(i).In(part.Rect) {
				m.now[i] = tone{}
			}
		}
	}
}

// verifyMovie compares every frame of an animated result, its delays and how often it is shown.
func (w *writer) verifyMovie(ctx context.Context, file []byte, meant *meantMovie) error {
	info, err := w.verifyHeader(file, w.size, 1, len(meant.frames))
	if err != nil {
		return err
	}
	a, err := w.foundAnimation(info, file)
	if err != nil {
		return err
	}
	if plays := min(meant.plays, w.mostPlays()); len(meant.frames) > 1 && a.plays != plays {
		return fmt.Errorf("an animation that is shown %d times was meant, %d are found", plays, a.plays)
	}
	was, is := 0, 0
	c := newCanvas(info)
	for i, f := range a.frames {
		if was, is = was+meant.delays[i], is+f.delay; !w.sameDelay(meant.delays[i], f.delay, was, is) {
			return fmt.Errorf("frame %d: a delay of %d ms was meant, of %d in all; %d is found, of %d", i,
				meant.delays[i], was, f.delay, is)
		}
		if err := c.show(ctx, f); err != nil {
			return fmt.Errorf("frame %d: %w", i, err)
		}
		if err := meant.frames[i].compare(meant.of(c.m), w.movieTolerance()); err != nil {
			return fmt.Errorf("frame %d: %w", i, err)
		}
	}
	return nil
}

// foundAnimation reads the frames of a result; a file of one frame may be a still one.
func (w *writer) foundAnimation(info Info, file []byte) (animation, error) {
	a, err := readAnimation(info, file, info.Frames)
	if err == nil && len(a.frames) != info.Frames {
		err = container.ErrTruncated
	}
	return a, err
}

// sameDelay compares a delay. GIF counts in hundredths of a second, of which the sum stays right.
func (w *writer) sameDelay(meant, found, meantSum, foundSum int) bool {
	if w.format == WebP {
		return found == min(meant, longestDelay)
	}
	const longest = 0xFFFF * 10
	return meant > longest || abs(meantSum-foundSum) <= 5 || foundSum < meantSum && found == longest
}

// mostPlays is how often an animation may be shown, unless for ever.
func (w *writer) mostPlays() int {
	if w.format == WebP {
		return 0xFFFF
	}
	return 0xFFFF + 1
}

func (w *writer) movieTolerance() tolerance {
	if w.format == GIF {
		return tolerance{}
	}
	return toleranceOf(w.format, w.size, w.quality)
}
