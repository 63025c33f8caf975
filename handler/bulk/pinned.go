package bulk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// Pinned is a picture of a library that a recipe needs, and what its file held when the job was submitted. All images
// of the job get the same, at every try, whatever becomes of the file meanwhile: it may itself be one of those that the
// job edits.
type Pinned struct {
	Drive  string
	Item   string
	Bytes  int64
	SHA256 string // of the content, hexadecimal
}

func (p Pinned) image() recipe.Image { return recipe.Image{Drive: p.Drive, Item: p.Item} }

func (p Pinned) holds(content []byte) bool { return p.SHA256 == sumOf(content) }

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// pin reads the pictures that the recipe of a request needs, with the rights of the caller. Its faults point to them. A
// repeat with the same key gets what was pinned before.
func (s *Service) pin(ctx context.Context, who caller.Caller, job Job, r Request) ([]Pinned, error) {
	needed := slices.DeleteFunc(r.parsed.Images(), func(n recipe.NeededImage) bool { return !n.InLibrary() })
	if len(needed) > 0 && r.Key != "" {
		if kept, err := s.specs.Spec(ctx, job); !fault.Is(err, fault.NotFound) {
			return kept.Pinned, err
		}
	}
	var all []Pinned
	for _, n := range needed {
		p, err := s.pinOne(ctx, who, n.Image)
		if err != nil {
			return nil, recipe.Unusable(err).At("/recipe" + n.At)
		}
		all = append(all, p)
	}
	return all, nil
}

func (s *Service) pinOne(ctx context.Context, who caller.Caller, image recipe.Image) (Pinned, error) {
	file, err := s.library.File(ctx, who, image.Drive, image.Item)
	switch {
	case err != nil:
		return Pinned{}, err
	case file.Folder:
		return Pinned{}, fault.New(fault.Unsupported, "This is a folder, not a file.", nil)
	case file.Size > int64(s.limits.ImageBytes):
		return Pinned{}, fault.Newf(fault.TooLarge, "The file has %d bytes; at most %d are taken.", file.Size,
			s.limits.ImageBytes).
			Over(fault.LimitImageBytes)
	}
	content, err := s.library.Read(ctx, who, file, int64(s.limits.ImageBytes))
	if err == nil {
		_, err = imaging.InspectImage(content, s.limits)
	}
	return Pinned{image.Drive, image.Item, int64(len(content)), sumOf(content)}, err
}

// pinnedCount is how many pinned pictures are remembered at the most: the images of a job need the same ones.
const pinnedCount = 8

// pinnedKey is of one job: what its user may see is for nobody else.
type pinnedKey struct {
	job Ref
	sum string
}

// images returns the pictures that the recipe needs, as they were pinned.
func (w *Worker) images(ctx context.Context, job Job, pinned []Pinned) (map[recipe.Image][]byte, error) {
	all := make(map[recipe.Image][]byte, len(pinned))
	for _, p := range pinned {
		content, err := w.remembered(ctx, job, p)
		if err != nil {
			return nil, recipe.Unusable(err)
		}
		all[p.image()] = content
	}
	return all, nil
}

func (w *Worker) remembered(ctx context.Context, job Job, p Pinned) ([]byte, error) {
	if w.pinned == nil {
		return w.recall(ctx, job.who(), p)
	}
	key := pinnedKey{job.Ref, p.SHA256}
	if content, ok := w.pinned.Get(key); ok {
		return content, nil
	}
	content, err := w.recall(ctx, job.who(), p)
	if err == nil {
		w.pinned.Add(key, content)
	}
	return content, err
}

// recall reads what was pinned: the content that the file has now, or had before. NotFound if it is none of them.
func (w *Worker) recall(ctx context.Context, who caller.Caller, p Pinned) ([]byte, error) {
	file, err := w.library.File(ctx, who, p.Drive, p.Item)
	if err != nil {
		return nil, err
	}
	if file.Size == p.Bytes {
		if content, err := w.library.Read(ctx, who, file, p.Bytes); err != nil || p.holds(content) {
			return content, err
		}
	}
	versions, err := w.library.Versions(ctx, who, file)
	if err != nil {
		return nil, err
	}
	for _, version := range versions[min(1, len(versions)):] { // the first is the content now
		if version.Size != p.Bytes {
			continue
		}
		if content, err := w.library.ReadVersion(ctx, who, file, version.ID, p.Bytes); err != nil || p.holds(content) {
			return content, err
		}
	}
	return nil, fault.New(fault.NotFound,
		"It was changed after the bulk edit was submitted, and no version of it is as it was.", nil)
}
