package bulk

import (
	"context"
	"errors"
	"slices"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// Side is one of the two pictures of a preview.
type Side string

// The sides.
const (
	Before Side = "before"
	After  Side = "after"
)

// Previews keeps small pictures of dry runs, among the things of their users. Its faults: NotFound, Busy.
type Previews interface {
	// PutPreview keeps a preview (JPEG) of an image by its number, in place of an earlier one.
	PutPreview(ctx context.Context, j Job, n int, side Side, jpeg []byte) error
	Preview(ctx context.Context, j Job, n int, side Side) ([]byte, error)
	// DeletePreviews deletes those of an image. It is no fault if there are none.
	DeletePreviews(ctx context.Context, j Job, n int) error
	// DropPreviews deletes those that were written before the time.
	DropPreviews(ctx context.Context, before time.Time) error
}

const (
	sampleSize  = 8   // images of a dry run that have previews
	previewSide = 512 // pixels, of the longer side at the most
	previewLife = 24 * time.Hour
)

// samples returns the numbers of the images of a dry run that have previews: spread evenly, and the same at every try.
func samples(planned int) []int {
	count := min(sampleSize, planned)
	all := make([]int, count)
	for i := range all {
		all[i] = i * planned / count
	}
	return all
}

// rehearse gives an image of a dry run its result: what an edit would make of it, unless the name of its copy is taken.
// The previews come first, so that an image with a result has them.
func (w *Worker) rehearse(
	ctx context.Context, job Job, spec parsedSpec, file File, item Item, source, result []byte,
) (Item, error) {
	if slices.Contains(samples(job.Planned), item.N) {
		if err := w.keepPreviews(ctx, job, item.N, source, result); err != nil {
			return item, err
		}
	}
	intent := item.Intent // stays with the result: what an edit would write
	item.State, item.After, item.Warnings = Edited, intent.After, intent.Warnings
	if spec.save.Target != Copy {
		return item, nil
	}
	if intent.Folder != "" {
		file.Parent = intent.Folder
	}
	_, err := w.library.Beside(ctx, job.who(), file, intent.Name)
	switch {
	case fault.Is(err, fault.NotFound):
		return item, nil
	case err != nil:
		return item, err
	case spec.save.OnConflict == Skip:
		item.State = Skipped
	default:
		item.State = Conflicted
	}
	item.Reason, item.Message = string(fault.Conflict), "There is a file named "+intent.Name+" already."
	return item, nil
}

// keepPreviews makes the previews of an image and keeps them. If the job has been erased meanwhile, they are taken
// back: who erases takes records before blobs, so what is kept while the job's record is there is found.
func (w *Worker) keepPreviews(ctx context.Context, job Job, n int, source, result []byte) error {
	before, err := w.preview(ctx, source)
	if err != nil {
		return err
	}
	after, err := w.preview(ctx, result)
	if err != nil {
		return err
	}
	if err = w.previews.PutPreview(ctx, job, n, Before, before); err == nil {
		err = w.previews.PutPreview(ctx, job, n, After, after)
	}
	_, gone := w.jobs.Job(ctx, job.Ref) // not as it is remembered
	if fault.Is(gone, fault.NotFound) {
		return errors.Join(w.previews.DeletePreviews(ctx, job, n), gone)
	}
	return err
}

// preview makes a small JPEG of a picture, without its metadata. Results of edits may be larger than what is edited.
func (w *Worker) preview(ctx context.Context, picture []byte) ([]byte, error) {
	small, err := recipe.Parse(
		[]byte(
			`{"version":1,"input":{"onAnimated":"first"},"output":{"format":"jpeg","quality":80,` +
				`"metadata":{"mode":"none"}}}`))
	if err != nil {
		return nil, err
	}
	length := recipe.Length{Value: previewSide}
	small.Steps = []recipe.Step{recipe.Resize{
		Width:              length,
		Height:             length,
		Fit:                recipe.Inside,
		WithoutEnlargement: true,
		Kernel:             recipe.Linear,
		Gravity:            recipe.Center,
	}}
	limits := w.limits
	limits.Bytes = max(limits.Bytes, len(picture))
	limits.Pixels, limits.Side = max(limits.Pixels, limits.ResultPixels), max(limits.Side, limits.ResultSide)
	result, err := w.editPicture(ctx, picture, parsedSpec{recipe: small},
		imaging.Options{Limits: limits, For: imaging.ToShow})
	return result.Data, err
}

// Sample is an image of a dry run that has previews.
type Sample struct {
	Item  Item
	Until time.Time // when they go
}

// Samples returns the images of a dry run that have previews by now; none once they are a day old.
func (s *Service) Samples(ctx context.Context, who caller.Caller, id string) ([]Sample, error) {
	job, err := s.dryRun(ctx, who, id)
	if err != nil || !job.Place.End {
		return nil, err
	}
	var all []Sample
	for _, n := range samples(job.Planned) {
		item, err := s.items.Item(ctx, job.Ref, n)
		if err != nil {
			return nil, err
		}
		if item.After.Width > 0 && item.State != Unchanged && s.now().Sub(item.FinishedAt) < previewLife {
			all = append(all, Sample{item, item.FinishedAt.Add(previewLife)})
		}
	}
	return all, nil
}

// Preview returns one of the two pictures (JPEG) of an image of a dry run. NotFound once it is a day old.
func (s *Service) Preview(ctx context.Context, who caller.Caller, id string, n int, side Side) ([]byte, error) {
	job, err := s.dryRun(ctx, who, id)
	if err != nil {
		return nil, err
	}
	item, err := s.items.Item(ctx, job.Ref, n)
	if err != nil {
		return nil, err
	}
	if item.FinishedAt.IsZero() || s.now().Sub(item.FinishedAt) >= previewLife {
		return nil, fault.New(fault.NotFound, "There is no preview of this image. They are kept for a day.", nil)
	}
	return s.previews.Preview(ctx, job, n, side)
}

func (s *Service) dryRun(ctx context.Context, who caller.Caller, id string) (Job, error) {
	job, err := s.Get(ctx, who, id)
	if err == nil && job.Kind != DryRun {
		err = fault.New(fault.NotFound, "Only dry runs have previews.", nil)
	}
	return job, err
}
