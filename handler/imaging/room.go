package imaging

import (
	"context"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
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

// Edit is Edit when there is room, within Limits.Time: TooLarge if that is not enough. Busy if ctx ends before there is
// room.
func (r Room) Edit(ctx context.Context, src []byte, edits *recipe.Recipe, o Options) (Result, error) {
	leave, err := r.Enter(ctx)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	most := o.Limits.orDefaults().Time
	editing, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	result, err := Edit(editing, src, edits, o)
	if err != nil && editing.Err() != nil && ctx.Err() == nil {
		err = fault.Newf(fault.TooLarge, "The recipe takes longer than %v on this image.", most).Over(fault.LimitTime)
	}
	return result, err
}
