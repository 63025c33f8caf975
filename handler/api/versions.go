package api

import (
	"context"
	"io"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/library"
)

type versionBody struct {
	ID         string     `json:"id"`
	Size       int64      `json:"size" doc:"Bytes"`
	ModifiedAt *time.Time `json:"modifiedAt,omitempty"`
	ModifiedBy string     `json:"modifiedBy,omitempty" doc:"Display name"`
	Current    bool       `json:"current,omitempty"`
	Width      int        `json:"width,omitempty" doc:"Pixels, as the picture is seen; of the newest 50 versions"`
	Height     int        `json:"height,omitempty"`
	Content    string     `json:"content" doc:"Address of the content"`
	Thumbnail  string     `json:"thumbnail" doc:"Address of a thumbnail"`
}

func versionAnswer(i library.Item, v library.Version) versionBody {
	at := place(i.Ref) + "/versions/" + url.PathEscape(v.ID)
	return versionBody{
		ID:         v.ID,
		Size:       v.Size,
		ModifiedAt: timeOrNone(v.ModifiedAt),
		ModifiedBy: v.ModifiedBy.Name,
		Current:    v.Current,
		Width:      v.Width,
		Height:     v.Height,
		Content:    at + "/content",
		Thumbnail:  at + "/thumbnails/large",
	}
}

type versionsOutput struct {
	ETag string `header:"ETag" doc:"Of the present content, for If-Match"`
	Body struct {
		Versions []versionBody `json:"versions" doc:"Newest first"`
	}
}

func (a *API) versions(ctx context.Context, in *ImageRef) (*versionsOutput, error) {
	i, history, err := a.options.Library.History(ctx, callerOf(ctx), in.ref())
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &versionsOutput{ETag: entityTag(i.Tag)}
	for _, v := range history {
		out.Body.Versions = append(out.Body.Versions, versionAnswer(i, v))
	}
	return out, nil
}

// VersionRef names a version of a file in an address.
type VersionRef struct {
	ImageRef
	Version string `path:"version" maxLength:"64"`
}

type versionContentInput struct {
	VersionRef
	Reading
}

func (a *API) versionContent(ctx context.Context, in *versionContentInput) (*huma.StreamResponse, error) {
	who := callerOf(ctx)
	i, v, err := a.options.Library.Version(ctx, who, in.ref(), in.Version)
	if err != nil {
		return nil, failed(ctx, err)
	}
	tag := entityTag(i.Ref.Item + "/" + v.ID + "/" + v.ModifiedAt.String()) // a version's content never changes
	if v.Current {
		tag = entityTag(i.Tag)
	}
	answer, err := a.stream(ctx, in.Reading, i.Name, i.MIME, tag, v.Size, func(
		ctx context.Context, part library.Span,
	) (io.ReadCloser, error) {
		return a.options.Library.OpenVersion(ctx, who, i, v, part)
	})
	return answer, problemAnswer(ctx, err)
}

type versionThumbnailInput struct {
	VersionRef
	Size string `path:"size" enum:"small,medium,large"`
}

func (a *API) versionThumbnail(ctx context.Context, in *versionThumbnailInput) (*pictureOutput, error) {
	data, err := a.options.Library.VersionThumbnail(ctx, callerOf(ctx), in.ref(), in.Version, in.Size)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return &pictureOutput{jpegType, data}, nil
}

type restoreInput struct {
	VersionRef
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"ETag of the present content"`
}

func (a *API) restore(ctx context.Context, in *restoreInput) (*entryOutput, error) {
	version, err := matched(in.IfMatch)
	if err != nil {
		return nil, failed(ctx, err)
	}
	i, err := a.options.Library.Restore(ctx, callerOf(ctx), in.ref(), version, in.Version)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return itemAsAnswer(i), nil
}

type comparisonInput struct {
	ImageRef
	Before string `query:"before" maxLength:"64" doc:"Version; the one before after unless it is said"`
	After  string `query:"after" maxLength:"64" doc:"Version; the present one unless it is said"`
}

type comparisonOutput struct {
	Body struct {
		Before versionBody `json:"before"`
		After  versionBody `json:"after"`
	}
}

func (a *API) comparison(ctx context.Context, in *comparisonInput) (*comparisonOutput, error) {
	i, both, err := a.options.Library.Compare(ctx, callerOf(ctx), in.ref(), in.Before, in.After)
	if err != nil {
		return nil, failed(ctx, err)
	}
	out := &comparisonOutput{}
	out.Body.Before, out.Body.After = versionAnswer(i, both[0]), versionAnswer(i, both[1])
	return out, nil
}
