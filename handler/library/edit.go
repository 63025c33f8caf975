package library

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/naming"
	"imagepro/handler/recipe"
)

// Target says where an edited picture goes.
type Target string

// The targets.
const (
	NewVersion Target = "newVersion" // the file gets a new version
	Copy       Target = "copy"       // a new file
)

// Save says how an edited picture is saved.
type Save struct {
	Target Target
	Name   string // pattern of a copy's name; see naming
	Folder string // id of the folder for a copy, in the same library; empty for that of the picture
	// OnConflict is what to do if a copy's name is taken; Fail unless it is set.
	OnConflict OnConflict
	KeepDates  bool // the time of the last change stays as it is
}

// Picture is what is known of a picture's content.
type Picture struct {
	Width, Height int // pixels, upright
	Bytes         int64
	Format        imaging.Format
}

// Edited is the outcome of an edit.
type Edited struct {
	Item          Item // the file as it is now
	Before, After Picture
	Warnings      []string
	Unchanged     bool         // the recipe changes nothing in this picture, and nothing was saved
	Left          *fault.Fault // why the picture was left as it is, with Skip; nil if it was not
	Recipe        string       // hash of the recipe
}

// MaxPreview is the longest side of a preview, in pixels.
const MaxPreview = 2048

// Preview is a small picture of what an edit would make.
type Preview struct {
	Data          []byte
	MIME          string
	Width, Height int // of the preview
	Warnings      []string
}

// Preview carries a recipe out and returns the result within a square of so many pixels. Nothing is saved.
func (s *Service) Preview(
	ctx context.Context, who caller.Caller, ref Ref, steps json.RawMessage, side int,
) (Preview, error) {
	if side < 16 || side > MaxPreview {
		return Preview{}, fault.Newf(fault.Invalid, "A preview has 16 to %d pixels on its longer side.",
			MaxPreview).At("/size")
	}
	r, err := parse(steps)
	if err != nil {
		return Preview{}, err
	}
	from, err := s.source(ctx, who, ref, r)
	if err != nil {
		return Preview{}, err
	}
	defer from.leave()
	o := imaging.Options{Name: from.item.Name, Images: from.images, For: imaging.ToPreview}
	if len(r.Steps) == 0 && r.Output.Format == recipe.Keep {
		o.For = imaging.ToShow // the pixels stay as they are
	}
	result, err := s.edit(ctx, from.src, s.shown(r, from.src, side), o)
	if err != nil {
		return Preview{}, err
	}
	return Preview{
		Data:     result.Data,
		MIME:     result.Format.MIME(),
		Width:    result.Width,
		Height:   result.Height,
		Warnings: result.Warnings,
	}, nil
}

// source is a picture and those that a recipe needs for it, until its place is left.
type source struct {
	item   Item
	src    []byte
	images map[recipe.Image][]byte
	leave  func()
}

// source reads a picture and what a recipe needs, for as long as there is a place for it.
func (s *Service) source(ctx context.Context, who caller.Caller, ref Ref, r *recipe.Recipe) (from source, err error) {
	if from.item, err = s.picture(ctx, who, ref); err != nil {
		return source{}, err
	}
	if from.leave, err = s.places.enter(ctx, who.Tenant); err != nil {
		return source{}, err
	}
	if from.src, from.images, err = s.contents(ctx, who, from.item, r); err != nil {
		from.leave()
	}
	return from, err
}

// Explain says what an edit would do, without doing it.
func (s *Service) Explain(
	ctx context.Context, who caller.Caller, ref Ref, steps json.RawMessage,
) (imaging.Explanation, error) {
	r, err := parse(steps)
	if err != nil {
		return imaging.Explanation{}, err
	}
	from, err := s.source(ctx, who, ref, r)
	if err != nil {
		return imaging.Explanation{}, err
	}
	defer from.leave()
	leave, err := s.o.Room.Enter(ctx)
	if err != nil {
		return imaging.Explanation{}, err
	}
	defer leave()
	e, err := imaging.Explain(from.src, r, imaging.Options{
		Limits: s.o.Limits,
		Name:   from.item.Name,
		Time:   s.o.Now(),
		Images: from.images,
	})
	return e, inBody(err)
}

