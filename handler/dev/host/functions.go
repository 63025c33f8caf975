package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// function is one function.json. Exactly one of http, queue and timer is set.
type function struct {
	name    string
	binding string // the name of the trigger's binding: the key of its value in Data
	http    *httpTrigger
	queue   *queueTrigger
	timer   *timerTrigger
	text    json.RawMessage // the file, for /admin/functions
}

type httpTrigger struct {
	level   string   // anonymous, function, system or admin
	methods []string // upper case; nil: all
	route   route
	output  string // the name of the http output
}

type queueTrigger struct {
	queue      string   // lower case, settings resolved
	connection string   // the connection string, or
	identity   identity // what is used in its place
	binary     bool     // the value is base64 of the bytes
}

type timerTrigger struct {
	schedule     schedule
	monitor      bool
	runOnStartup bool
}

// functionFile is the stored form of a function.json; keys are read in any case, as Newtonsoft does.
type functionFile struct {
	Disabled   bool
	ScriptFile string
	Retry      json.RawMessage
	Bindings   []binding
}

type binding struct {
	Type, Direction, Name                        string
	AuthLevel                                    string
	Methods                                      []string
	Route                                        string
	QueueName, Connection, DataType              string
	Schedule                                     string
	RunOnStartup                                 bool
	UseMonitor                                   *bool
	TableName, Path, Cardinality, CollectionName string // only so that they are known
}

