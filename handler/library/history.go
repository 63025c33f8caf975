package library

import (
	"context"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
)

// History returns a file and its versions, newest first. The sides of the newest ones are read from their contents.
func (s *Service) History(ctx context.Context, who caller.Caller, ref Ref) (Item, []Version, error) {
	i, history, err := s.history(ctx, who, ref)
	if err != nil {
		return Item{}, nil, err
	}
	s.measureVersions(ctx, who, i, history[:min(len(history), maxMeasured)])
	return i, history, nil
}

func (s *Service) history(ctx context.Context, who caller.Caller, ref Ref) (Item, []Version, error) {
	i, err := s.File(ctx, who, ref)
	if err != nil {
		return Item{}, nil, err
	}
	history, err := s.o.SharePoint.History(ctx, who, ref)
	if err == nil && len(history) == 0 {
		err = fault.New(fault.NotFound, "SharePoint keeps no versions of this file.", nil)
	}
	return i, history, err
}

func (s *Service) measureVersions(ctx context.Context, who caller.Caller, i Item, history []Version) {
	ctx, cancel := context.WithTimeout(ctx, measureTime)
	defer cancel()
	group := errgroup.Group{}
	group.SetLimit(measureParallel)
	for n := range history {
		group.Go(func() error {
			v := &history[n]
			limits := s.o.Limits
			limits.Bytes = int(max(v.Size, 1))
			file := &remote{size: v.Size, read: func(part Span) ([]byte, error) {
				return readAll(s.openVersion(ctx, who, i, *v, part))
			}}
			if info, err := imaging.Peek(file, v.Size, limits); err == nil {
				v.Width, v.Height = info.Width, info.Height
			}
			return nil
		})
	}
	_ = group.Wait() // none fails
}

// openVersion reads a part of a version. SharePoint gives the content of the current one at the file alone
// (https://github.com/OneDrive/onedrive-api-docs/issues/1112).
func (s *Service) openVersion(
	ctx context.Context, who caller.Caller, i Item, v Version, part Span,
) (io.ReadCloser, error) {
	if v.Current {
		return s.o.SharePoint.Open(ctx, who, i, part)
	}
	return s.o.SharePoint.OpenVersion(ctx, who, i.Ref, v, part)
}

// Version finds a version of a file by its id.
func (s *Service) Version(ctx context.Context, who caller.Caller, ref Ref, id string) (Item, Version, error) {
	i, history, err := s.history(ctx, who, ref)
	if err != nil {
		return Item{}, Version{}, err
	}
	at := slices.IndexFunc(history, func(v Version) bool { return v.ID == id })
	if at < 0 {
		return Item{}, Version{}, fault.New(fault.NotFound, "The file has no such version.", nil)
	}
	v := history[at]
	if v.Current && v.Size != i.Size { // somebody saved between the two answers
		return Item{}, Version{}, changing(nil)
	}
	return i, v, nil
}

// OpenVersion reads a part of a version's content.
func (s *Service) OpenVersion(
	ctx context.Context, who caller.Caller, i Item, v Version, part Span,
) (io.ReadCloser, error) {
	return s.openVersion(ctx, who, i, v, part)
}

// VersionThumbnail returns a version within a square of one of Sizes, as JPEG. SharePoint has none of old versions.
func (s *Service) VersionThumbnail(ctx context.Context, who caller.Caller, ref Ref, id, size string) ([]byte, error) {
	i, v, err := s.Version(ctx, who, ref, id)
	if err != nil {
		return nil, err
	}
	if !i.Image() {
		return nil, fault.New(fault.Unsupported, "This file is no picture.", nil)
	}
	if v.Size > int64(s.o.Limits.Bytes) {
		return nil, fault.Newf(fault.TooLarge, "The version has %d bytes; at most %d are edited.", v.Size,
			s.o.Limits.Bytes).Over(fault.LimitFileBytes)
	}
	leave, err := s.places.enter(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	defer leave()
	src, err := readAll(s.openVersion(ctx, who, i, v, Span{0, v.Size}))
	if err != nil {
		return nil, err
	}
	return s.small(ctx, src, sides[size])
}

// Restore makes the content of an old version the newest one, if the present content has the tag. It is written as
// any content is: SharePoint's own way to restore takes no condition, and would overwrite what nobody has read.
func (s *Service) Restore(ctx context.Context, who caller.Caller, ref Ref, tag, id string) (Item, error) {
	i, v, err := s.Version(ctx, who, ref, id)
	switch {
	case err != nil:
		return Item{}, err
	case i.Tag != tag:
		return Item{}, stale(i)
	case v.Current:
		return Item{}, fault.New(fault.Invalid, "This is the present version already.", nil)
	case v.Size > int64(s.o.Limits.Bytes):
		return Item{}, fault.Newf(fault.TooLarge, "The version has %d bytes; at most %d are taken.", v.Size,
			s.o.Limits.Bytes).Over(fault.LimitFileBytes)
	}
	stream, err := s.openVersion(ctx, who, i, v, Span{0, v.Size})
	if err != nil {
		return Item{}, err
	}
	defer func() { _ = stream.Close() }()
	content, err := s.spool(stream, v.Size)
	if err != nil {
		return Item{}, err
	}
	defer func() { _ = content.Close() }()
	if same, err := s.same(ctx, who, i, content.Content); err != nil || same {
		return i, err
	}
	return s.replace(ctx, who, i, content.Content)
}

// Compare returns two versions of a file with their sides, for a view of before and after. An empty id of the first
// is the version before the second, and of the second the present one.
func (s *Service) Compare(
	ctx context.Context, who caller.Caller, ref Ref, before, after string,
) (Item, [2]Version, error) {
	i, history, err := s.history(ctx, who, ref)
	if err != nil {
		return Item{}, [2]Version{}, err
	}
	second := 0
	if after != "" {
		second = slices.IndexFunc(history, func(v Version) bool { return v.ID == after })
	}
	first := second + 1
	if before != "" {
		first = slices.IndexFunc(history, func(v Version) bool { return v.ID == before })
	}
	if second < 0 || first < 0 || first >= len(history) {
		return Item{}, [2]Version{}, fault.New(fault.NotFound, "The file has no such version.", nil)
	}
	both := [2]Version{history[first], history[second]}
	s.measureVersions(ctx, who, i, both[:])
	return i, both, nil
}
