package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/library"
)

const images = "/images/{driveId}/{itemId}"

func (a *API) installImages() {
	huma.Register(a.huma, signedIn("image", http.MethodGet, images, "Shows a file or folder"), a.image)
	huma.Register(a.huma, signedIn("about", http.MethodGet, images+"/about", "Shows what a picture says of itself"),
		a.about)
	huma.Register(a.huma, signedIn("thumbnail", http.MethodGet, images+"/thumbnails/{size}", "Gives a small JPEG"),
		a.thumbnail)
	huma.Register(a.huma, signedIn("content", http.MethodGet, images+"/content", "Gives the content"), a.content)
	// A repeat is refused: the content is another, unless it is the same.
	huma.Register(a.huma, signedIn("putContent", http.MethodPut, images+"/content", "Replaces the content"),
		a.putContent)
	huma.Register(a.huma, signedIn("preview", http.MethodPost, images+"/preview", "Shows what a recipe would make"),
		a.preview)
	// A repeat is refused: the content, or the name of the copy, is another.
	huma.Register(a.huma,
		signedIn("edit", http.MethodPost, images+"/edits", "Carries a recipe out and saves the result"), a.edit)
	huma.Register(a.huma, signedIn("versions", http.MethodGet, images+"/versions", "Lists the versions of a file"),
		a.versions)
	huma.Register(a.huma,
		signedIn("versionContent", http.MethodGet, images+"/versions/{version}/content", "Gives an old content"),
		a.versionContent)
	huma.Register(a.huma,
		signedIn("versionThumbnail", http.MethodGet, images+"/versions/{version}/thumbnails/{size}",
			"Gives a small JPEG of an old content"), a.versionThumbnail)
	// A repeat is refused: the content is another.
	huma.Register(a.huma,
		signedIn("restore", http.MethodPost, images+"/versions/{version}/restore", "Makes an old content the newest"),
		a.restore)
	huma.Register(a.huma,
		signedIn("comparison", http.MethodGet, images+"/comparison", "Shows two versions side by side"), a.comparison)
}

// ImageRef names a file or folder in an address.
type ImageRef struct {
	Drive string `path:"driveId" maxLength:"256"`
	Item  string `path:"itemId" maxLength:"256"`
}

func (r ImageRef) ref() library.Ref { return library.Ref{Drive: r.Drive, Item: r.Item} }

// place is the address of the file's resources.
func place(r library.Ref) string { return Prefix + "/images/" + r.Drive + "/" + r.Item }

// entryBody is a file or folder as it is sent.
type entryBody struct {
	Drive      string          `json:"driveId"`
	Item       string          `json:"itemId"`
	Parent     string          `json:"parentId,omitempty" doc:"Folder that holds it"`
	Name       string          `json:"name,omitempty"`
	Address    string          `json:"webUrl,omitempty" doc:"For people"`
	Folder     bool            `json:"folder,omitempty"`
	Children   int             `json:"childCount,omitempty" doc:"Of a folder"`
	MIME       string          `json:"mimeType,omitempty"`
	Size       int64           `json:"size" doc:"Bytes"`
	Tag        string          `json:"etag,omitempty" doc:"Of the content, for If-Match"`
	CreatedAt  *time.Time      `json:"createdAt,omitempty"`
	CreatedBy  string          `json:"createdBy,omitempty" doc:"Display name"`
	ModifiedAt *time.Time      `json:"modifiedAt,omitempty"`
	ModifiedBy string          `json:"modifiedBy,omitempty" doc:"Display name"`
	Width      int             `json:"width,omitempty" doc:"Pixels, as the picture is seen"`
	Height     int             `json:"height,omitempty"`
	TakenAt    *time.Time      `json:"takenAt,omitempty"`
	Thumbnails []thumbnailBody `json:"thumbnails,omitempty"`
	Deleted    bool            `json:"deleted,omitempty" doc:"In changes: it is gone"`
	Warnings   []string        `json:"warnings,omitempty" doc:"Of a save: overwroteChange, if somebody saved at the same moment; their content is the version below"`
}