// shown returns the recipe with a further step that makes the result small, in a format that browsers show.
func (s *Service) shown(r *recipe.Recipe, src []byte, side int) *recipe.Recipe {
	small := *r
	length := recipe.Length{Value: float64(side)}
	small.Steps = append(slices.Clone(r.Steps), recipe.Resize{
		Width:              length,
		Height:             length,
		Fit:                recipe.Inside,
		WithoutEnlargement: true,
		Kernel:             recipe.Linear,
		Gravity:            recipe.Center,
	})
	small.Output.Metadata = recipe.KeepNone
	small.Output.MaxBytes, small.Output.MinSavings, small.Output.SkipProcessed = 0, -1, false
	info, _ := imaging.Inspect(src, s.o.Limits) // Edit reports what is wrong
	format := imaging.Format(r.Output.Format)
	if r.Output.Format == recipe.Keep {
		format = info.Format
	}
	if format == imaging.TIFF || format == imaging.BMP {
		if small.Output.Format = recipe.JPEG; info.Alpha {
			small.Output.Format = recipe.PNG
		}
	}
	return &small
}

// small returns a picture within a square of so many pixels, as JPEG; of an animation the first frame.
func (s *Service) small(ctx context.Context, src []byte, side int) ([]byte, error) {
	r, err := recipe.Parse(
		[]byte(`{"version":1,"input":{"onAnimated":"first"},"output":{"format":"jpeg","quality":80}}`))
	if err != nil {
		return nil, err
	}
	result, err := s.edit(ctx, src, s.shown(r, src, side), imaging.Options{For: imaging.ToShow})
	return result.Data, err
}

// parse reads a recipe; its faults point into the body.
func parse(text json.RawMessage) (*recipe.Recipe, error) {
	r, err := recipe.Parse(text)
	if err != nil {
		f := fault.From(err)
		return nil, f.At("/recipe" + f.Field)
	}
	return r, nil
}

// inBody lets a fault that points into the recipe point into the body.
func inBody(err error) error {
	if f := fault.From(err); f != nil && f.Field != "" {
		return f.At("/recipe" + f.Field)
	}
	return err
}

// edit carries a recipe out when there is room, with the service's limits and time. Its faults point into the body.
func (s *Service) edit(ctx context.Context, src []byte, r *recipe.Recipe, o imaging.Options) (imaging.Result, error) {
	o.Limits, o.Time = s.o.Limits, s.o.Now()
	result, err := s.o.Room.Edit(ctx, src, r, o)
	return result, inBody(err)
}

// Edit carries a recipe out on the content that has the tag, and saves the result. Stale if the content is another
// by now; nothing was saved then.
func (s *Service) Edit(
	ctx context.Context, who caller.Caller, ref Ref, tag string, steps json.RawMessage, save Save,
) (Edited, error) {
	r, err := parse(steps)
	if err != nil {
		return Edited{}, err
	}
	if save, err = checked(save); err != nil {
		return Edited{}, err
	}
	i, err := s.picture(ctx, who, ref)
	if err != nil {
		return Edited{}, err
	}
	if i.Tag != tag {
		return Edited{}, stale(i)
	}
	made, err := s.carryOut(ctx, who, i, r, naming.AsksFile(save.Name))
	if err != nil {
		return Edited{}, err
	}
	defer func() { _ = made.content.Close() }()
	edited, err := s.save(ctx, who, made, save)
	if err != nil {
		return Edited{}, err
	}
	if edited.Item.Overwrote {
		edited.Warnings, edited.Item.Overwrote = append(edited.Warnings, OverwroteChange), false // told once
	}
	if !edited.Unchanged && edited.Left == nil {
		s.applied(ctx, who, edited.Item, r)
	}
	edited.Item.Width, edited.Item.Height = edited.After.Width, edited.After.Height
	return edited, nil
}

// made is what a recipe has made of a picture.
type made struct {
	edited    Edited
	facts     naming.Facts // for the name of a copy
	content   *spooled
	format    imaging.Format
	left      bool // the recipe says that the picture stays as it is
	unchanged bool // nothing differs from what the file has
}

