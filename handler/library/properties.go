package library

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// Properties are what an organization says of a picture, and what has been done to it.
type Properties struct {
	Tenant string
	Ref
	Folder  string // id of the folder that held the picture at the last change
	Title   string
	AltText string // for those who cannot see the picture
	Caption string
	Credit  string
	Tags    []string // each once, in the order in which they were given
	Focal   *Point   // what should stay in sight when the picture is cut; nil for none
	// Recipes are those that were carried out on the picture here, the latest last.
	Recipes   []Applied
	ChangedAt time.Time
	ChangedBy string // object id; empty if that user's data was erased
	Version   string // changes with every write; opaque; empty for a picture of which nothing is said yet
}

// Point is a place in a picture: shares of its width and height, from 0 to 1.
type Point struct{ X, Y float64 }

// Applied is a recipe that was carried out on a picture.
type Applied struct {
	Hash   string
	Recipe json.RawMessage // canonical; nil of older ones, if all of them are too long
	At     time.Time
}

// The bounds of properties, in characters.
const (
	MaxTitle   = 255 // as a SharePoint column holds it
	MaxText    = 2000
	MaxCredit  = 255
	MaxTag     = 64
	MaxTags    = 50
	maxApplied = 20
	// maxRecipes is how many bytes of recipes are kept; of older ones the hash alone.
	maxRecipes = 100 << 10
)

// Changes are what changes in properties: nil leaves a field as it is.
type Changes struct {
	Title, AltText, Caption, Credit *string
	Tags                            *[]string
	Focal                           **Point
	// Columns says that title and caption, if they change, are written to the columns of the file in SharePoint as
	// well.
	Columns bool
}

// Filter selects properties. An empty field selects all.
type Filter struct {
	Drive, Folder string // Folder needs Drive
	Tag           string // in any case of its letters
	MissingAlt    bool   // those without an alternative text
	ChangedSince  time.Time
	ChangedBy     string
}

// PropertyStore keeps properties. Its faults: NotFound; Conflict, if the version is not the one that was read; Busy.
type PropertyStore interface {
	Properties(ctx context.Context, tenant string, ref Ref) (Properties, error)
	// PutProperties creates the record if Version is empty, else replaces the version that was read. It returns
	// them with their new version.
	PutProperties(ctx context.Context, p Properties) (Properties, error)
	// ListProperties returns at most limit of a tenant's, after the cursor (empty: from the start), and the cursor to
	// go on with, empty at the end. It may return few, or none, though more follow.
	ListProperties(ctx context.Context, tenant string, f Filter, cursor string, limit int) ([]Properties, string, error)
}

// Properties returns those of a picture that the caller may see; they are empty if nothing was said of it yet.
func (s *Service) Properties(ctx context.Context, who caller.Caller, ref Ref) (Properties, error) {
	i, err := s.picture(ctx, who, ref)
	if err != nil {
		return Properties{}, err
	}
	return s.properties(ctx, who, i)
}

func (s *Service) properties(ctx context.Context, who caller.Caller, i Item) (Properties, error) {
	p, err := s.o.Properties.Properties(ctx, who.Tenant, i.Ref)
	if fault.Is(err, fault.NotFound) {
		return Properties{Tenant: who.Tenant, Ref: i.Ref, Folder: i.Parent}, nil
	}
	return p, err
}

// Describe changes the properties of a picture that the caller may change, if their version is the one that was read.
// Forbidden for who may only see the picture.
// Columns in SharePoint are written first: if they cannot be, nothing is changed, and a repeat writes nothing twice.
func (s *Service) Describe(
	ctx context.Context, who caller.Caller, ref Ref, version string, c Changes,
) (Properties, error) {
	i, err := s.picture(ctx, who, ref)
	if err != nil {
		return Properties{}, err
	}
	before, err := s.properties(ctx, who, i)
	if err != nil {
		return Properties{}, err
	}
	if before.Version != version {
		return Properties{}, staleProperties(nil)
	}
	after, err := c.apply(before)
	if err != nil {
		return Properties{}, err
	}
	if err := s.o.SharePoint.MayWrite(ctx, who, ref); err != nil {
		return Properties{}, err
	}
	if c.Columns {
		var columns Columns
		if c.Title != nil {
			columns.Title = &after.Title
		}
		if c.Caption != nil {
			columns.Description = &after.Caption
		}
		if err := s.o.SharePoint.SetColumns(ctx, who, ref, columns); err != nil {
			return Properties{}, err
		}
	}
	after.Folder, after.ChangedAt, after.ChangedBy = i.Parent, s.o.Now().UTC(), who.User
	after, err = s.o.Properties.PutProperties(ctx, after)
	if fault.Is(err, fault.Conflict) {
		err = staleProperties(err)
	}
	return after, err
}

func staleProperties(err error) *fault.Fault {
	return fault.New(fault.Stale, "Somebody changed the picture's properties meanwhile.", err)
}

