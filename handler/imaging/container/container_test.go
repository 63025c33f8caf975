package container_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"iter"
	"testing"

	"imagepro/handler/imaging/container"
)

// walk collects what a walk yields and how it ends.
func walk[T any](parts iter.Seq2[T, error]) (all []T, err error) {
	for p, e := range parts {
		if e != nil {
			err = e
			continue
		}
		all = append(all, p)
	}
	return all, err
}

func picture() image.Image {
	m := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Black, color.White})
	for i := range m.Pix {
		m.Pix[i] = uint8(i * i / 7 % 2)
	}
	return m
}

func TestJPEGSegmentsAreThoseOfTheEncoder(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(), nil); err != nil {
		t.Fatal(err)
	}
	all, err := walk(container.JPEG(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	frames, scans := 0, 0
	for _, s := range all {
		if s.IsFrame() {
			frames++
		}
		if s.Marker == container.SOS {
			scans++
		}
	}
	if last := all[len(all)-1]; frames != 1 || scans != 1 || last.Marker != container.EOI || last.End != b.Len() {
		t.Errorf("%d frames, %d scans, the last segment is %+v", frames, scans, last)
	}
}

func TestPNGChunksAreThoseOfTheEncoder(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := png.Encode(&b, picture()); err != nil {
		t.Fatal(err)
	}
	all, err := walk(container.PNG(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	again := append([]byte(nil), b.Bytes()[:8]...)
	for _, c := range all {
		again = container.AppendPNG(again, c.Name, c.Data)
	}
	if !bytes.Equal(again, b.Bytes()) {
		t.Error("the chunks put together again are another file")
	}
}

func TestGIFBlocksAreThoseOfTheEncoder(t *testing.T) {
	t.Parallel()
	frame := picture().(*image.Paletted)
	var b bytes.Buffer
	if err := gif.EncodeAll(&b,
		&gif.GIF{Image: []*image.Paletted{frame, frame, frame}, Delay: []int{1, 2, 3}}); err != nil {
		t.Fatal(err)
	}
	// A comment without content is the shortest extension there is.
	file := append(b.Bytes()[:b.Len()-1:b.Len()-1], 0x21, 0xFE, 0, byte(container.Trailer))
	all, err := walk(container.GIF(file))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[container.BlockKind]int{}
	for _, block := range all {
		counts[block.Kind]++
	}
	if w, h := all[0].GIFSize(); w != 40 || h != 30 || counts[container.Frame] != 3 || counts[container.Trailer] != 1 {
		t.Errorf("the screen is %d×%d, blocks %v", w, h, counts)
	}
}

func TestWebPChunksComeBack(t *testing.T) {
	t.Parallel()
	file := container.AppendWebP([]byte("RIFF\x00\x00\x00\x00WEBP"), "odd ", []byte("abc"))
	file = container.AppendWebP(file, "even", []byte("abcd"))
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	all, err := walk(container.WebP(file))
	if err != nil || len(all) != 2 || string(all[0].Data) != "abc" || string(all[1].Data) != "abcd" ||
		all[1].Start != all[0].End {
		t.Errorf("the chunks are %+v, %v", all, err)
	}
}

func TestEveryCutIsNoticed(t *testing.T) {
	t.Parallel()
	var j, p, g bytes.Buffer
	if err := errors.Join(jpeg.Encode(&j, picture(), nil), png.Encode(&p, picture()),
		gif.Encode(&g, picture(), nil)); err != nil {
		t.Fatal(err)
	}
	w := container.AppendWebP([]byte("RIFF\x0c\x00\x00\x00WEBP"), "VP8 ", nil)
	for name, c := range map[string]struct {
		file []byte
		walk func([]byte) error
	}{
		"jpeg": {j.Bytes(), func(b []byte) error { _, err := walk(container.JPEG(b)); return err }},
		"png":  {p.Bytes(), func(b []byte) error { _, err := walk(container.PNG(b)); return err }},
		"gif":  {g.Bytes(), func(b []byte) error { _, err := walk(container.GIF(b)); return err }},
		"webp": {w, func(b []byte) error { _, err := walk(container.WebP(b)); return err }},
	} {
		if err := c.walk(c.file); err != nil {
			t.Errorf("%s: the whole file: %v", name, err)
		}
		for n := range c.file {
			err := c.walk(c.file[:n])
			if !errors.Is(err, container.ErrTruncated) && !errors.Is(err, container.ErrMalformed) {
				t.Errorf("%s: the first %d of %d bytes: %v", name, n, len(c.file), err)
			}
		}
	}
}

func TestGIFBlocksCoverTheFile(t *testing.T) {
	t.Parallel()
	m := picture().(*image.Paletted)
	part := m.SubImage(image.Rect(5, 6, 15, 26)).(*image.Paletted)
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{
		Image:     []*image.Paletted{m, part},
		Delay:     []int{300, 7},
		Disposal:  []byte{2, 3},
		LoopCount: 258,
	}); err != nil {
		t.Fatal(err)
	}
	all, err := walk(container.GIF(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	var places []image.Rectangle
	for i, block := range all {
		if i > 0 && block.Start != at || block.End <= at {
			t.Errorf("block %d is from %d to %d, after %d", i, block.Start, block.End, at)
		}
		at = block.End
		switch block.Kind {
		case container.Frame:
			places = append(places, block.GIFPlace())
		case container.Extension:
			if repeats, ok := block.GIFLoops(); !ok || repeats != 258 {
				t.Errorf("repeated %d times, %v", repeats, ok)
			}
		}
	}
	if at != b.Len() || len(places) != 2 || places[0] != m.Rect || places[1] != part.Rect {
		t.Errorf("the blocks end at %d of %d; the frames lie at %v", at, b.Len(), places)
	}
	short := container.Block{Kind: container.Extension, Data: []byte("\xFF\x0BNETSCAPE2.0\x03\x01\x01")}
	if _, ok := short.GIFLoops(); ok {
		t.Error("half a number was read")
	}
}

func TestChunksWithinAFrameOfWebP(t *testing.T) {
	t.Parallel()
	data := container.AppendWebP(container.AppendWebP(make([]byte, 16), "ALPH", []byte("abc")), "VP8 ", []byte("defg"))
	all, err := walk(container.WebPFrame(data))
	if err != nil || len(all) != 2 || all[0].Name != "ALPH" || string(all[0].Data) != "abc" ||
		string(all[1].Data) != "defg" || all[1].End != len(data) {
		t.Errorf("%+v, %v", all, err)
	}
	for n := range len(data) {
		if all, err := walk(container.WebPFrame(data[:n])); len(all) == 2 && err == nil {
			t.Errorf("%d of %d bytes have everything", n, len(data))
		}
	}
	if n := container.U24(container.AppendU24(nil, 0xABCDEF)); n != 0xABCDEF {
		t.Errorf("%X", n)
	}
}
