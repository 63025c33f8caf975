package imaging_test

import (
	"bytes"
	"context"
	"image"
	"slices"
	"testing"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/imaging/container"
)

// rescanned returns a JPEG file whose picture comes in so many scans, each of them whole.
func rescanned(t testing.TB, scans int) []byte {
	t.Helper()
	file := asJPEG(t, pattern(16, 16), 80)
	start, end := bytes.LastIndex(file, []byte{0xFF, container.SOS}), len(file)-2
	return slices.Concat(file[:start], bytes.Repeat(file[start:end], scans), file[end:])
}

// Each limit has a word of its own, and a picture that just keeps to it is edited.
func TestEveryLimitHasItsWord(t *testing.T) {
	t.Parallel()
	small, mark := asPNG(t, pattern(40, 30)), asPNG(t, pattern(20, 10))
	moving, _ := walker(t, image.Pt(20, 12), 9) // ten frames
	const resize = `{"version":1,"steps":[{"op":"resize","width":80}]}`
	const twice = `{"version":1,"input":{"onAnimated":"process"},"steps":[{"op":"resize","width":40}]}`
	const marked = `{"version":1,"steps":[{"op":"watermark","image":` + logo + `}]}`
	for limit, c := range map[fault.Limit]struct {
		src          []byte
		recipe       string
		below, above imaging.Limits
	}{
		fault.LimitFileBytes: {small, resize, imaging.Limits{Bytes: len(small) - 1},
			imaging.Limits{Bytes: len(small)}},
		fault.LimitPixels: {small, resize, imaging.Limits{Pixels: 1199}, imaging.Limits{Pixels: 1200}},
		fault.LimitSide:   {small, resize, imaging.Limits{Side: 39}, imaging.Limits{Side: 40}},
		fault.LimitScans:  {rescanned(t, 3), resize, imaging.Limits{Scans: 2}, imaging.Limits{Scans: 3}},
		fault.LimitFrames: {moving, twice, imaging.Limits{Frames: 9}, imaging.Limits{Frames: 10}},
		fault.LimitAnimationPixels: {moving, twice, imaging.Limits{AnimationPixels: 9599},
			imaging.Limits{AnimationPixels: 9600}},
		fault.LimitImageBytes: {small, marked, imaging.Limits{ImageBytes: len(mark) - 1},
			imaging.Limits{ImageBytes: len(mark)}},
		fault.LimitImagePixels: {small, marked, imaging.Limits{ImagePixels: 199}, imaging.Limits{ImagePixels: 200}},
		fault.LimitResultPixels: {small, resize, imaging.Limits{ResultPixels: 4799},
			imaging.Limits{ResultPixels: 4800}},
		fault.LimitResultSide: {small, resize, imaging.Limits{ResultSide: 79}, imaging.Limits{ResultSide: 80}},
		fault.LimitMemory:     {small, resize, imaging.Limits{Memory: 10_000}, imaging.Limits{Memory: 1_000_000}},
		fault.LimitTime:       {small, resize, imaging.Limits{Time: time.Nanosecond}, imaging.Limits{Time: time.Hour}},
	} {
		t.Run(string(limit), func(t *testing.T) {
			t.Parallel()
			room, o := imaging.NewRoom(1), withLogo(mark)
			o.Limits = c.below
			_, err := room.Edit(t.Context(), c.src, parse(t, c.recipe), o)
			if f := fault.From(err); f == nil || f.Kind != fault.TooLarge || f.Limit != limit {
				t.Errorf("Edit below the limit = %v", err)
			}
			o.Limits = c.above
			if _, err := room.Edit(t.Context(), c.src, parse(t, c.recipe), o); err != nil {
				t.Errorf("Edit at the limit: %v", err)
			}
		})
	}
	for limit, document := range map[fault.Limit]string{
		fault.LimitFormatSide: `{"version":1,"steps":[{"op":"resize","width":16384,"height":1,"fit":"fill"}],` +
			`"output":{"format":"webp"}}`,
		fault.LimitMaxBytes: `{"version":1,"output":{"format":"jpeg","maxBytes":100}}`,
	} {
		_, err := imaging.Edit(context.Background(), small, parse(t, document), imaging.Options{})
		if f := fault.From(err); f == nil || f.Kind != fault.TooLarge || f.Limit != limit {
			t.Errorf("%s: Edit = %v", limit, err)
		}
	}
}

func TestARoomWhoseContextEndsSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	room := imaging.NewRoom(1)
	leave, err := room.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := room.Edit(ctx, asPNG(t, pattern(4, 4)), parse(t, toPNGGray), imaging.Options{}); !fault.Is(err,
		fault.Busy) {
		t.Errorf("Edit without room = %v, want Busy", err)
	}
	leave()
	if _, err := room.Edit(t.Context(), asPNG(t, pattern(4, 4)), parse(t, toPNGGray), imaging.Options{}); err != nil {
		t.Errorf("Edit with room: %v", err)
	}
}