// carryOut carries a recipe out, for as long as there is a place for it. named says that the name of the copy needs
// what the file says of itself.
func (s *Service) carryOut(ctx context.Context, who caller.Caller, i Item, r *recipe.Recipe, named bool) (made, error) {
	leave, err := s.places.enter(ctx, who.Tenant)
	if err != nil {
		return made{}, err
	}
	defer leave()
	src, images, err := s.contents(ctx, who, i, r)
	if err != nil {
		return made{}, s.orStale(ctx, who, i, err)
	}
	result, err := s.edit(ctx, src, r, imaging.Options{Name: i.Name, Images: images})
	if err == nil && !result.Verified {
		err = fault.New(fault.Internal, "The result was not verified, so it was not saved.", nil)
	}
	if err != nil {
		return made{}, err
	}
	m := made{
		edited: Edited{
			Item:     i,
			Recipe:   r.Hash(),
			Warnings: result.Warnings,
			Before:   Picture{result.Before.Width, result.Before.Height, i.Size, result.Before.Format},
			After:    Picture{result.Width, result.Height, int64(len(result.Data)), result.Format},
		},
		facts: naming.Facts{
			Name:   i.Name,
			Width:  result.Width,
			Height: result.Height,
			Time:   s.o.Now().UTC(),
			Recipe: r.Name,
			Hash:   r.Hash(),
		},
		format:    result.Format,
		left:      result.IsLeft(),
		unchanged: result.Unchanged || bytes.Equal(result.Data, src),
	}
	if named {
		about, _ := imaging.Describe(src, s.o.Limits) // what can be read of it
		m.facts.Taken, m.facts.Title, m.facts.Creator = about.Day(), about.Title, about.Creator
	}
	m.content, err = s.spool(bytes.NewReader(result.Data), int64(len(result.Data)))
	return m, err
}

// save saves what was made as a copy or as the new version, unless it is left or changes nothing.
func (s *Service) save(ctx context.Context, who caller.Caller, m made, save Save) (edited Edited, err error) {
	edited = m.edited
	if save.KeepDates {
		m.content.Modified = edited.Item.Dated
	}
	switch before := edited.Before.Format; {
	case m.left:
		edited.Unchanged = true
	case save.Target == Copy:
		name := naming.Of(save.Name, m.facts, m.format.Ending())
		err = s.saveCopy(ctx, who, save, name, m.content.Content, &edited)
	case m.format != before:
		err = fault.Newf(fault.Unsupported,
			"The recipe turns %s into %s, which does not suit the file's name. Save a copy instead.", before, m.format)
	case m.unchanged:
		edited.Unchanged = true
	default:
		edited.Item, err = s.replace(ctx, who, edited.Item, m.content.Content)
	}
	return edited, err
}

// saveCopy makes the copy of a picture that was edited, or leaves the picture if that is the policy.
func (s *Service) saveCopy(
	ctx context.Context, who caller.Caller, save Save, name string, content Content, edited *Edited,
) error {
	folder := Ref{edited.Item.Drive, cmp.Or(save.Folder, edited.Item.Parent)}
	made, err := s.add(ctx, who, folder, name, save.OnConflict, content)
	switch {
	case err == nil:
		edited.Item = made
	case save.OnConflict == Skip && fault.Is(err, fault.Conflict):
		edited.Left, edited.After = fault.Newf(fault.Conflict, "There is a file named %s already. Nothing was saved.",
			name), edited.Before
	default:
		return err
	}
	return nil
}

func checked(save Save) (Save, error) {
	wrong := func(field, says string) (Save, error) {
		return save, fault.New(fault.Invalid, says, nil).At("/save/" + field)
	}
	switch save.Target {
	case "", NewVersion:
		switch {
		case save.Name != "":
			return wrong("name", "A name is for copies only; a new version keeps its name.")
		case save.Folder != "":
			return wrong("folderId", "A folder is for copies only; a new version keeps its place.")
		case save.OnConflict != "":
			return wrong("onConflict", "A conflict of names is met by copies only.")
		}
		save.Target = NewVersion
		return save, nil
	case Copy:
	default:
		return wrong("target", "The target is newVersion or copy.")
	}
	if save.Name == "" {
		save.Name = naming.Default
	}
	if save.OnConflict == "" {
		save.OnConflict = Fail
	}
	if !slices.Contains([]OnConflict{Fail, Rename, Replace, Skip}, save.OnConflict) {
		return wrong("onConflict", "onConflict is fail, rename, replace or skip.")
	}
	return save, naming.Check(save.Name, "/save/name", naming.Allowed{})
}

