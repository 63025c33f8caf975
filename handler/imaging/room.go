package imaging

import (
	"context"

	"imagepro/handler/fault"
)

// Room bounds how many pictures are decoded at once, for everybody who has it.
type Room chan struct{}

// NewRoom returns room for so many pictures, 1 or more.
func NewRoom(pictures int) Room { return make(Room, pictures) }

// Enter waits for a place, which leave gives back. Busy if ctx ends first.
func (r Room) Enter(ctx context.Context) (leave func(), err error) {
	select {
	case r <- struct{}{}:
		return func() { <-r }, nil
	case <-ctx.Done():
		return nil, fault.New(fault.Busy, "There was no room for the image in time.", ctx.Err())
	}
}
