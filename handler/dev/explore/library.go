package explore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
)

// library is a SharePoint library in memory, as it behaves at its worst: answers are lost, saves land late, what it
// says of a file lags behind its content, hashes come later, tags move.
type library struct {
	s     *scheduler
	files []*file // in the order in which they were made
	made  int     // contents so far, which number their tags
	late  []lateSave
	// signedIn is whether the user's session lives; left when it was left last.
	signedIn bool
	left     time.Time
	// landed is told of each save of a job, before it is done: the content below, nil for a new file.
	landed func(f *file, next, below *content)
	pages  int // files a page
}

// lateSave is a save that was sent and not answered.
type lateSave struct {
	at    time.Time
	lands func()
}

// file is a file of the library's only folder.
type file struct {
	id, name string
	versions []*content // newest first
	shown    *content   // what the library says of it, while that lags behind; nil for the newest
	noHash   bool       // the hash of the newest content has not been worked out yet
}

// content is a version of a file.
type content struct {
	number int
	tag    string
	data   []byte
	at     time.Time
	job    string // that saved it; empty for a person
	source string // id of the file that a copy was made of
}

const (
	tenant = "tenant"
	user   = "user"
	drive  = "drive"
	folder = "folder"
)

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:4])
}

func (l *library) newContent(data []byte, job string) *content {
	l.made++
	return &content{l.made, fmt.Sprintf("tag%d", l.made), data, time.Now(), job, ""}
}

// put adds a file or saves over it, as a person does.
func (l *library) put(name string, data []byte) {
	for _, f := range l.files {
		if f.name == name {
			f.versions = slices.Insert(f.versions, 0, l.newContent(data, ""))
			f.shown = nil
			return
		}
	}
	l.files = append(l.files,
		&file{id: fmt.Sprint("file", len(l.files)), name: name, versions: []*content{l.newContent(data, "")}})
}

func (l *library) byID(id string) *file {
	for _, f := range l.files {
		if f.id == id {
			return f
		}
	}
	return nil
}

func (l *library) byName(name string) *file {
	for _, f := range l.files {
		if f.name == name {
			return f
		}
	}
	return nil
}

// first returns the oldest content.
func (f *file) first() *content { return f.versions[len(f.versions)-1] }

func (f *file) says() bulk.File {
	c := cmp.Or(f.shown, f.versions[0])
	said := bulk.File{
		Drive:       drive,
		Item:        f.id,
		Parent:      folder,
		Name:        f.name,
		MIME:        "image/bmp",
		Size:        int64(len(c.data)),
		Modified:    c.at,
		Dated:       c.at,
		Tag:         c.tag,
		Fingerprint: hash(c.data),
	}
	if f.noHash {
		said.Fingerprint = ""
	}
	return said
}

// session refuses who has none.
func (l *library) session() error {
	if !l.signedIn {
		return fault.New(fault.SignIn, "The user has to sign in again.", nil)
	}
	return nil
}

func asked[T any](ctx context.Context, l *library, what string, look func() (T, error)) (T, error) {
	return ask(ctx, l.s, what, func() (T, error) {
		if err := l.session(); err != nil {
			var none T
			return none, err
		}
		return look()
	})
}

func noFile() error { return fault.New(fault.NotFound, "There is no such file.", nil) }

// Children lists the files as they are when each page is read: what is renamed meanwhile may come twice.
func (l *library) Children(ctx context.Context, _ caller.Caller, _, _, cursor string) (bulk.Page, error) {
	return asked(ctx, l, "list files", func() (bulk.Page, error) {
		all := slices.Clone(l.files)
		slices.SortFunc(all, func(a, b *file) int { return cmp.Compare(a.name, b.name) })
		start, _ := strconv.Atoi(cursor)
		var page bulk.Page
		for _, f := range all[min(start, len(all)):min(start+l.pages, len(all))] {
			page.Files = append(page.Files, f.says())
		}
		if start+l.pages < len(all) {
			page.Next = strconv.Itoa(start + l.pages)
		}
		return page, nil
	})
}

func (l *library) File(ctx context.Context, _ caller.Caller, _, item string) (bulk.File, error) {
	return asked(ctx, l, "look at "+item, func() (bulk.File, error) {
		if f := l.byID(item); f != nil {
			return f.says(), nil
		}
		return bulk.File{}, noFile()
	})
}