// replace saves a new version of a file; Stale if its content is another by now.
func (s *Service) replace(ctx context.Context, who caller.Caller, i Item, content Content) (Item, error) {
	saved, err := s.o.SharePoint.Put(ctx, who, i, content)
	if err == nil {
		return saved, nil
	}
	if err = s.orStale(ctx, who, i, err); fault.Is(err, fault.Conflict) { // and what is there cannot be read
		err = fault.New(fault.Stale, changedText, err)
	}
	return Item{}, err
}

// orStale returns Stale in place of an error that comes of somebody else's change, else the error.
func (s *Service) orStale(ctx context.Context, who caller.Caller, i Item, err error) error {
	if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Busy) {
		return err
	}
	now, readErr := s.o.SharePoint.Item(ctx, who, i.Ref)
	if readErr == nil && now.Tag != i.Tag {
		return stale(now)
	}
	return err
}

const changedText = "Somebody changed the file meanwhile. Nothing was saved."

// stale says what is there instead of what the caller read.
func stale(now Item) *fault.Fault {
	f := fault.New(fault.Stale, changedText, nil)
	f.Latest = &fault.Latest{Version: now.Tag, At: now.ModifiedAt, By: now.ModifiedBy.Name, Bytes: now.Size}
	return f
}

// maxNumbers is how many other names are tried.
const maxNumbers = 100

// add makes a file, and meets a name that is taken as the policy says. It never replaces what it has not read.
func (s *Service) add(
	ctx context.Context, who caller.Caller, folder Ref, name string, on OnConflict, content Content,
) (Item, error) {
	if on == Replace {
		there, err := s.o.SharePoint.Named(ctx, who, folder, name)
		switch {
		case err == nil && there.Folder:
			return Item{}, fault.New(fault.Conflict, "A folder has this name.", nil).At("/save/name")
		case err == nil:
			if err := s.replaceable(ctx, who, there); err != nil {
				return Item{}, fault.From(err).At("/save/name")
			}
			return s.replace(ctx, who, there, content)
		case !fault.Is(err, fault.NotFound):
			return Item{}, err
		}
	}
	made, err := s.o.SharePoint.Add(ctx, who, folder, name, content)
	for n := 1; on == Rename && fault.Is(err, fault.Conflict) && n <= maxNumbers; n++ {
		made, err = s.o.SharePoint.Add(ctx, who, folder, naming.Numbered(name, n), content)
	}
	if fault.Is(err, fault.Conflict) {
		err = fault.From(err).At("/save/name")
	}
	return made, err
}

// Replace saves a picture that the editor made, of a declared media type, as the new version of the content that
// has the tag. It is checked before a byte reaches SharePoint: it is what it is declared to be, suits the file's
// name, keeps to the limits and can be decoded to its end. size is its length, or -1 if that was not said.
func (s *Service) Replace(
	ctx context.Context, who caller.Caller, ref Ref, tag, declared string, size int64, body io.Reader,
) (Item, error) {
	limit := int64(s.o.Limits.Bytes)
	if size > limit {
		return Item{}, fault.Newf(fault.TooLarge, "The file has %d bytes; at most %d are taken.", size,
			limit).Over(fault.LimitFileBytes)
	}
	i, err := s.picture(ctx, who, ref)
	if err != nil {
		return Item{}, err
	}
	if i.Tag != tag {
		return Item{}, stale(i)
	}
	content, err := s.spool(body, limit)
	if err != nil {
		return Item{}, err
	}
	defer func() { _ = content.Close() }()
	if size >= 0 && content.Size != size {
		return Item{}, fault.Newf(fault.Invalid, "The file has %d bytes, not %d as announced.", content.Size, size)
	}
	info, err := imaging.Peek(content, content.Size, s.o.Limits)
	if err != nil {
		return Item{}, err
	}
	if mime := info.Format.MIME(); !sameType(mime, declared) {
		return Item{}, fault.Newf(fault.Unsupported, "The file is %s, which its Content-Type does not say.",
			mime).At("Content-Type")
	} else if !sameType(mime, i.MIME) {
		return Item{}, fault.Newf(fault.Unsupported, "The file is %s, which does not suit the file's name.",
			mime).At("Content-Type")
	}
	if err = s.readable(ctx, who, content.Content); err != nil {
		return Item{}, err
	}
	same, err := s.same(ctx, who, i, content.Content)
	if err != nil {
		return Item{}, err
	}
	if !same {
		if err = s.replaceable(ctx, who, i); err != nil {
			return Item{}, err
		}
		if i, err = s.replace(ctx, who, i, content.Content); err != nil {
			return Item{}, err
		}
	}
	i.Width, i.Height = info.Width, info.Height
	return i, nil
}

