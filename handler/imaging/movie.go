package imaging

import (
	"context"
	"image"
)

// movie is an animated file that is written. It has the whole of each frame and finds out what has changed.
type movie interface {
	// add appends a frame that is seen for some milliseconds. The picture is the movie's from then on.
	add(ctx context.Context, m *image.NRGBA, delay int) error
	// file returns the file. Nothing can be added after it.
	file(ctx context.Context) ([]byte, error)
}

// animated returns the file with every frame edited. The frames are worked one after another, and again for each
// quality that is tried: to keep them all would take more memory than most pictures.
func (w *writer) animated(ctx context.Context) ([]byte, error) {
	a, err := readAnimation(w.info, w.src, w.info.Frames)
	if err != nil {
		return nil, err
	}
	if w.reloops() {
		a.plays = w.output.Loop
	}
	blocks := w.metadata(nil)
	return w.short(ctx, func(quality int) ([]byte, error) {
		meant := w.newMeantMovie(a.plays)
		file, err := w.filmed(ctx, a, w.newMovie(a.plays, quality, meant), meant)
		if err != nil {
			return nil, err
		}
		w.verify = func(ctx context.Context, file []byte) error { return w.verifyMovie(ctx, file, meant) }
		return w.attach(file, blocks), nil
	})
}

func (w *writer) newMovie(plays, quality int, meant *meantMovie) movie {
	if w.format == WebP {
		return &webpMovie{size: w.size, plays: plays, options: webpOptions(quality), meant: meant}
	}
	return &gifMovie{w: w, plays: plays, meant: meant}
}

// filmed edits the frames and returns the file.
func (w *writer) filmed(ctx context.Context, a animation, to movie, meant *meantMovie) ([]byte, error) {
	c := newCanvas(w.info)
	for _, f := range a.frames {
		if err := c.show(ctx, f); err != nil {
			return nil, err
		}
		m := c.m
		if w.start == upright {
			m = copied(m) // a turn copies it as well
		}
		m, err := w.changed(ctx, m)
		if err != nil {
			return nil, err
		}
		if err := to.add(ctx, m, f.delay); err != nil {
			return nil, err
		}
		meant.delay(f.delay)
	}
	return to.file(ctx)
}

// changed returns the smallest rectangle outside of which two pictures of the same size are the same.
func changed(a, b *image.NRGBA) image.Rectangle {
	var r image.Rectangle
	eachRow(a, func(y int, row []byte) {
		other := b.Pix[y*b.Stride:][:len(row)]
		from, to := 0, len(row)/4
		for from < to && same(row, other, from) {
			from++
		}
		for to > from && same(row, other, to-1) {
			to--
		}
		if from < to {
			r = r.Union(image.Rect(from, y, to, y+1))
		}
	})
	return r
}

// same reports whether a pixel is the same in two rows.
func same(a, b []byte, x int) bool { return [4]byte(a[4*x:]) == [4]byte(b[4*x:]) }
