package graph

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf16"
)

// maxPath is the longest path of an item from the site's host on, decoded, in UTF-16 units
// (https://support.microsoft.com/office/restrictions-and-limitations-in-onedrive-and-sharepoint).
const maxPath = 400

// maxName is the longest name of a file or folder in UTF-16 units.
const maxName = 255

var reserved = regexp.MustCompile(`(?i)^(\.lock|con|prn|aux|nul|com[0-9]|lpt[0-9]|desktop\.ini)$`)

// checkName refuses the names that SharePoint refuses.
func checkName(name string, isFolder bool) *failure {
	wrong := name == "" || strings.ContainsAny(name, "\"*:<>?/\\|") ||
		strings.TrimSpace(name) != name || strings.HasSuffix(name, ".") ||
		strings.Contains(strings.ToLower(name), "_vti_") || strings.HasPrefix(name, "~$") ||
		isFolder && strings.HasPrefix(name, "~") || reserved.MatchString(name) ||
		len(utf16.Encode([]rune(name))) > maxName
	if !wrong {
		for _, r := range name {
			wrong = wrong || r < 0x20 || r == 0x7f || r == '\uFFFD'
		}
	}
	if wrong {
		return errInvalid("The provided name cannot contain an invalid value.").within("invalidResourceId")
	}
	return nil
}

// checkPlace refuses a path that would be too long.
func checkPlace(parent *item, name string) *failure {
	d := parent.drive
	full := strings.TrimPrefix(path.Join(d.site.path, d.folder, parent.path(), name), "/")
	if len(utf16.Encode([]rune(full))) >= maxPath {
		return errInvalid("The specified item name is too long.").within("pathIsTooLong")
	}
	return nil
}

// behaviour is what to do if a name is taken: @microsoft.graph.conflictBehavior.
type behaviour string

const (
	onConflictFail    behaviour = "fail"
	onConflictReplace behaviour = "replace"
	onConflictRename  behaviour = "rename"
)

func parseBehaviour(s string, byDefault behaviour) (behaviour, *failure) {
	switch b := behaviour(strings.ToLower(s)); b {
	case "":
		return byDefault, nil
	case onConflictFail, onConflictReplace, onConflictRename:
		return b, nil
	}
	return "", errInvalid("Invalid value for @microsoft.graph.conflictBehavior: '%s'", s)
}

// freeName gives a name that is free in a folder: "a 1.jpg" if "a.jpg" is taken.
func freeName(folder *item, name string) string {
	ext := path.Ext(name)
	base := strings.TrimSuffix(name, ext)
	for n := 1; folder.child(name) != nil; n++ {
		name = fmt.Sprintf("%s %d%s", base, n, ext)
	}
	return name
}
