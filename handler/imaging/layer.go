package imaging

import (
	"context"
	"errors"
	"image"

	"imagepro/handler/fault"
	"imagepro/handler/imaging/jpegcodec"
	"imagepro/handler/recipe"
)

// layer is a picture of the recipe, fitted to be laid on the one that is edited. It is decoded when its turn comes.
type layer struct {
	plan *plan
	file []byte
}

// layer fits a picture of the recipe: upright, as its own Orientation tag asks, then changed by steps. Its colour
// profile is not looked at. Faults point to the field of the step.
func (p *planner) layer(of recipe.Image, steps ...recipe.Step) (layer, error) {
	file := []byte(of.Data)
	if of.InLibrary() {
		var ok bool
		if file, ok = p.o.Images[of]; !ok {
			return layer{}, fault.New(fault.NotFound, "The picture that this step needs is not there.",
				nil).At(imageField)
		}
	}
	info, err := InspectImage(file, p.limits)
	if err != nil {
		return layer{}, recipe.Unusable(err).At(imageField)
	}
	sub := &planner{limits: p.limits, info: info, plan: &plan{info: info, denominator: 1, warnings: warnings{}}}
	sub.limits.ResultSide = max(p.limits.ResultSide, p.plan.size.X, p.plan.size.Y) // a mask is as large as the picture

	// libjpeg-turbo may leave the file to the standard library, which takes more memory.
	sub.info.turbo = false
	sub.plan.size = image.Pt(info.StoredWidth, info.StoredHeight)
	sub.turn(turnOf(info.Orientation))
	for _, step := range steps {
		if err := sub.fit(step); err != nil {
			return layer{}, err
		}
	}
	sub.begin()
	sub.plan.memory = sub.estimate()
	return layer{sub.plan, file}, nil
}

// imageField is the field of a step that names its picture.
const imageField = "/image"

// InspectImage is Inspect for a picture that a recipe lays on another: with limits of its own, and of an animation the
// first frame counts.
func InspectImage(src []byte, limits Limits) (Info, error) {
	limits = limits.orDefaults()
	limits.Bytes, limits.Pixels = limits.ImageBytes, limits.ImagePixels
	info, err := inspect(src, limits, recipe.FirstFrame)
	if err == nil {
		err = info.convertible(ToSave)
	}
	if f := fault.From(err); f != nil {
		switch f.Limit {
		case fault.LimitFileBytes:
			err = f.Over(fault.LimitImageBytes)
		case fault.LimitPixels:
			err = f.Over(fault.LimitImagePixels)
		}
	}
	return info, err
}

// pixels decodes the picture and carries its steps out.
func (l layer) pixels(ctx context.Context) (*image.NRGBA, error) {
	m, err := l.plan.run(ctx, l.file)
	if errors.Is(err, jpegcodec.ErrNotTaken) {
		plain := *l.plan
		plain.info.turbo = false
		m, err = plain.run(ctx, l.file)
	}
	if err != nil && ctx.Err() == nil {
		err = recipe.Unusable(err)
	}
	return m, err
}

func (l layer) size() image.Point { return l.plan.size }

// memory returns the estimated bytes at the peak while the picture is decoded and changed, with the result.
func (l layer) memory() int64 { return l.plan.memory }