type thumbnailBody struct {
	Size    string `json:"size" enum:"small,medium,large"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Address string `json:"url" doc:"Good for some minutes, without a token"`
}

func entryAnswer(i library.Item) entryBody {
	body := entryBody{
		Drive:      i.Drive,
		Item:       i.Ref.Item,
		Parent:     i.Parent,
		Name:       i.Name,
		Address:    i.Address,
		Folder:     i.Folder,
		Children:   i.Children,
		MIME:       i.MIME,
		Size:       i.Size,
		CreatedAt:  timeOrNone(i.CreatedAt),
		CreatedBy:  i.CreatedBy.Name,
		ModifiedAt: timeOrNone(i.ModifiedAt),
		ModifiedBy: i.ModifiedBy.Name,
		Width:      i.Width,
		Height:     i.Height,
		TakenAt:    timeOrNone(i.TakenAt),
		Deleted:    i.Deleted,
	}
	if i.Tag != "" {
		body.Tag = entityTag(i.Tag)
	}
	for _, t := range i.Thumbnails {
		body.Thumbnails = append(body.Thumbnails, thumbnailBody{t.Size, t.Width, t.Height, t.Address})
	}
	return body
}

func entriesAnswer(items []library.Item) []entryBody {
	all := []entryBody{}
	for _, i := range items {
		all = append(all, entryAnswer(i))
	}
	return all
}

type listInput struct {
	Drive      string `path:"driveId" maxLength:"256"`
	Folder     string `query:"folder" default:"root" maxLength:"256" doc:"Folder to list; root is the library's own"`
	Kind       string `query:"kind" enum:"images,all" default:"images" doc:"images: folders and pictures; all: other files as well"`
	Name       string `query:"name" maxLength:"200" doc:"Part of the name, in any case of its letters"`
	Sort       string `query:"sort" enum:"name,size,created,modified" default:"name"`
	Descending bool   `query:"descending"`
	Thumbnails bool   `query:"thumbnails" doc:"With the addresses of thumbnails"`
	Limit      int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	LongPage
}

type listOutput struct {
	Body struct {
		Items []entryBody `json:"items" doc:"May be few, or none, though more follow"`
		Sort  string      `json:"sort" enum:"name,size,created,modified" doc:"What the list is sorted by: name, if the folder has too many entries to be sorted by anything else"`
		Next  string      `json:"next,omitempty" doc:"Cursor of the next page"`
	}
}

func (a *API) list(ctx context.Context, in *listInput) (*listOutput, error) {
	who := callerOf(ctx)
	owner := []string{who.Tenant, who.User, "items", in.Drive, in.Folder, in.Sort,
		fmt.Sprint(in.Descending, in.Thumbnails)}
	cursor, err := a.openCursor(in.Cursor, owner...)
	if err != nil {
		return nil, failed(ctx, err)
	}
	page, by, err := a.options.Library.List(ctx, who, library.Query{
		Listing: library.Listing{
			Folder:     library.Ref{Drive: in.Drive, Item: in.Folder},
			By:         library.SortKey(in.Sort),
			Descending: in.Descending,
			Limit:      in.Limit,
			Thumbnails: in.Thumbnails,
			Cursor:     cursor,
		},
		All: in.Kind == "all", Name: in.Name,
	})
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &listOutput{}
	out.Body.Items, out.Body.Sort, out.Body.Next = entriesAnswer(page.Entries), string(by),
		a.sealCursor(page.Next, owner...)
	return out, nil
}

type changesInput struct {
	Drive string `path:"driveId" maxLength:"256"`
	Since string `query:"since" enum:"all,now" default:"all" doc:"Without a cursor: begin with everything, or with what changes from now on"`
	Kind  string `query:"kind" enum:"images,all" default:"images"`
	LongPage
}

type changesOutput struct {
	Body struct {
		Items []entryBody `json:"items"`
		Next  string      `json:"next,omitempty" doc:"Cursor of the next page"`
		Later string      `json:"later,omitempty" doc:"On the last page: cursor to ask with another time"`
	}
}

func (a *API) changes(ctx context.Context, in *changesInput) (*changesOutput, error) {
	who := callerOf(ctx)
	owner := []string{who.Tenant, who.User, "changes", in.Drive}
	cursor, err := a.openCursor(in.Cursor, owner...)
	if err != nil {
		return nil, failed(ctx, err)
	}
	if cursor == "" && in.Since == "now" {
		cursor = "latest"
	}
	page, later, err := a.options.Library.Changes(ctx, who, in.Drive, cursor, in.Kind == "all")
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &changesOutput{}
	out.Body.Items = entriesAnswer(page.Entries)
	out.Body.Next, out.Body.Later = a.sealCursor(page.Next, owner...), a.sealCursor(later, owner...)
	return out, nil
}

type entryOutput struct {
	ETag     string `header:"ETag" doc:"Of the content"`
	Location string `header:"Location" doc:"Of a new file"`
	Body     entryBody
}

func itemAsAnswer(i library.Item) *entryOutput {
	body := entryAnswer(i)
	return &entryOutput{ETag: body.Tag, Body: body}
}

func (a *API) image(ctx context.Context, in *ImageRef) (*entryOutput, error) {
	i, err := a.options.Library.Item(ctx, callerOf(ctx), in.ref())
	if err != nil {
		return nil, failed(ctx, err)
	}
	return itemAsAnswer(i), nil
}

type aboutOutput struct {
	ETag string `header:"ETag" doc:"Of the content"`
	Body aboutBody
}

type aboutBody struct {
	Format      string     `json:"format" enum:"jpeg,png,gif,webp,tiff,bmp"`
	Width       int        `json:"width" doc:"Pixels, as the picture is seen"`
	Height      int        `json:"height"`
	Orientation int        `json:"orientation" minimum:"1" maximum:"8" doc:"As in EXIF; 1 is upright"`
	Frames      int        `json:"frames" doc:"Of an animation, or pages"`
	Animated    bool       `json:"animated"`
	Alpha       bool       `json:"alpha" doc:"Whether pixels may be transparent"`
	Bits        int        `json:"bitsPerChannel,omitempty"`
	Profile     string     `json:"colorProfile,omitempty" doc:"Description of the colour profile"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Creator     string     `json:"creator,omitempty"`
	Copyright   string     `json:"copyright,omitempty"`
	Credit      string     `json:"credit,omitempty"`
	Keywords    []string   `json:"keywords,omitempty"`
	TakenAt     string     `json:"takenAt,omitempty" doc:"As the camera's clock showed it, with a zone if it is known"`
	Camera      string     `json:"camera,omitempty"`
	Lens        string     `json:"lens,omitempty"`
	Exposure    string     `json:"exposure,omitempty" doc:"Seconds"`
	FNumber     float64    `json:"fNumber,omitempty"`
	FocalLength float64    `json:"focalLength,omitempty" doc:"Millimetres"`
	ISO         int        `json:"iso,omitempty"`
	Place       *placeBody `json:"place,omitempty" doc:"Where it was taken"`
}