var (
	functionName = regexp.MustCompile(`^(?i)[a-z][a-z0-9_\-]{0,127}$`)
	bindingName  = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]{0,127}$`)
)

// readFunctions reads the folders one level below the root that hold a function.json, in alphabetical
// order, and leaves out those that are disabled.
func readFunctions(root string, c config, env environment) ([]*function, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	var all []*function
	var faults []error
	names := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(root, entry.Name(), "function.json"))
		if err != nil {
			continue
		}
		if other, ok := names[strings.ToLower(entry.Name())]; ok {
			faults = append(faults, fmt.Errorf("host: functions %s and %s have the same name", other, entry.Name()))
			continue
		}
		names[strings.ToLower(entry.Name())] = entry.Name()
		f, err := parseFunction(root, entry.Name(), text, c, env)
		if err != nil {
			faults = append(faults, fmt.Errorf("host: %s/function.json: %w", entry.Name(), err))
		} else if f != nil {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *function) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return all, errors.Join(faults...)
}

// parseFunction returns nil for a function that is disabled or left out by host.json.
func parseFunction(root, name string, text []byte, c config, env environment) (*function, error) {
	if !functionName.MatchString(name) || strings.EqualFold(name, "host") {
		return nil, errors.New(
			"the folder's name is no function name: a letter, then up to 127 letters, digits, _ and -, and not host")
	}
	var file functionFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if file.Disabled || disabled(name, env) || !wanted(name, c.only) {
		return nil, nil
	}
	if file.Retry != nil {
		return nil, errors.New("retry: the local host has no retry policies")
	}
	if file.ScriptFile != "" {
		if _, err := os.Stat(filepath.Join(root, name, file.ScriptFile)); err != nil {
			return nil, fmt.Errorf("scriptFile: %w", err)
		}
	}
	if err := checkBindings(file.Bindings); err != nil {
		return nil, err
	}
	f := &function{name: name, text: text}
	for _, b := range file.Bindings {
		if err := f.take(b, c, env); err != nil {
			return nil, fmt.Errorf("binding %s: %w", b.Name, err)
		}
	}
	if f.http != nil && f.http.level == "" {
		return nil, errors.New("an http output needs an httpTrigger")
	}
	if f.http != nil && f.http.output == "" {
		return nil, errors.New(
			`an httpTrigger needs an output {"type": "http", "direction": "out"}: the host forwards no ` +
				`request without it`)
	}
	return f, nil
}

// disabled reports whether a setting switches the function off.
func disabled(name string, env environment) bool {
	for _, setting := range []string{"AzureWebJobs." + name + ".Disabled", "AzureWebJobs__" + name + "__Disabled",
		"AzureWebJobs_" + name + "_Disabled"} {
		if v := env[setting]; strings.EqualFold(v, "true") || v == "1" {
			return true
		}
	}
	return false
}

func wanted(name string, only []string) bool {
	return only == nil || slices.ContainsFunc(only, func(n string) bool { return strings.EqualFold(n, name) })
}

// checkBindings checks what holds for the bindings together: names and the one trigger.
func checkBindings(bindings []binding) error {
	triggers := 0
	names := map[string]bool{}
	for _, b := range bindings {
		in := !strings.EqualFold(b.Direction, "out")
		switch {
		case b.Name == "$return" && in:
			return errors.New("binding $return: only an output can have this name")
		case b.Name != "$return" && !bindingName.MatchString(b.Name):
			return fmt.Errorf("binding %q: the name has to be a letter, then up to 127 letters and digits", b.Name)
		case names[strings.ToLower(b.Name)]:
			return fmt.Errorf("binding %s: another binding has the same name", b.Name)
		}
		names[strings.ToLower(b.Name)] = true
		if strings.HasSuffix(strings.ToLower(b.Type), "trigger") {
			triggers++
		}
	}
	if triggers != 1 {
		return fmt.Errorf("%d of the bindings are triggers, want exactly one", triggers)
	}
	return nil
}

// take adds a binding to the function.
func (f *function) take(b binding, c config, env environment) (err error) {
	kind := strings.ToLower(b.Type)
	out := strings.EqualFold(b.Direction, "out")
	if strings.HasSuffix(kind, "trigger") {
		if out {
			return errors.New("a trigger's direction is in")
		}
		f.binding = b.Name
	}
	switch {
	case kind == "httptrigger":
		err = f.takeHTTP(b, c, env)
	case kind == "queuetrigger":
		f.queue, err = parseQueueTrigger(b, env)
	case kind == "timertrigger":
		f.timer, err = parseTimerTrigger(b, env)
	case kind == "http" && out:
		f.httpTrigger().output = b.Name
	case kind == "queue" && out:
		err = errors.New(
			"queue outputs are not supported: write queue messages with the storage API, byte for byte what you mean")
	case kind == "queue", kind == "blob", kind == "table":
		err = fmt.Errorf("bindings of type %s are not supported: use the storage API", b.Type)
	default:
		err = fmt.Errorf("bindings of type %q and direction %q are not supported", b.Type, b.Direction)
	}
	return err
}

func (f *function) httpTrigger() *httpTrigger {
	if f.http == nil {
		f.http = &httpTrigger{}
	}
	return f.http
}

func (f *function) takeHTTP(b binding, c config, env environment) error {
	trigger := f.httpTrigger()
	trigger.level = strings.ToLower(or(b.AuthLevel, "function"))
	if !slices.Contains([]string{"anonymous", "function", "system", "admin"}, trigger.level) {
		return fmt.Errorf("authLevel %q is none of anonymous, function, system, admin", b.AuthLevel)
	}
	for _, method := range b.Methods {
		trigger.methods = append(trigger.methods, strings.ToUpper(method))
	}
	template, err := env.expand(or(b.Route, f.name))
	if err != nil {
		return err
	}
	if strings.HasPrefix(template, "/") {
		return fmt.Errorf("route %q starts with a slash", template)
	}
	trigger.route, err = parseRoute(strings.Trim(c.routePrefix+"/"+template, "/"))
	return err
}

var queueName = regexp.MustCompile(`^[a-z0-9](?:-?[a-z0-9]){2,62}$`)

func parseQueueTrigger(b binding, env environment) (*queueTrigger, error) {
	name, err := env.expand(b.QueueName)
	if err != nil {
		return nil, err
	}
	t := &queueTrigger{queue: strings.ToLower(name), binary: strings.EqualFold(b.DataType, "binary")}
	if len(t.queue) > 63 || !queueName.MatchString(t.queue) {
		return nil, fmt.Errorf("queueName %q is no queue name: 3 to 63 letters, digits and single hyphens", name)
	}
	setting := or(strings.Trim(b.Connection, "%"), "AzureWebJobsStorage")
	t.connection = or(env[setting], env["AzureWebJobs"+setting])
	if t.connection == "" {
		var found bool
		if t.identity, found = identityOf(env, setting); found {
			if t.identity.endpoint == "" {
				return nil, fmt.Errorf("connection %s uses an identity, and IDENTITY_ENDPOINT is not set", setting)
			}
			return t, nil
		}
		return nil, fmt.Errorf("setting %s is missing: it has to be the connection string of a storage account",
			setting)
	}
	return t, nil
}

func parseTimerTrigger(b binding, env environment) (*timerTrigger, error) {
	text, err := env.expand(b.Schedule)
	if err != nil {
		return nil, err
	}
	s, err := parseSchedule(text)
	if err != nil {
		return nil, err
	}
	return &timerTrigger{schedule: s, monitor: b.UseMonitor == nil || *b.UseMonitor, runOnStartup: b.RunOnStartup}, nil
}
