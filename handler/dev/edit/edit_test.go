package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"imagepro/handler/dev/photos"
	"imagepro/handler/imaging"
)

const half = `{"version":1,"steps":[{"op":"resize","width":"50%"}],"output":{"format":"webp"}}`

// folders returns a folder with three photographs, one of them in a folder, a place for results, and the recipe's file.
func folders(t *testing.T, recipe string) (in, out, recipeFile string) {
	t.Helper()
	dir := t.TempDir()
	in, out, recipeFile = filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "recipe.json")
	drawn, err := photos.Draw(in, photos.Options{Count: 3, Seed: 5, MinMegapixels: 0.1, MaxMegapixels: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(in, "more", drawn[0].Name), read(t, drawn[0].Path))
	if err := os.Remove(drawn[0].Path); err != nil {
		t.Fatal(err)
	}
	put(t, recipeFile, []byte(recipe))
	return in, out, recipeFile
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// files returns what is below a folder: path and content.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(dir, path)
			found[name] = string(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// try runs the program, and returns what it printed.
func try(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(context.Background(), args, &out, &errOut); code != want {
		t.Fatalf("exit code %d, want %d\n%s%s", code, want, &out, &errOut)
	}
	return out.String(), errOut.String()
}

func TestPicturesAreEditedAndTheOriginalsStay(t *testing.T) {
	t.Parallel()
	in, out, recipe := folders(t, half)
	put(t, filepath.Join(in, "notes.txt"), []byte("no picture"))
	put(t, filepath.Join(in, ".hidden.jpg"), []byte("hidden"))
	before := files(t, in)
	text, _ := try(t, allEdited, "-in", in, "-out", out, "-recipe", recipe)
	for name, content := range files(t, in) {
		if before[name] != content {
			t.Errorf("%s is another file now", name)
		}
	}
	made := files(t, out)
	if len(made) != 3 {
		t.Fatalf("%d results, want 3", len(made))
	}
	for name, content := range made {
		original, err := imaging.Inspect([]byte(before[originalOf(t, before, name)]), imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		result, err := imaging.Inspect([]byte(content), imaging.Limits{})
		if err != nil || result.Format != imaging.WebP || result.Width != (original.Width+1)/2 &&
			result.Width != original.Width/2 {
			t.Errorf("%s: %+v, %v, of a picture %d wide", name, result, err, original.Width)
		}
		if !strings.Contains(text, originalOf(t, before, name)) {
			t.Errorf("the table has no row for %s:\n%s", name, text)
		}
	}
	if !strings.Contains(text, "3 edited, 0 failed, 1 skipped that are not pictures") {
		t.Error(text)
	}
}

func originalOf(t *testing.T, originals map[string]string, result string) string {
	t.Helper()
	stem := strings.TrimSuffix(result, filepath.Ext(result))
	for name := range originals {
		if strings.TrimSuffix(name, filepath.Ext(name)) == stem {
			return name
		}
	}
	t.Fatalf("%s is the result of nothing", result)
	return ""
}

func TestEveryFileHasALineOfJSON(t *testing.T) {
	t.Parallel()
	in, out, recipe := folders(t, `{"version":1,"steps":[{"op":"roundCorners"}],"output":{"format":"jpeg"}}`)
	put(t, filepath.Join(in, "broken.png"), []byte("\x89PNG\r\n\x1a\n"))
	put(t, filepath.Join(in, "phone.heic"), []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"))
	text, _ := try(t, someFailed, "-in", in, "-out", out, "-recipe", recipe, "-json")
	var names []string
	for line := range strings.Lines(text) {
		var got jsonLine
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		names = append(names, got.File)
		switch got.File {
		case "broken.png":
			if got.Error != "The file is cut off." || got.Saved != "" || got.Format != "" {
				t.Errorf("%+v", got)
			}
		case "phone.heic":
			if !strings.HasPrefix(got.Error, "HEIC pictures are not edited") {
				t.Errorf("%+v", got)
			}
		default:
			content := read(t, filepath.Join(out, got.Saved))
			info, err := imaging.Inspect(content, imaging.Limits{})
			if err != nil || got.Format != "jpeg" || got.Width != info.Width || got.Height != info.Height ||
				got.Bytes != int64(len(content)) ||
				got.EditMs <= 0 || got.Before.Width == 0 || !slices.Contains(got.Warnings, imaging.WarnAlphaFlattened) {
				t.Errorf("%+v, %+v, %v", got, info, err)
			}
		}
	}
	if len(names) != 5 || !slices.IsSorted(names) {
		t.Errorf("lines for %q", names)
	}
}

func TestNothingIsReplaced(t *testing.T) {
	t.Parallel()
	in, out, recipe := folders(t, half)
	try(t, allEdited, "-in", in, "-out", out, "-recipe", recipe)
	first := files(t, out)
	text, _ := try(t, someFailed, "-in", in, "-out", out, "-recipe", recipe)
	if strings.Count(text, "is there already, and nothing is replaced") != 3 {
		t.Error(text)
	}
	for name, content := range files(t, out) {
		if first[name] != content {
			t.Errorf("%s was replaced", name)
		}
	}
	// Two originals whose results have one name: the first has it.
	in, out, recipe = folders(t, half)
	for name, content := range files(t, in) {
		put(t, filepath.Join(in, strings.TrimSuffix(name, filepath.Ext(name))+".zzz.jpg"), []byte(content))
		put(t, filepath.Join(in, strings.TrimSuffix(name, filepath.Ext(name))+".zzz.jpeg"), []byte(content))
		break
	}
	text, _ = try(t, someFailed, "-in", in, "-out", out, "-recipe", recipe)
	if strings.Count(text, "is there already, and nothing is replaced") != 1 ||
		!strings.Contains(text, "4 edited, 1 failed") {
		t.Error(text)
	}
}

func TestWhatCannotBeginSaysWhy(t *testing.T) {
	t.Parallel()
	in, out, recipe := folders(t, half)
	wrong, boxes, far := recipe+".wrong", recipe+".boxes", recipe+".far"
	put(t, wrong, []byte(`{"version":1,"steps":[{"op":"resize","width":-3}]}`))
	put(t, boxes, []byte(`{"version":1,"steps":[{"op":"text","text":"漢字"}]}`))
	put(t, far, []byte(`{"version":1,"steps":[{"op":"watermark","image":{"drive":"d","item":"i"}}]}`))
	empty := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no folder":           {[]string{"-out", out, "-recipe", recipe}, "IN is missing"},
		"no place":            {[]string{"-in", in, "-recipe", recipe}, "OUT is missing"},
		"no recipe":           {[]string{"-in", in, "-out", out}, "RECIPE is missing"},
		"a folder not there":  {[]string{"-in", in + "x", "-out", out, "-recipe", recipe}, "IN: "},
		"an empty folder":     {[]string{"-in", empty, "-out", out, "-recipe", recipe}, "IN: there is no file"},
		"a recipe not there":  {[]string{"-in", in, "-out", out, "-recipe", recipe + "x"}, "no such file"},
		"a wrong recipe":      {[]string{"-in", in, "-out", out, "-recipe", wrong}, "/steps/0/width: "},
		"letters of no font":  {[]string{"-in", in, "-out", out, "-recipe", boxes}, "/steps/0/text: "},
		"a file in a library": {[]string{"-in", in, "-out", out, "-recipe", far}, "/steps/0/image: "},
		"the same folder": {[]string{"-in", in, "-out", in + "/../in", "-recipe", recipe},
			"IN and OUT are the same folder"},
	} {
		if _, says := try(t, notBegun, c.args...); !strings.Contains(says, c.want) {
			t.Errorf("%s: %q does not say %q", name, says, c.want)
		}
	}
}

func TestResultsInsideTheFolderAreNotEditedAgain(t *testing.T) {
	t.Parallel()
	in, _, recipe := folders(t, half)
	try(t, allEdited, "-in", in, "-out", filepath.Join(in, "results"), "-recipe", recipe)
	text, _ := try(t, someFailed, "-in", in, "-out", filepath.Join(in, "results"), "-recipe", recipe)
	if !strings.Contains(text, "0 edited, 3 failed") {
		t.Error(text)
	}
}

func TestAnInterruptEndsItBetweenPictures(t *testing.T) {
	t.Parallel()
	in, out, recipe := folders(t, half)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := run(ctx, []string{"-in", in, "-out", out, "-recipe", recipe}, &stdout, &stderr); code != someFailed {
		t.Error("exit code", code)
	}
	if made := files(t, out); len(made) != 0 || !strings.Contains(stderr.String(), "canceled") {
		t.Errorf("%d results, %s", len(made), &stderr)
	}
}
