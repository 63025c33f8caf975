package tables

import (
	"encoding/json"
	"fmt"
	"strconv"

	"imagepro/handler/fault"
)

// A document is a JSON text that may be longer than one property holds: it is kept in the properties D0, D1 and
// so on. The service takes 32 Ki UTF-16 units a property and 1 MiB a record. The text is in ASCII; see marshal.
const (
	documentPart = 32_000
	documentMax  = 400_000
	documentName = "D"
)

// document is a record with a document and the plain properties that filters need.
type document struct {
	keys
	plain map[string]string
	text  []byte
}

// newDocument returns the record of anything that marshals.
func newDocument(partition, row string, plain map[string]string, content any) (document, error) {
	text, err := marshal(content)
	if err != nil {
		return document{}, err
	}
	if len(text) > documentMax {
		return document{}, fault.Newf(fault.TooLarge, "The record has %d kB; the limit is %d kB.", len(text)/1000,
			documentMax/1000)
	}
	return document{keys{PartitionKey: partition, RowKey: row}, plain, text}, nil
}

// MarshalJSON writes the record as the service takes it.
func (d document) MarshalJSON() ([]byte, error) {
	properties := map[string]string{"PartitionKey": d.PartitionKey, "RowKey": d.RowKey}
	for name, value := range d.plain {
		properties[name] = value
	}
	rest := d.text
	for n := 0; len(rest) > 0; n++ {
		end := min(documentPart, len(rest))
		properties[documentName+strconv.Itoa(n)] = string(rest[:end])
		rest = rest[end:]
	}
	return json.Marshal(properties)
}

// readDocument reads a record into content and returns its keys.
func readDocument(entity []byte, content any) (keys, error) {
	var row keys
	if err := decode(entity, &row); err != nil {
		return row, err
	}
	var properties map[string]any
	if err := decode(entity, &properties); err != nil {
		return row, err
	}
	var text []byte
	for n := 0; ; n++ {
		part, ok := properties[documentName+strconv.Itoa(n)].(string)
		if !ok {
			break
		}
		text = append(text, part...)
	}
	if len(text) == 0 {
		return row, fault.New(fault.Internal, "A record cannot be read.",
			fmt.Errorf("tables: a document without a text"))
	}
	return row, decode(text, content)
}
