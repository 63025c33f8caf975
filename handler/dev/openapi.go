package main

import (
	"fmt"
	"io"

	"imagepro/handler/api"
)

// printOpenAPI prints the document that the tab's types are made from.
func printOpenAPI(out io.Writer) error {
	document, err := api.New(api.Options{}).OpenAPI()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", document)
	return err
}
