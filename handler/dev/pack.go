package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// packageName is the zip for deployment.
const packageName = "image-pro.zip"

// checkPackage does the main job with nothing but what is in the zip.
func checkPackage(ctx context.Context, o options) error {
	folder, err := os.MkdirTemp("", "image-pro-package-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := unpack(filepath.Join(filepath.Dir(o.app), packageName), folder); err != nil {
		return err
	}
	o.app = folder
	return mainJob(ctx, o, false)
}

// unpack makes the files of a zip in a folder, with the modes that it says.
func unpack(name, folder string) error {
	archive, err := zip.OpenReader(name)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, file := range archive.File {
		if !filepath.IsLocal(file.Name) {
			return fmt.Errorf("%s: %q leads out of the package", name, file.Name)
		}
		if err := unpackFile(file, filepath.Join(folder, filepath.FromSlash(file.Name))); err != nil {
			return err
		}
	}
	return nil
}

func unpackFile(file *zip.File, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	from, err := file.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, file.Mode())
	if err != nil {
		return err
	}
	defer to.Close()
	_, err = io.Copy(to, from)
	return err
}

// pack writes the script root as a zip for deployment: the same files, the same bytes. Only the program is
// executable, since the host cannot set the bit on a read-only package.
func pack(app, target string, out io.Writer) error {
	file, err := os.Create(target)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	err = filepath.WalkDir(app, func(path string, entry fs.DirEntry, err error) error { // in lexical order
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(app, path)
		if err != nil || name == "local.settings.json" {
			return err
		}
		return packFile(archive, path, filepath.ToSlash(name))
	})
	if err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		fmt.Fprintf(out, "%s: %d bytes\n", target, info.Size())
	}
	return err
}

func packFile(archive *zip.Writer, path, name string) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o644)
	if name == "handler" {
		header.SetMode(0o755)
	}
	into, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = io.Copy(into, from)
	return err
}
