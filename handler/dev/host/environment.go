package host

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// environment is what the host and the handler see of settings and environment variables.
type environment map[string]string

// newEnvironment lays the environment over the settings: a variable that is set to something wins over the
// setting of its name, an empty one does not.
func newEnvironment(settings map[string]string, environ []string) environment {
	env := environment{}
	for _, variable := range environ {
		if name, value, ok := strings.Cut(variable, "="); ok && name != "" {
			env[name] = value
		}
	}
	for name, value := range settings {
		env[name] = or(env[name], value)
	}
	return env
}

// list returns the environment in the form of exec.Cmd, sorted.
func (e environment) list() []string {
	var all []string
	for name, value := range e {
		all = append(all, name+"="+value)
	}
	sort.Strings(all)
	return all
}

// with returns a copy with more variables.
func (e environment) with(more environment) environment {
	all := environment{}
	for name, value := range e {
		all[name] = value
	}
	for name, value := range more {
		all[name] = value
	}
	return all
}

var percentName = regexp.MustCompile(`%([^%\s]+)%`)

// expand replaces each %Name%. It returns an error that names those that are not set.
func (e environment) expand(text string) (string, error) {
	var missing []string
	expanded := percentName.ReplaceAllStringFunc(text, func(match string) string {
		value := e[strings.Trim(match, "%")]
		if value == "" {
			missing = append(missing, match)
		}
		return value
	})
	if missing != nil {
		return "", fmt.Errorf("%s in %q is not set", strings.Join(missing, ", "), text)
	}
	return expanded, nil
}
