package imaging_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"imagepro/handler/imaging"
	"imagepro/handler/imaging/metadata"
)

const toPNG = `{"version":1,"output":{"format":"png"}}`

func TestEveryOrientationIsAppliedExactlyOnce(t *testing.T) {
	t.Parallel()
	upright := pattern(13, 7)
	for orientation := 1; orientation <= 8; orientation++ {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprint(orientation, order), func(t *testing.T) {
				t.Parallel()
				stored := storedAs(upright, orientation)
				src := withExif(t, asPNG(t, stored), orientationExif(order, orientation))

				info, err := imaging.Inspect(src, imaging.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				size := stored.Rect.Size()
				if info.Orientation != orientation || info.Width != 13 || info.Height != 7 ||
					info.StoredWidth != size.X || info.StoredHeight != size.Y {
					t.Errorf("Inspect = %+v, want orientation %d, 13×7 seen and %v stored", info, orientation, size)
				}

				first := edit(t, src, toPNG)
				if got := fromPNG(t, first.Data); !bytes.Equal(got.Pix, upright.Pix) || got.Rect != upright.Rect {
					t.Errorf("the picture does not come out upright: %v", got.Rect)
				}
				if first.Width != 13 || first.Height != 7 {
					t.Errorf("the result says %d×%d, want 13×7", first.Width, first.Height)
				}
				second := edit(t, first.Data, toPNG)
				if !second.Unchanged {
					t.Error("the result is turned again by a second edit")
				}
			})
		}
	}
}

func TestTheResultOfATurnedJPEGIsUprightForEveryViewer(t *testing.T) {
	t.Parallel()
	src := withExif(t, asJPEG(t, storedAs(pattern(64, 32), 6), 95), orientationExif(binary.BigEndian, 6))
	result := edit(t, src, `{"version":1,"steps":[{"op":"filter","name":"sepia","amount":1}]}`)
	exif := metadata.FindJPEGExif(result.Data)
	if exif == nil || metadata.Orientation(exif) != 1 {
		t.Errorf("the EXIF block is % x, want one with orientation 1", exif)
	}
	if d := meanDifference(t, decodeAny(t, result.Data), pattern(64, 32)); d > 6 {
		t.Errorf("the picture differs by %.1f on average", d)
	}
}

func TestWithoutAutoOrientTheTagIsDroppedAndThePixelsStay(t *testing.T) {
	t.Parallel()
	stored := asJPEG(t, pattern(64, 32), 90)
	src := withExif(t, stored, orientationExif(binary.LittleEndian, 6))
	result := edit(t, src, `{"version":1,"input":{"autoOrient":false}}`)
	if got := metadata.Orientation(metadata.FindJPEGExif(result.Data)); got != 1 {
		t.Errorf("the orientation is %d, want 1", got)
	}
	if result.Width != 64 || result.Height != 32 {
		t.Errorf("the result is %d×%d, want 64×32", result.Width, result.Height)
	}
	if !bytes.HasSuffix(result.Data, stored[len(stored)-200:]) {
		t.Error("the pixels were coded again")
	}
}
