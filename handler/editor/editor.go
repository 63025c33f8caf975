// Package editor makes a recipe of what was done to a picture in the editor of the tab: Toast UI Image Editor 3.15,
// whose canvas is that of fabric 4.6.0. It reads what the front end can ask fabric for and needs no change of the
// editor.
//
// It does not know pictures, and carries nothing out.
package editor

import (
	"encoding/json"
	"fmt"
	"strconv"

	"imagepro/handler/fault"
	"imagepro/handler/recipe"
)

// The bounds of a state.
const (
	MaxBytes   = 1 << 20 // of JSON, without the pixels of pictures
	MaxEpochs  = 20
	MaxObjects = 500 // in all epochs, with those in groups
	maxNotes   = 200
)

// Result is a recipe, and what it does not say.
type Result struct {
	Recipe json.RawMessage // a valid document
	Hash   string          // of the recipe
	Notes  []Note          // in the order of the state; empty if the recipe says all
}

// Note tells of something in the state that the recipe does not say, or says otherwise.
type Note struct {
	Path    string // JSON pointer into the state
	Message string // a sentence
}

// Convert makes a recipe of a state:
//
//	{"width": 4000, "height": 3000, "epochs": [
//	  {"background": {...}, "objects": [...], "crop": {"left": 0, "top": 0, "width": 100, "height": 100}}]}
//
// Width and height are the picture's own pixels; they may be left out if the editor had the picture at its full size.
// An epoch is what is done up to a crop, which the editor carries out at once: background is fabric's toObject of the
// background image with its filters, objects those of the canvas from the lowest to the highest. What canvas.toJSON
// gives is taken as one epoch. Sizes and places become shares of the picture, so that the recipe fits pictures of other
// sizes.
//
// Faults: Invalid with the JSON pointer of what is no state, or is too much for a recipe.
func Convert(state []byte) (Result, error) {
	if len(state) > MaxBytes {
		return Result{}, fault.Newf(fault.Invalid,
			"A state may have at most %d bytes. Leave out src, the pixels of pictures.", MaxBytes)
	}
	var root fields
	if err := json.Unmarshal(state, &root); err != nil || root == nil {
		return Result{}, fault.New(fault.Invalid, "The state is no JSON object.", err)
	}
	epochs := []any{map[string]any(root)}
	within := ""
	if root.has("epochs") {
		epochs, within = root.list("epochs"), "/epochs/"
	}
	if len(epochs) == 0 || len(epochs) > MaxEpochs {
		return Result{}, fault.Newf(fault.Invalid, "A list of 1 to %d epochs is expected here.",
			MaxEpochs).At("/epochs")
	}
	c := &converter{}
	for i, epoch := range epochs {
		at := ""
		if within != "" {
			at = within + strconv.Itoa(i)
		}
		if err := c.epoch(at, toFields(epoch), root); err != nil {
			return Result{}, err
		}
	}
	return c.result()
}

// converter collects steps and notes.
type converter struct {
	steps   []map[string]any
	notes   []Note
	scale   float64 // the picture's own pixels for one of the editor's
	width   float64 // of the canvas
	height  float64
	objects int
}

// note tells of something that the recipe does not say.
func (c *converter) note(at, format string, args ...any) {
	n := Note{at, fmt.Sprintf(format, args...)}
	if len(c.notes) == maxNotes {
		n = Note{"", "There are more notes than are told."}
	}
	if len(c.notes) <= maxNotes {
		c.notes = append(c.notes, n)
	}
}

// step adds a step, if a recipe can say it.
func (c *converter) step(at string, s map[string]any) {
	if _, err := parse([]map[string]any{s}); err != nil {
		c.note(at, "This cannot be said in a recipe: %s", fault.From(err).Message)
		return
	}
	c.steps = append(c.steps, s)
}

// document returns a recipe with some steps.
func document(steps []map[string]any) ([]byte, error) {
	if steps == nil {
		steps = []map[string]any{}
	}
	return json.Marshal(map[string]any{"version": 1, "steps": steps})
}

func parse(steps []map[string]any) (*recipe.Recipe, error) {
	doc, err := document(steps)
	if err != nil {
		return nil, fault.New(fault.Invalid, "A number is not finite.", err)
	}
	return recipe.Parse(doc)
}

func (c *converter) result() (Result, error) {
	if len(c.steps) > recipe.MaxSteps {
		return Result{}, fault.Newf(fault.Invalid, "What was done needs %d steps; a recipe may have %d.", len(c.steps),
			recipe.MaxSteps)
	}
	doc, err := document(c.steps)
	if err != nil {
		return Result{}, fault.New(fault.Internal, "The recipe could not be written.", err)
	}
	r, err := recipe.Parse(doc)
	if err != nil { // the steps are right by themselves: they are too long together
		return Result{}, fault.New(fault.Invalid, "What was done is too much for a recipe. "+fault.From(err).Message,
			err)
	}
	return Result{Recipe: doc, Hash: r.Hash(), Notes: c.notes}, nil
}
