package library

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// Item returns a file or folder. The sides of a picture are read from its content if SharePoint does not know them.
func (s *Service) Item(ctx context.Context, who caller.Caller, ref Ref) (Item, error) {
	i, err := s.o.SharePoint.Item(ctx, who, ref)
	if err != nil {
		return Item{}, err
	}
	one := []Item{i}
	s.measure(ctx, who, one)
	return one[0], nil
}

// File returns a file as it stands now, without its sides: what is to be read, or changed.
func (s *Service) File(ctx context.Context, who caller.Caller, ref Ref) (Item, error) {
	i, err := s.o.SharePoint.Item(ctx, who, ref)
	if err == nil && i.Folder {
		err = fault.New(fault.Unsupported, "This is a folder, not a file.", nil)
	}
	return i, err
}

// Open reads a part of the content that the file had when it was read.
func (s *Service) Open(ctx context.Context, who caller.Caller, i Item, part Span) (io.ReadCloser, error) {
	return s.o.SharePoint.Open(ctx, who, i, part)
}

// Thumbnail returns a thumbnail as JPEG. If SharePoint has none (yet), it is made here.
func (s *Service) Thumbnail(ctx context.Context, who caller.Caller, ref Ref, size string) ([]byte, error) {
	jpeg, err := s.o.SharePoint.Thumbnail(ctx, who, ref, size)
	if !fault.Is(err, fault.NotFound) {
		return jpeg, err
	}
	i, err := s.picture(ctx, who, ref)
	if err != nil {
		return nil, err
	}
	leave, err := s.places.enter(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	defer leave()
	src, err := s.whole(ctx, who, i)
	if err != nil {
		return nil, err
	}
	return s.small(ctx, src, sides[size])
}

// sides are the longest sides of the named thumbnails, in pixels.
var sides = map[string]int{"small": 96, "medium": 176, "large": 800}

// About returns what a picture says of itself. Of a file over the limit of bytes, it is what the header says.
func (s *Service) About(ctx context.Context, who caller.Caller, ref Ref) (Item, imaging.About, error) {
	i, err := s.picture(ctx, who, ref)
	if err != nil {
		return i, imaging.About{}, err
	}
	if i.Size > int64(s.o.Limits.Bytes) {
		info, err := s.peek(ctx, who, i)
		return i, imaging.About{Info: info}, err
	}
	leave, err := s.places.enter(ctx, who.Tenant)
	if err != nil {
		return i, imaging.About{}, err
	}
	defer leave()
	src, err := s.whole(ctx, who, i)
	if err != nil {
		return i, imaging.About{}, err
	}
	enough, err := s.o.Room.Enter(ctx)
	if err != nil {
		return i, imaging.About{}, err
	}
	defer enough()
	about, err := imaging.Describe(src, s.o.Limits)
	return i, about, err
}

// picture returns a file whose name is that of a picture.
func (s *Service) picture(ctx context.Context, who caller.Caller, ref Ref) (Item, error) {
	i, err := s.File(ctx, who, ref)
	if err == nil && !i.Image() {
		err = fault.New(fault.Unsupported, "This file is no picture.", nil)
	}
	return i, err
}

// contents reads a picture and those that a recipe needs for it.
func (s *Service) contents(
	ctx context.Context, who caller.Caller, i Item, r *recipe.Recipe,
) (src []byte, images map[recipe.Image][]byte, err error) {
	if images, err = s.images(ctx, who, r); err != nil {
		return nil, nil, err
	}
	src, err = s.whole(ctx, who, i)
	return src, images, err
}

// images reads the pictures of libraries that a recipe needs, with the rights of the caller. Its faults point to them.
func (s *Service) images(ctx context.Context, who caller.Caller, r *recipe.Recipe) (map[recipe.Image][]byte, error) {
	files := map[recipe.Image][]byte{}
	for _, needed := range r.Images() {
		if !needed.InLibrary() {
			continue
		}
		i, err := s.picture(ctx, who, Ref{needed.Drive, needed.Item})
		if err == nil {
			files[needed.Image], err = s.upTo(ctx, who, i, s.o.Limits.ImageBytes)
		}
		if err != nil {
			return nil, recipe.Unusable(err).At("/recipe" + needed.At)
		}
	}
	return files, nil
}

// whole reads a content of at most the limit's bytes into memory, and checks it against its fingerprint.
func (s *Service) whole(ctx context.Context, who caller.Caller, i Item) ([]byte, error) {
	return s.upTo(ctx, who, i, s.o.Limits.Bytes)
}

// upTo is whole with another limit.
func (s *Service) upTo(ctx context.Context, who caller.Caller, i Item, limit int) ([]byte, error) {
	if i.Size > int64(limit) {
		return nil, fault.Newf(fault.TooLarge, "The file has %d bytes; at most %d are taken.", i.Size,
			limit).Over(fault.LimitFileBytes)
	}
	src, err := readAll(s.o.SharePoint.Open(ctx, who, i, Span{0, i.Size}))
	if fault.Is(err, fault.Conflict) {
		err = changing(err)
	}
	if err != nil || i.Fingerprint == "" {
		return src, err
	}
	hash, err := s.o.SharePoint.Hash(inMemory(src))
	if err == nil && hash != i.Fingerprint {
		err = changing(nil)
	}
	return src, err
}

func changing(err error) *fault.Fault {
	return fault.New(fault.Busy, "The file is just being changed. Try again in a moment.", err)
}

func inMemory(content []byte) Content {
	return Content{ReaderAt: bytes.NewReader(content), Size: int64(len(content))}
}

// readAll reads a stream to its end and closes it.
func readAll(stream io.ReadCloser, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = stream.Close() }()
	return io.ReadAll(stream)
}

// spooled is a content that waits in a file without a name for its way on. Close frees it.
type spooled struct {
	Content
	file *os.File
}

func (s *spooled) Close() error { return s.file.Close() }

// spool takes a stream of at most limit bytes: TooLarge if it is longer.
func (s *Service) spool(stream io.Reader, limit int64) (*spooled, error) {
	file, err := os.CreateTemp(s.o.Spool, "image-pro-*")
	if err != nil {
		return nil, noSpool(err)
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close()
		return nil, noSpool(err)
	}
	size, err := io.Copy(onlyWriter{file}, io.LimitReader(stream, limit+1))
	var unwritten *os.PathError
	switch {
	case errors.As(err, &unwritten):
		err = noSpool(err)
	case err != nil && !errors.As(err, new(*fault.Fault)):
		err = fault.New(fault.Busy, "The file did not arrive to its end.", err)
	case err == nil && size > limit:
		err = fault.Newf(fault.TooLarge, "The file has more than %d bytes.", limit).Over(fault.LimitFileBytes)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &spooled{Content{ReaderAt: file, Size: size}, file}, nil
}

// onlyWriter keeps io.Copy from asking a file to read by itself, which hides who failed.
type onlyWriter struct{ io.Writer }

func noSpool(err error) *fault.Fault {
	return fault.New(fault.Busy, "There is no room for the file at the moment.", err)
}
