package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// app is a script root that has been read and found good.
type app struct {
	root      string
	env       environment
	config    config
	functions []*function // in alphabetical order, which is the order of the routes
	bodyLimit int64       // of a request, in bytes
	warnings  []string
}

// defaultBodyLimit is the host's default for FUNCTIONS_REQUEST_BODY_SIZE_LIMIT, 100 MiB.
const defaultBodyLimit = 104857600

// load reads the script root. Its error holds everything that is wrong.
func load(o Options) (*app, error) {
	root, err := filepath.Abs(o.ScriptRoot)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	env := newEnvironment(o.Settings, o.Environ)
	env["AZURE_FUNCTIONS_ENVIRONMENT"] = or(env["AZURE_FUNCTIONS_ENVIRONMENT"], "Development")
	env["AzureWebJobsScriptRoot"] = root
	f, err := readHostJSON(root, env)
	if err != nil {
		return nil, err
	}
	a := &app{root: root, env: env}
	var faults [4]error
	a.config, a.warnings,
		faults[0] = parseConfig(f, strings.EqualFold(env["AZURE_FUNCTIONS_ENVIRONMENT"], "Development"))
	a.functions, faults[1] = readFunctions(root, a.config, env)
	faults[2] = a.checkRuntime()
	a.bodyLimit, faults[3] = bodyLimit(env)
	if err := errors.Join(faults[:]...); err != nil {
		return nil, err
	}
	if len(a.functions) == 0 {
		return nil, fmt.Errorf(
			"host: %s has no function to run: no folder right below it has a function.json that is not disabled", root)
	}
	a.warnings = append(a.warnings, routeClashes(a.functions)...)
	return a, nil
}

func (a *app) checkRuntime() error {
	switch runtime := a.env["FUNCTIONS_WORKER_RUNTIME"]; {
	case runtime == "":
		a.warnings = append(a.warnings, "FUNCTIONS_WORKER_RUNTIME is not set; the real host wants custom")
	case !strings.EqualFold(runtime, "custom"):
		return fmt.Errorf("host: FUNCTIONS_WORKER_RUNTIME is %q, want custom", runtime)
	}
	return nil
}

func bodyLimit(env environment) (int64, error) {
	text := or(env["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"], strconv.Itoa(defaultBodyLimit))
	limit, err := strconv.ParseInt(text, 10, 64)
	if err != nil || limit <= 0 {
		return 0, fmt.Errorf("host: FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is %q, want a number of bytes", text)
	}
	return limit, nil
}

// command is what to start as the handler.
type command struct {
	path      string
	arguments []string
	dir       string
}

// command works out the executable and its arguments as the host does: a relative executable is looked for
// below the script root, not below the working directory, and left to PATH if it is not there. The
// arguments are joined with spaces and not quoted, so one with a space in it arrives as two.
func (a *app) command() (command, error) {
	c := a.config.handler
	path, err := a.env.expand(c.executable)
	if err != nil {
		return command{}, fmt.Errorf("host: customHandler.description.defaultExecutablePath: %w", err)
	}
	base := a.below(c.directory)
	if !filepath.IsAbs(path) {
		if _, err := os.Stat(filepath.Join(base, path)); err == nil {
			path = filepath.Join(base, path)
		}
	}
	cmd := command{path: path, dir: a.below(c.workingDirectory), arguments: a.words(c.arguments)}
	if c.path != "" {
		cmd.arguments = append(cmd.arguments, c.path)
	}
	cmd.arguments = append(cmd.arguments, a.words(c.lastArguments)...)
	return cmd, nil
}

// below resolves a folder against the script root.
func (a *app) below(dir string) string {
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(a.root, dir)
}

// words expands and splits arguments. A variable that is not set becomes nothing.
func (a *app) words(arguments []string) []string {
	joined := percentName.ReplaceAllStringFunc(strings.Join(arguments, " "), func(match string) string {
		return a.env[strings.Trim(match, "%")]
	})
	return strings.Fields(joined)
}
