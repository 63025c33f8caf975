// The program behind make edit: it tries a recipe on the pictures of a folder, with the engine of the service and
// without a cloud or an account. The pictures themselves stay as they are: results go to another folder, and replace
// nothing there.
//
//	go run ./handler/dev/edit -in folder -out folder -recipe recipe.json [-json]
//
// It ends with 0 if every picture was edited, 1 if one was not, 2 if it could not begin.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"imagepro/handler/fault"
	"imagepro/handler/imaging"
	"imagepro/handler/recipe"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	allEdited = iota
	someFailed
	notBegun
)

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("edit", flag.ContinueOnError)
	flags.SetOutput(errOut)
	var job job
	flags.StringVar(&job.in, "in", "", "folder with the pictures, and folders in it (make edit IN=...)")
	flags.StringVar(&job.out, "out", "", "folder for the results (OUT=...)")
	recipeFile := flags.String("recipe", "", "file with the recipe, handler/docs/recipe.md (RECIPE=...)")
	asJSON := flags.Bool("json", false, "print a line of JSON for each file instead of the table (JSON=1)")
	if err := flags.Parse(args); err != nil {
		return notBegun
	}
	files, err := job.prepare(*recipeFile)
	if err != nil {
		fmt.Fprintln(errOut, "make edit:", err)
		return notBegun
	}
	var report reporter = newTable(out, len(files))
	if *asJSON {
		report = jsonLines{out}
	}
	failed := 0
	err = job.run(ctx, files, func(r result) error {
		if r.failed() {
			failed++
		}
		return report.add(r)
	})
	if err := errors.Join(err, report.end()); err != nil {
		fmt.Fprintln(errOut, "make edit:", err)
		return someFailed
	}
	if failed > 0 {
		return someFailed
	}
	return allEdited
}

// prepare reads the recipe, checks the folders and lists the files to try.
func (j *job) prepare(recipeFile string) ([]string, error) {
	for _, given := range []struct{ name, value string }{{"IN", j.in}, {"OUT", j.out}, {"RECIPE", recipeFile}} {
		if given.value == "" {
			return nil, fmt.Errorf("%s is missing. Type: make edit IN=folder OUT=folder RECIPE=recipe.json", given.name)
		}
	}
	text, err := os.ReadFile(recipeFile)
	if err != nil {
		return nil, err
	}
	if j.recipe, err = recipe.Parse(text); err == nil {
		err = imaging.CheckLetters(j.recipe)
	}
	if err != nil {
		f := fault.From(err)
		return nil, fmt.Errorf("%s: %s: %s", recipeFile, cmp.Or(f.Field, "the document"), f.Message)
	}
	for _, image := range j.recipe.Images() {
		if image.InLibrary() {
			return nil, fmt.Errorf("%s: %s: the picture is a file in SharePoint, which cannot be read from here; "+
				"put its bytes into the recipe as data", recipeFile, image.At)
		}
	}
	return j.list()
}