type placeBody struct {
	Latitude  float64 `json:"latitude" doc:"Degrees"`
	Longitude float64 `json:"longitude" doc:"Degrees"`
}

func (a *API) about(ctx context.Context, in *ImageRef) (*aboutOutput, error) {
	i, about, err := a.options.Library.About(ctx, callerOf(ctx), in.ref())
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &aboutOutput{ETag: entityTag(i.Tag), Body: aboutAnswer(about)}, nil
}

func aboutAnswer(a imaging.About) aboutBody {
	body := aboutBody{
		Format:      string(a.Format),
		Width:       a.Width,
		Height:      a.Height,
		Orientation: a.Orientation,
		Frames:      a.Frames,
		Animated:    a.Animated,
		Alpha:       a.Alpha,
		Bits:        a.Bits,
		Profile:     a.Profile,
		Title:       a.Title,
		Description: a.Description,
		Creator:     a.Creator,
		Copyright:   a.Copyright,
		Credit:      a.Credit,
		Keywords:    a.Keywords,
		TakenAt:     a.TakenAt,
		Camera:      a.Camera,
		Lens:        a.Lens,
		Exposure:    a.Exposure,
		FNumber:     a.FNumber,
		FocalLength: a.FocalLength,
		ISO:         a.ISO,
	}
	if a.Latitude != 0 || a.Longitude != 0 {
		body.Place = &placeBody{a.Latitude, a.Longitude}
	}
	return body
}

type thumbnailInput struct {
	ImageRef
	Size string `path:"size" enum:"small,medium,large"`
}

type pictureOutput struct {
	Type string `header:"Content-Type"`
	Body []byte
}

const jpegType = "image/jpeg"

func (a *API) thumbnail(ctx context.Context, in *thumbnailInput) (*pictureOutput, error) {
	data, err := a.options.Library.Thumbnail(ctx, callerOf(ctx), in.ref(), in.Size)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &pictureOutput{jpegType, data}, nil
}

