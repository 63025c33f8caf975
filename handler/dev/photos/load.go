package photos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Load lists the pictures of a folder: no more of them than most, sorted by name, none from the folders in it and
// no hidden files. It goes by the extension and opens no file, so width and height are 0 and the orientation is 1. A
// folder without pictures is an error.
func Load(dir string, most int) ([]Photo, error) {
	if most < 1 {
		return nil, fmt.Errorf("loading pictures: the limit is %d, not at least 1", most)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("loading pictures: %w", err)
	}
	var out []Photo
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		format := formatOf(e.Name())
		if format == "" || strings.HasPrefix(e.Name(), ".") || !isFile(path) {
			continue
		}
		out = append(out, Photo{Name: e.Name(), Path: path, Orientation: 1, Format: format})
		if len(out) == most {
			break
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("loading pictures: the folder %s holds no jpg, png, gif, bmp, tiff or webp file", dir)
	}
	return out, nil
}

// isFile tells whether there is a file at path, which may be a link to one.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// formatOf returns the format that a file's extension stands for; empty if it is none of a picture's.
func formatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jpg", ".jpeg":
		return "jpeg"
	case ".png":
		return "png"
	case ".gif":
		return "gif"
	case ".bmp":
		return "bmp"
	case ".tif", ".tiff":
		return "tiff"
	case ".webp":
		return "webp"
	}
	return ""
}
