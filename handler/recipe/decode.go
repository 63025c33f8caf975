package recipe

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"imagepro/handler/fault"
)

// maxDepth bounds the nesting of a document; a valid one needs five levels.
const maxDepth = 16

// decode reads JSON into map[string]any, []any, string, json.Number, bool and nil. Unlike encoding/json it
// refuses repeated keys, text after the document and bytes that are no UTF-8.
func decode(data []byte) (any, *fault.Fault) {
	if !utf8.Valid(data) {
		return nil, fault.New(fault.Invalid, "The recipe is not UTF-8 text.", nil)
	}
	d := &decoder{json: json.NewDecoder(bytes.NewReader(data))}
	d.json.UseNumber()
	value, f := d.value("", 0)
	if f != nil {
		return nil, f
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "There is something after the end of the recipe.", nil)
	}
	return value, nil
}

type decoder struct {
	json *json.Decoder
}

func (d *decoder) value(path string, depth int) (any, *fault.Fault) {
	token, f := d.token()
	if f != nil {
		return nil, f
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, fault.Newf(fault.Invalid, "The recipe is nested deeper than %d levels.", maxDepth).At(path)
	}
	if delim == '[' {
		return d.array(path, depth)
	}
	return d.object(path, depth)
}

func (d *decoder) array(path string, depth int) (any, *fault.Fault) {
	list := []any{}
	for d.json.More() {
		value, f := d.value(path+"/"+strconv.Itoa(len(list)), depth+1)
		if f != nil {
			return nil, f
		}
		list = append(list, value)
	}
	_, f := d.token() // the bracket
	return list, f
}

func (d *decoder) object(path string, depth int) (any, *fault.Fault) {
	fields := map[string]any{}
	for d.json.More() {
		token, f := d.token()
		if f != nil {
			return nil, f
		}
		key, ok := token.(string)
		if !ok {
			return nil, d.malformed(nil)
		}
		at := pointer(path, key)
		if _, ok := fields[key]; ok {
			return nil, fault.New(fault.Invalid, "This field is given twice.", nil).At(at)
		}
		value, f := d.value(at, depth+1)
		if f != nil {
			return nil, f
		}
		fields[key] = value
	}
	_, f := d.token() // the brace
	return fields, f
}

func (d *decoder) token() (json.Token, *fault.Fault) {
	token, err := d.json.Token()
	if err != nil {
		return nil, d.malformed(err)
	}
	return token, nil
}

func (d *decoder) malformed(err error) *fault.Fault {
	message := "The recipe is not valid JSON near byte " + strconv.FormatInt(d.json.InputOffset(), 10) + "."
	return fault.New(fault.Invalid, message, err)
}

// pointer extends a JSON pointer by a key, escaped as RFC 6901 section 3 asks. A key that is too long to
// be one of ours is shortened.
func pointer(path, key string) string {
	const long = 64
	if len(key) > long {
		key = strings.ToValidUTF8(key[:long], "") + "..."
	}
	return path + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