type contentInput struct {
	ImageRef
	Reading
}

// Reading is what a request for a content says of how it wants it.
type Reading struct {
	Download    bool   `query:"download" doc:"To be saved as a file rather than shown"`
	Range       string `header:"Range" maxLength:"100"`
	IfRange     string `header:"If-Range" maxLength:"1024"`
	IfNoneMatch string `header:"If-None-Match" maxLength:"4096"`
}

func (a *API) content(ctx context.Context, in *contentInput) (*huma.StreamResponse, error) {
	who := callerOf(ctx)
	for try := 1; ; try++ {
		i, err := a.options.Library.File(ctx, who, in.ref())
		if err != nil {
			return nil, failed(ctx, err)
		}
		answer, err := a.stream(ctx, in.Reading, i.Name, i.MIME, entityTag(i.Tag), i.Size, func(
			ctx context.Context, part library.Span,
		) (io.ReadCloser, error) {
			return a.options.Library.Open(ctx, who, i, part)
		})
		if try == contentTries || !fault.Is(err, fault.Conflict) { // else it was changed just now
			return answer, problemAnswer(ctx, err)
		}
	}
}

// contentTries is how often a content is looked for that is just being changed.
const contentTries = 3

// problemAnswer is failed for what may be no error, or an answer already.
func problemAnswer(ctx context.Context, err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return failed(ctx, f)
	}
	return err
}

// stream answers with a content, a part of it, or that it is the one that the caller has (RFC 9110). Its error is that
// of open, or an answer.
func (a *API) stream(
	ctx context.Context, in Reading, name, mediaType, tag string, size int64,
	open func(context.Context, library.Span) (io.ReadCloser, error),
) (*huma.StreamResponse, error) {
	h := contentHeaders(name, mediaType, tag, in.Download)
	if among(in.IfNoneMatch, tag) {
		return &huma.StreamResponse{Body: func(c huma.Context) {
			_, w := humago.Unwrap(c)
			put(w.Header(), h)
			w.WriteHeader(http.StatusNotModified)
		}}, nil
	}
	part, partial := library.Span{Length: size}, false
	if in.IfRange == "" || in.IfRange == tag {
		var ok bool
		if part, partial, ok = span(in.Range, size); !ok {
			return nil, noSuchRange(ctx, size)
		}
	}
	stream, err := open(ctx, part)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer func() { _ = stream.Close() }()
		_, w := humago.Unwrap(c)
		put(w.Header(), h)
		w.Header().Set("Content-Length", strconv.FormatInt(part.Length, 10))
		status := http.StatusOK
		if partial {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.From, part.From+part.Length-1, size))
			status = http.StatusPartialContent
		}
		boundAnswer(c.Context(), w)
		content := bufio.NewReaderSize(stream, 32<<10)
		if _, err := content.Peek(1); err != nil && err != io.EOF { // while there can still be an answer that says so
			breakOff(c.Context(), w, err)
			return
		}
		w.WriteHeader(status)
		if _, err := io.Copy(w, content); err != nil {
			breakOff(c.Context(), w, err)
		}
	}}, nil
}

func put(to, from http.Header) {
	for name, values := range from {
		to[name] = values
	}
}

// contentHeaders are those of a content whose name and type somebody else has chosen: it must not act as a page of
// this address.
func contentHeaders(name, mediaType, tag string, download bool) http.Header {
	kind := "inline"
	if !shown[mediaType] {
		download = true
	}
	if download {
		kind = "attachment"
	}
	if !strings.HasPrefix(mediaType, "image/") {
		mediaType = "application/octet-stream"
	}
	h := http.Header{}
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", disposition(kind, name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Accept-Ranges", "bytes")
	h.Set("Cache-Control", "private, no-cache") // a browser may keep it, and asks each time whether it still stands
	h.Set("ETag", tag)
	return h
}

// shown are the types that browsers show as pictures and that cannot hold scripts.
var shown = map[string]bool{
	"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true, "image/bmp": true, "image/avif": true,
	"image/tiff": true, "image/heic": true,
}

// disposition writes a file's name as RFC 6266 wants it, whatever characters it has.
func disposition(kind, name string) string {
	if text := mime.FormatMediaType(kind, map[string]string{"filename": name}); text != "" {
		return text
	}
	return kind
}