// apply returns the properties with the changes. Invalid, at the field, for what is out of bounds.
func (c Changes) apply(p Properties) (Properties, error) {
	for _, one := range []struct {
		field string
		from  *string
		to    *string
		most  int
	}{
		{"/title", c.Title, &p.Title, MaxTitle}, {"/altText", c.AltText, &p.AltText, MaxText},
		{"/caption", c.Caption, &p.Caption, MaxText}, {"/credit", c.Credit, &p.Credit, MaxCredit},
	} {
		if one.from == nil {
			continue
		}
		if err := text(one.field, *one.from, one.most); err != nil {
			return p, err
		}
		*one.to = strings.TrimSpace(*one.from)
	}
	if c.Tags != nil {
		tags, err := checkTags(*c.Tags)
		if err != nil {
			return p, err
		}
		p.Tags = tags
	}
	if c.Focal != nil {
		if f := *c.Focal; f != nil && !(f.X >= 0 && f.X <= 1 && f.Y >= 0 && f.Y <= 1) {
			return p, fault.New(fault.Invalid, "x and y of the focal point are from 0 to 1.", nil).At("/focalPoint")
		}
		p.Focal = *c.Focal
	}
	return p, nil
}

// text checks a text that may have several lines.
func text(field, value string, most int) error {
	if utf8.RuneCountInString(value) > most {
		return fault.Newf(fault.Invalid, "This text has at most %d characters.", most).At(field)
	}
	if strings.ContainsFunc(value, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\t'
	}) {
		return fault.New(fault.Invalid, "This text must be UTF-8 without control and replacement characters.",
			nil).At(field)
	}
	return nil
}

func checkTags(tags []string) ([]string, error) {
	if len(tags) > MaxTags {
		return nil, fault.Newf(fault.Invalid, "A picture has at most %d tags.", MaxTags).At("/tags")
	}
	var clean []string
	for n, tag := range tags {
		field := fmt.Sprintf("/tags/%d", n)
		if err := text(field, tag, MaxTag); err != nil {
			return nil, err
		}
		tag = strings.Join(strings.Fields(tag), " ")
		if tag == "" {
			return nil, fault.New(fault.Invalid, "A tag may not be empty.", nil).At(field)
		}
		if !slices.ContainsFunc(clean, func(have string) bool { return strings.EqualFold(have, tag) }) {
			clean = append(clean, tag)
		}
	}
	return clean, nil
}

// Described are properties with the file that they are of.
type Described struct {
	Properties
	Item Item
}

// Describing lists properties of pictures that the caller may see. A page may have few, or none, though more follow.
func (s *Service) Describing(
	ctx context.Context, who caller.Caller, f Filter, cursor string, limit int,
) ([]Described, string, error) {
	if f.Folder != "" && f.Drive == "" {
		return nil, "", fault.New(fault.Invalid, "A folder is named together with its library.", nil).At("driveId")
	}
	found, next, err := s.o.Properties.ListProperties(ctx, who.Tenant, f, cursor, limit)
	if err != nil || len(found) == 0 {
		return nil, next, err
	}
	refs := make([]Ref, len(found))
	for n, p := range found {
		refs[n] = p.Ref
	}
	visible, err := s.o.SharePoint.Visible(ctx, who, refs)
	if err != nil {
		return nil, "", err
	}
	var all []Described
	for _, p := range found {
		if i, ok := visible[p.Ref]; ok {
			all = append(all, Described{p, i})
		}
	}
	return all, next, nil
}

// appliedTime is how long noting a recipe may take, beyond the request's own time. An erasure waits for longer.
const appliedTime = 10 * time.Second

// applied notes a recipe that was carried out. The picture is saved by then, so that it does not fail: what cannot be
// noted is logged.
func (s *Service) applied(ctx context.Context, who caller.Caller, i Item, r *recipe.Recipe) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), appliedTime)
	defer cancel()
	for range 3 { // others may be faster
		p, err := s.properties(ctx, who, i)
		if err == nil {
			p.Folder, p.ChangedAt, p.ChangedBy = i.Parent, s.o.Now().UTC(), who.User
			p.Recipes = bounded(append(slices.Clone(p.Recipes), Applied{r.Hash(), r.Canonical(), p.ChangedAt}))
			_, err = s.o.Properties.PutProperties(ctx, p)
		}
		if err == nil {
			return
		}
		if !fault.Is(err, fault.Conflict) {
			slog.WarnContext(ctx, "the recipe of an edit could not be noted", "tenant", who.Tenant, "error", err)
			return
		}
	}
}

// bounded keeps the latest recipes, and of those the texts of the latest.
func bounded(all []Applied) []Applied {
	all = all[max(0, len(all)-maxApplied):]
	left := maxRecipes
	for n := len(all) - 1; n >= 0; n-- {
		if left -= len(all[n].Recipe); left < 0 {
			all[n].Recipe = nil
		}
	}
	return all
}
