package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

// job is a recipe for the pictures of a folder.
type job struct {
	in, out string
	recipe  *recipe.Recipe
}

// result is what became of one file.
type result struct {
	file   string // below in
	saved  string // below out; empty unless a file was written
	size   int64  // of the file, in bytes
	bytes  int64  // of the result
	edited imaging.Result
	err    error

	reading, editing, writing time.Duration
}

// failed reports whether a picture was not edited. A file that is no picture at all does not count.
func (r result) failed() bool { return r.err != nil && !r.noPicture() }

// noPicture reports whether the file is no picture, neither by its name nor by its content.
func (r result) noPicture() bool {
	return r.edited.Before.Format == "" && fault.Is(r.err, fault.Unsupported) &&
		!errors.Is(r.err, imaging.ErrOtherKind) &&
		imaging.RefusedByName(r.file) != nil
}

// list returns the files of the folder and of folders in it, sorted by path, without hidden ones and without results.
func (j *job) list() ([]string, error) {
	in, err := filepath.EvalSymlinks(j.in)
	if err != nil {
		return nil, fmt.Errorf("IN: %w", err)
	}
	j.in = in
	if err := os.MkdirAll(j.out, 0o755); err != nil {
		return nil, fmt.Errorf("OUT: %w", err)
	}
	out, err := os.Stat(j.out)
	if err != nil {
		return nil, fmt.Errorf("OUT: %w", err)
	}
	var files []string
	err = filepath.WalkDir(in, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != in && strings.HasPrefix(entry.Name(), ".") {
			return skip(entry)
		}
		info, err := os.Stat(path) // what a link leads to
		switch {
		case err != nil:
			return fmt.Errorf("IN: %w", err)
		case os.SameFile(info, out) && path == in:
			return errors.New("IN and OUT are the same folder; the originals stay as they are, so OUT must be another")
		case os.SameFile(info, out):
			return skip(entry)
		case info.Mode().IsRegular():
			name, err := filepath.Rel(in, path)
			files = append(files, name)
			return err
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("IN: there is no file in %s", j.in)
	}
	return files, err
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// run edits the files, as many at once as there are processors, and hands the results to done in the order of the
// files. It ends early with ctx, or with an error of done's.
func (j *job) run(ctx context.Context, files []string, done func(result) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pending := make(chan chan result, runtime.GOMAXPROCS(0)-1) // and the one that is waited for
	go func() {
		defer close(pending)
		for _, file := range files {
			one := make(chan result, 1)
			select {
			case pending <- one:
				go func() { one <- j.edit(ctx, file) }()
			case <-ctx.Done():
				return
			}
		}
	}()
	for one := range pending {
		r := <-one
		if ctx.Err() != nil {
			break // its result may be half of one
		}
		if r.err == nil {
			r.save(j.out)
		}
		if err := done(r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// edit carries the recipe out on a file. It writes nothing.
func (j *job) edit(ctx context.Context, file string) (r result) {
	r.file = file
	begin := time.Now()
	src, err := j.read(file)
	if err != nil {
		r.err = err
		return r
	}
	r.size, r.reading = int64(len(src)), time.Since(begin)
	begin = time.Now()
	r.edited, r.err = imaging.NewRoom(1).Edit(ctx, src, j.recipe,
		imaging.Options{Name: filepath.Base(file), Time: begin})
	r.editing = time.Since(begin)
	return r
}

// read reads a file, unless it is longer than the service would edit.
func (j *job) read(file string) ([]byte, error) {
	path := filepath.Join(j.in, file)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if most := imaging.DefaultLimits().Bytes; info.Size() > int64(most) {
		return nil, fault.Newf(fault.TooLarge, "The file has %d bytes; at most %d are edited.", info.Size(), most)
	}
	return os.ReadFile(path)
}

// save writes the result below a folder, under the name of its file, with the ending of its format. It replaces
// nothing.
func (r *result) save(out string) {
	begin := time.Now()
	name := r.file
	if r.edited.Format != r.edited.Before.Format {
		name = strings.TrimSuffix(name, filepath.Ext(name)) + r.edited.Format.Ending()
	}
	if r.err = write(filepath.Join(out, name), r.edited.Data); r.err == nil {
		r.saved = name
	}
	r.bytes, r.edited.Data = int64(len(r.edited.Data)), nil
	r.writing = time.Since(begin)
}

// write writes a new file, whole or not at all.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	claim, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // so that nobody else takes the name
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and nothing is replaced", path)
	}
	if err != nil {
		return err
	}
	_ = claim.Close()
	part := path + ".part"
	if err = os.WriteFile(part, content, 0o644); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		_, _ = os.Remove(part), os.Remove(path)
	}
	return err
}
