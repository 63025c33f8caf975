package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// config is what host.json says, with the host's defaults.
type config struct {
	functionTimeout time.Duration // 0: no limit
	only            []string      // names of the functions to run; nil: all
	routePrefix     string        // without slashes at its ends
	maxOutstanding  int           // requests running or waiting; -1: no limit
	maxConcurrent   int           // requests running; -1: no limit
	headers         map[string]string
	queues          queueConfig
	handler         handlerConfig
}

// queueConfig is extensions.queues.
type queueConfig struct {
	batchSize         int           // 1 to 32
	newBatchThreshold int           // >= 0
	maxPolling        time.Duration // >= 100 ms
	visibility        time.Duration // how long a message that failed stays invisible
	maxDequeue        int64         // >= 1
	base64            bool
}

// handlerConfig is customHandler.
type handlerConfig struct {
	executable       string
	arguments        []string
	path             string // defaultWorkerPath
	lastArguments    []string
	workingDirectory string
	directory        string // workerDirectory: where a relative executable is looked for
	stderrIsError    bool   // useStdErrorStreamForErrorsOnly
	forwarding       bool
	proxying         bool
	initialization   time.Duration
	port             int // 0: any
}

// flat is configuration as .NET flattens it: values by lower-case path, its parts joined by colons, the
// elements of a list numbered from 0. With the name as it was written, for headers.
type flat map[string]leaf

type leaf struct{ name, value string }

// flatten adds a JSON value under a path.
func (f flat) flatten(path, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			f.flatten(strings.TrimPrefix(path+":"+strings.ToLower(key), ":"), key, inner)
		}
	case []any:
		for i, inner := range value {
			f.flatten(path+":"+strconv.Itoa(i), name, inner)
		}
	case nil:
		f[path] = leaf{name, ""}
	default:
		f[path] = leaf{name, fmt.Sprint(value)}
	}
}

// under returns the leaves below a path, by the rest of their path.
func (f flat) under(path string) flat {
	found := flat{}
	for key, l := range f {
		if rest, ok := strings.CutPrefix(key, path+":"); ok {
			found[rest] = l
		}
	}
	return found
}

// list returns the elements of the list at a path.
func (f flat) list(path string) []string {
	var all []string
	for i := 0; ; i++ {
		l, ok := f[path+":"+strconv.Itoa(i)]
		if !ok {
			return all
		}
		all = append(all, l.value)
	}
}

// readHostJSON reads host.json and lays over it the variables AzureFunctionsJobHost__a__b.
func readHostJSON(root string, env environment) (flat, error) {
	path := filepath.Join(root, "host.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("host: %s has no host.json", root)
	}
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	tree := map[string]any{}
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("host: %s: %w", path, err)
	}
	f := flat{}
	f.flatten("", "", tree)
	for name, value := range env {
		if rest, ok := strings.CutPrefix(name, "AzureFunctionsJobHost__"); ok {
			parts := strings.Split(rest, "__")
			f[strings.ToLower(strings.Join(parts, ":"))] = leaf{parts[len(parts)-1], value}
		}
	}
	return f, nil
}

// reader takes typed values out of a flat configuration and collects what is wrong with them.
type reader struct {
	flat   flat
	faults []error
}

func (r *reader) fail(path string, format string, args ...any) {
	r.faults = append(r.faults,
		fmt.Errorf("host: host.json: %s: %w", strings.ReplaceAll(path, ":", "."), fmt.Errorf(format, args...)))
}

func (r *reader) text(path, absent string) string {
	if l, ok := r.flat[path]; ok {
		return l.value
	}
	return absent
}

func (r *reader) flag(path string, absent bool) bool {
	text := r.text(path, strconv.FormatBool(absent))
	if !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") {
		r.fail(path, "%q is neither true nor false", text)
	}
	return strings.EqualFold(text, "true")
}