// among reports whether a list of entity tags, or *, names one. The comparison is weak (RFC 9110, 13.1.2).
func among(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}

// span reads a Range header. More than one range, other units and what cannot be read are ignored, as RFC 9110
// allows; ok is false for a range that is not there.
func span(header string, size int64) (part library.Span, partial, ok bool) {
	whole := library.Span{Length: size}
	set, isBytes := strings.CutPrefix(header, "bytes=")
	first, last, isRange := strings.Cut(strings.TrimSpace(set), "-")
	if !isBytes || !isRange || strings.Contains(set, ",") {
		return whole, false, true
	}
	from, errFrom := strconv.ParseInt(first, 10, 64)
	to, errTo := strconv.ParseInt(last, 10, 64)
	switch {
	case first == "" && errTo == nil && to > 0: // the last bytes
		from, to = max(0, size-to), size-1
	case first == "" && errTo == nil && to == 0:
		return whole, false, false
	case errFrom == nil && last == "" && from >= 0:
		to = size - 1
	case errFrom != nil || errTo != nil || from < 0 || to < from:
		return whole, false, true
	}
	if from >= size {
		return whole, false, false
	}
	return library.Span{From: from, Length: min(to, size-1) - from + 1}, true, true
}

func noSuchRange(ctx context.Context, size int64) error {
	p := newProblem(ctx, fault.Invalid, fmt.Sprintf("The file has %d bytes; the range begins behind them.", size))
	p.Status, p.Field = http.StatusRequestedRangeNotSatisfiable, "Range"
	return huma.ErrorWithHeaders(p, http.Header{"Content-Range": {fmt.Sprintf("bytes */%d", size)}})
}

type previewInput struct {
	ImageRef
	Explain bool `query:"explain" doc:"Answer with the plan, as JSON, instead of the picture"`
	Body    struct {
		Recipe json.RawMessage `json:"recipe" doc:"What to do to the picture"`
		Size   int             `json:"size,omitempty" minimum:"16" maximum:"2048" default:"1024" doc:"Most pixels of the longer side"`
	}
}

type previewOutput struct {
	Type     string `header:"Content-Type"`
	Warnings string `header:"Image-Pro-Warnings" doc:"Words for what was lost on the way, comma-separated"`
	Body     []byte
}

func (a *API) preview(ctx context.Context, in *previewInput) (*previewOutput, error) {
	if in.Explain {
		return a.explain(ctx, in)
	}
	p, err := a.options.Library.Preview(ctx, callerOf(ctx), in.ref(), in.Body.Recipe, in.Body.Size)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &previewOutput{Type: p.MIME, Warnings: strings.Join(p.Warnings, ", "), Body: p.Data}, nil
}

// explainedPlan is what an edit would do.
type explainedPlan struct {
	How         imaging.Way     `json:"how"`
	Before      explainedSize   `json:"before"`
	After       explainedSize   `json:"after"`
	Codec       string          `json:"codec,omitempty"`
	DecodeScale string          `json:"decodeScale,omitempty"`
	Planes      bool            `json:"planes,omitempty"`
	Turn        string          `json:"turn,omitempty"`
	Passes      []explainedPass `json:"passes,omitempty"`
	Frames      int             `json:"frames,omitempty"`
	Pixels      int64           `json:"pixelsTouched"`
	Memory      int64           `json:"memoryBytes"`
	Limit       int64           `json:"memoryLimitBytes"`
}

type explainedSize struct {
	Format imaging.Format `json:"format"`
	Width  int            `json:"width"`
	Height int            `json:"height"`
}

type explainedPass struct {
	What   string `json:"what"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

func (a *API) explain(ctx context.Context, in *previewInput) (*previewOutput, error) {
	e, err := a.options.Library.Explain(ctx, callerOf(ctx), in.ref(), in.Body.Recipe)
	if err != nil {
		return nil, failed(ctx, err)
	}
	p := explainedPlan{
		How:    e.How,
		Codec:  e.Codec,
		Planes: e.Planes,
		Turn:   e.Turn,
		Pixels: e.Pixels,
		Memory: e.Memory,
		Limit:  e.Limit,
		Before: explainedSize{e.Before.Format, e.Before.Width, e.Before.Height},
		After:  explainedSize{e.Format, e.Width, e.Height},
	}
	if e.Shrink > 0 {
		p.DecodeScale = "1/" + strconv.Itoa(e.Shrink)
	}
	if e.Frames > 1 {
		p.Frames = e.Frames
	}
	for _, pass := range e.Passes {
		p.Passes = append(p.Passes, explainedPass(pass))
	}
	body, err := json.Marshal(p)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &previewOutput{Type: "application/json", Body: body}, nil
}

type editInput struct {
	ImageRef
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"ETag of the content that the edit is for"`
	Body    struct {
		Recipe json.RawMessage `json:"recipe" doc:"What to do to the picture"`
		Save   editSave        `json:"save,omitempty"`
	}
}

