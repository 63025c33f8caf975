package imaging_test

import (
	"context"
	"testing"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

func TestRoomIsForSoManyPictures(t *testing.T) {
	t.Parallel()
	room := imaging.NewRoom(2)
	leave, err := room.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := room.Enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := room.Enter(short); !fault.Is(err, fault.Busy) {
		t.Errorf("a third one: %v, want Busy", err)
	}
	leave()
	if _, err := room.Enter(t.Context()); err != nil {
		t.Errorf("after one has left: %v", err)
	}
}