// Read returns the newest content, whatever the library says of the file.
func (l *library) Read(ctx context.Context, _ caller.Caller, f bulk.File, _ int64) ([]byte, error) {
	return asked(ctx, l, "read "+f.Item, func() ([]byte, error) {
		data := l.byID(f.Item).versions[0].data
		if f.Fingerprint != "" && hash(data) != f.Fingerprint {
			return nil, fault.New(fault.Busy, "The file changed while it was read.", nil)
		}
		return data, nil
	})
}

func (l *library) Versions(ctx context.Context, _ caller.Caller, f bulk.File) ([]bulk.Version, error) {
	return asked(ctx, l, "list versions of "+f.Item, func() ([]bulk.Version, error) {
		var all []bulk.Version
		for _, c := range l.byID(f.Item).versions {
			all = append(all, bulk.Version{ID: strconv.Itoa(c.number), Size: int64(len(c.data)), Modified: c.at})
		}
		return all, nil
	})
}

func (l *library) ReadVersion(
	ctx context.Context, _ caller.Caller, f bulk.File, version string, _ int64,
) ([]byte, error) {
	return asked(ctx, l, "read version "+version, func() ([]byte, error) {
		for _, c := range l.byID(f.Item).versions {
			if strconv.Itoa(c.number) == version {
				return c.data, nil
			}
		}
		return nil, noFile()
	})
}

func (l *library) Beside(ctx context.Context, _ caller.Caller, _ bulk.File, name string) (bulk.File, error) {
	return asked(ctx, l, "look for "+name, func() (bulk.File, error) {
		if f := l.byName(name); f != nil {
			return f.says(), nil
		}
		return bulk.File{}, noFile()
	})
}

func (l *library) Fingerprint(data []byte) string { return hash(data) }

func changed() error { return fault.New(fault.Conflict, "The content is another by now.", nil) }
func locked() error  { return fault.New(fault.Locked, "The file is checked out.", nil) }

// save is a call that writes a content: lands does it, now or later. The client believes no refusal but a conflict once
// a request was not answered; its own tests show that.
func (l *library) save(ctx context.Context, what string, lands func() (bulk.File, error)) (bulk.File, error) {
	turn := l.s.step(ctx, what, lost, refused, late, conflicts, barred)
	if err := l.session(); err != nil {
		return bulk.File{}, err
	}
	switch turn {
	case refused:
		return bulk.File{}, away()
	case barred:
		return bulk.File{}, locked()
	case late:
		l.late = append(l.late, lateSave{time.Now(), func() { _, _ = lands() }})
		return bulk.File{}, away()
	}
	written, err := lands()
	if turn == conflicts && err == nil {
		err = changed()
	}
	if err := l.s.after(ctx, turn, err); err != nil {
		return bulk.File{}, err
	}
	return written, nil
}

// jobOf is the job for which an invocation works.
func jobOf(ctx context.Context) string { return ctx.Value(actorKey{}).(*actor).message.Job }

func (l *library) Replace(ctx context.Context, _ caller.Caller, f bulk.File, data []byte) (bulk.File, error) {
	job := jobOf(ctx)
	return l.save(ctx, fmt.Sprintf("save %s over %s of %s", hash(data), f.Tag, f.Item), func() (bulk.File, error) {
		target := l.byID(f.Item)
		below := target.versions[0]
		if below.tag != f.Tag {
			return bulk.File{}, changed()
		}
		next := l.newContent(data, job)
		l.landed(target, next, below)
		target.versions = slices.Insert(target.versions, 0, next)
		target.shown, target.noHash = nil, false
		written := target.says()
		if l.s.rng.IntN(8) == 0 { // what it says lags behind, or is not complete
			target.noHash = true
			if l.s.rng.IntN(2) == 0 {
				target.shown = below
			}
		}
		return written, nil
	})
}

func (l *library) Create(
	ctx context.Context, _ caller.Caller, f bulk.File, name string, data []byte,
) (bulk.File, error) {
	job := jobOf(ctx)
	return l.save(ctx, fmt.Sprintf("create %s: %s", name, hash(data)), func() (bulk.File, error) {
		if l.byName(name) != nil {
			return bulk.File{}, fault.New(fault.Conflict, "There is a file of that name.", nil)
		}
		next := l.newContent(data, job)
		next.source = f.Item
		made := &file{id: fmt.Sprint("file", len(l.files)), name: name, versions: []*content{next}}
		l.landed(made, next, nil)
		l.files = append(l.files, made)
		return made.says(), nil
	})
}

// LeftSince reports whether the user has left a session since.
func (l *library) LeftSince(ctx context.Context, _, _ string, since time.Time) (bool, error) {
	return ask(ctx, l.s, "ask who left since", func() (bool, error) { return l.signedIn && !l.left.Before(since), nil })
}