type editSave struct {
	Target     string `json:"target,omitempty" enum:"newVersion,copy" doc:"newVersion unless it is said"`
	Name       string `json:"name,omitempty" doc:"Name of a copy without the ending; {name} stands for the picture's. {name}-edited unless it is said"`
	Folder     string `json:"folderId,omitempty" maxLength:"256" doc:"Folder of the same library for a copy; that of the picture unless it is said"`
	OnConflict string `json:"onConflict,omitempty" enum:"fail,rename,replace,skip" doc:"If a copy's name is taken; fail unless it is said"`
	KeepDates  bool   `json:"keepDates,omitempty" doc:"The time of the last change stays as it is"`
}

type editOutput struct {
	Status   int
	ETag     string `header:"ETag" doc:"Of the content as it is now"`
	Location string `header:"Location" doc:"Of the file, if it is another one"`
	Body     struct {
		Item      entryBody   `json:"item" doc:"The file as it is now"`
		Before    pictureBody `json:"before"`
		After     pictureBody `json:"after"`
		Warnings  []string    `json:"warnings,omitempty"`
		Unchanged bool        `json:"unchanged,omitempty" doc:"The recipe changes nothing in this picture; nothing was saved"`
		Skipped   *itemReason `json:"skipped,omitempty" doc:"Why nothing was saved though the recipe changes the picture"`
		Recipe    string      `json:"recipeHash"`
	}
}

func (a *API) edit(ctx context.Context, in *editInput) (*editOutput, error) {
	version, err := matched(in.IfMatch)
	if err != nil {
		return nil, failed(ctx, err)
	}
	// what was done to the picture is noted with the caller's id
	if err := a.options.Org.Present(ctx, callerOf(ctx)); err != nil {
		return nil, failed(ctx, err)
	}
	save := in.Body.Save
	edited, err := a.options.Library.Edit(ctx, callerOf(ctx), in.ref(), version, in.Body.Recipe, library.Save{
		Target:     library.Target(save.Target),
		Name:       save.Name,
		Folder:     save.Folder,
		OnConflict: library.OnConflict(save.OnConflict),
		KeepDates:  save.KeepDates,
	})
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &editOutput{Status: http.StatusOK}
	out.Body.Item = entryAnswer(edited.Item)
	out.ETag = out.Body.Item.Tag
	if edited.Item.Ref != in.ref() {
		out.Status, out.Location = http.StatusCreated, place(edited.Item.Ref)
	}
	out.Body.Before, out.Body.After = picturesAnswer(edited.Before), picturesAnswer(edited.After)
	out.Body.Warnings, out.Body.Unchanged, out.Body.Recipe = edited.Warnings, edited.Unchanged, edited.Recipe
	if left := edited.Left; left != nil {
		out.Body.Skipped = &itemReason{string(left.Kind), left.Message}
	}
	return out, nil
}

func picturesAnswer(p library.Picture) pictureBody {
	return pictureBody{p.Width, p.Height, p.Bytes, string(p.Format)}
}

type putContentInput struct {
	ImageRef
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"ETag of the content to replace"`
	Type    string `header:"Content-Type" maxLength:"100" doc:"Media type of the picture"`

	body io.Reader
	size int64
}

var _ huma.Resolver = (*putContentInput)(nil)

// Resolve takes the body as a stream; huma would read it into memory.
func (in *putContentInput) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	in.body, in.size = r.Body, r.ContentLength
	return nil
}

func (a *API) putContent(ctx context.Context, in *putContentInput) (*entryOutput, error) {
	version, err := matched(in.IfMatch)
	if err != nil {
		return nil, failed(ctx, err)
	}
	i, err := a.options.Library.Replace(ctx, callerOf(ctx), in.ref(), version, in.Type, in.size, in.body)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return itemAsAnswer(i), nil
}