func (r *reader) number(path string, absent, min, max int) int {
	text := r.text(path, strconv.Itoa(absent))
	n, err := strconv.Atoi(text)
	if err != nil || n < min || n > max {
		r.fail(path, "%q is not a number from %d to %d", text, min, max)
	}
	return n
}

func (r *reader) span(path string, absent, min time.Duration) time.Duration {
	text, ok := r.flat[path]
	if !ok {
		return absent
	}
	d, err := parseTimeSpan(text.value)
	if err != nil {
		r.fail(path, "%w", err)
	} else if d < min {
		r.fail(path, "%q is less than %v", text.value, min)
	}
	return d
}

// parseConfig makes a config of host.json. development shortens the polling of queues, as under func start.
func parseConfig(f flat, development bool) (config, []string, error) {
	r := &reader{flat: f}
	if v := r.text("version", ""); v != "2.0" {
		r.fail("version", `%q is not "2.0"`, v)
	}
	c := config{
		functionTimeout: 30 * time.Minute,
		only:            f.list("functions"),
		routePrefix:     strings.Trim(r.text("extensions:http:routeprefix", "api"), "/"),
		maxOutstanding:  r.number("extensions:http:maxoutstandingrequests", -1, -1, 1<<30),
		maxConcurrent:   r.number("extensions:http:maxconcurrentrequests", -1, -1, 1<<30),
		headers:         map[string]string{},
		queues:          r.queues(development),
		handler:         r.handler(),
	}
	for _, l := range f.under("extensions:http:customheaders") {
		c.headers[l.name] = l.value
	}
	switch timeout := r.text("functiontimeout", "00:30:00"); timeout {
	case "-1", "-00:00:00.0010000":
		c.functionTimeout = 0
	default:
		c.functionTimeout = r.span("functiontimeout", 30*time.Minute, time.Second)
	}
	return c, r.verdicts(), errors.Join(r.faults...)
}

func (r *reader) queues(development bool) queueConfig {
	const section = "extensions:queues:"
	polling := time.Minute
	if development {
		polling = 2 * time.Second
	}
	q := queueConfig{
		batchSize:  r.number(section+"batchsize", 16, 1, 32),
		maxPolling: r.span(section+"maxpollinginterval", polling, 100*time.Millisecond),
		visibility: r.span(section+"visibilitytimeout", 0, 0),
		maxDequeue: int64(r.number(section+"maxdequeuecount", 5, 1, 1<<30)),
	}
	q.newBatchThreshold = r.number(section+"newbatchthreshold", q.batchSize/2*runtime.NumCPU(), 0, 1<<30)
	switch encoding := strings.ToLower(r.text(section+"messageencoding", "base64")); encoding {
	case "base64", "none":
		q.base64 = encoding == "base64"
	default:
		r.fail(section+"messageencoding", "%q is neither base64 nor none", encoding)
	}
	return q
}

func (r *reader) handler() handlerConfig {
	const section = "customhandler:"
	c := handlerConfig{
		executable:       r.text(section+"description:defaultexecutablepath", ""),
		arguments:        r.flat.list(section + "description:arguments"),
		path:             r.text(section+"description:defaultworkerpath", ""),
		lastArguments:    r.flat.list(section + "description:workerarguments"),
		workingDirectory: r.text(section+"description:workingdirectory", ""),
		directory:        r.text(section+"description:workerdirectory", ""),
		stderrIsError:    r.flag(section+"description:usestderrorstreamforerrorsonly", true),
		forwarding:       r.flag(section+"enableforwardinghttprequest", false),
		proxying:         r.flag(section+"enableproxyinghttprequest", false),
		initialization:   r.span(section+"initializationtimeout", 30*time.Second, 0),
		port:             r.number(section+"port", 0, 0, 65535),
	}
	if c.executable == "" {
		r.fail(section+"description:defaultexecutablepath", "is missing")
	}
	if kind := r.text(section+"type", "http"); !strings.EqualFold(kind, "http") {
		r.fail(section+"type", "%q is not http", kind)
	}
	return c
}