// readable decodes a picture to its end, every frame of it, as an edit of it would: a header says nothing of pixels
// that are damaged or missing.
func (s *Service) readable(ctx context.Context, who caller.Caller, content Content) error {
	leave, err := s.places.enter(ctx, who.Tenant)
	if err != nil {
		return err
	}
	defer leave()
	src := make([]byte, content.Size)
	if _, err = io.ReadFull(io.NewSectionReader(content, 0, content.Size), src); err != nil {
		return noSpool(err)
	}
	r, err := recipe.Parse([]byte(`{"version":1,"input":{"onAnimated":"process"}}`))
	if err != nil {
		return err
	}
	_, err = s.edit(ctx, src, s.shown(r, src, readableSide), imaging.Options{For: imaging.ToShow})
	return err
}

// readableSide is the side of what is made of a picture to see that it can be decoded, in pixels.
const readableSide = 64

// replaceable refuses to put a content in the place of a picture that is never edited, such as camera raw under the
// name of a JPEG file: it is somebody's original.
func (s *Service) replaceable(ctx context.Context, who caller.Caller, i Item) error {
	_, err := s.peek(ctx, who, i)
	switch {
	case errors.Is(err, imaging.ErrOtherKind):
		return err
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Unsupported), fault.Is(err, fault.TooLarge):
		return nil // damaged, or no picture at all
	}
	return s.orStale(ctx, who, i, err)
}

// same reports whether a file has a content already. SharePoint's hash only tells that it has another one: to fill an
// area of an uncompressed picture with another colour, say, may leave it as it was.
func (s *Service) same(ctx context.Context, who caller.Caller, i Item, content Content) (bool, error) {
	hash, err := s.o.SharePoint.Hash(content)
	if err != nil || i.Size != content.Size || hash != i.Fingerprint {
		return false, err
	}
	stream, err := s.o.SharePoint.Open(ctx, who, i, Span{Length: i.Size})
	if err != nil {
		return false, s.orStale(ctx, who, i, err)
	}
	defer func() { _ = stream.Close() }()
	there, ours := bufio.NewReader(stream), bufio.NewReader(io.NewSectionReader(content, 0, content.Size))
	for {
		a, errThere := there.ReadByte()
		b, errOurs := ours.ReadByte()
		switch {
		case errThere == io.EOF && errOurs == io.EOF:
			return true, nil
		case errThere != nil && errThere != io.EOF:
			return false, s.orStale(ctx, who, i, errThere)
		case errOurs != nil && errOurs != io.EOF:
			return false, noSpool(errOurs)
		case a != b || errThere != errOurs:
			return false, nil
		}
	}
}

// sameType compares media types without their parameters and with the names that some are also known by.
func sameType(a, b string) bool {
	plain := func(mime string) string {
		mime, _, _ = strings.Cut(mime, ";")
		switch mime = strings.ToLower(strings.TrimSpace(mime)); mime {
		case "image/jpg", "image/pjpeg":
			return "image/jpeg"
		case "image/x-ms-bmp", "image/x-bmp":
			return "image/bmp"
		case "image/tif":
			return "image/tiff"
		}
		return mime
	}
	return plain(a) == plain(b)
}
