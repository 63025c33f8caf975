package main

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

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
