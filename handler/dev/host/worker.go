package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"imagepro/handler/dev/child"
	"imagepro/handler/dev/port"
)

const (
	probePause   = 25 * time.Millisecond
	strikeWindow = 30 * time.Minute
	restartCode  = 200 // the exit code by which a handler asks for a restart
)

// worker keeps the handler's process running: one session after the other, on the same port.
type worker struct {
	command        command
	env            environment
	port           int
	initialization time.Duration
	strikes        int
	graceful       time.Duration // between SIGTERM and SIGKILL; 0: SIGKILL at once
	stderrIsError  bool
	log            *slog.Logger
	output         func(slog.Level, string)

	mu      sync.Mutex
	session *session
}

// session is one life of the handler's process.
type session struct {
	process  *child.Process
	stdout   *lines
	stderr   *lines
	ready    chan struct{} // closed when the process answers
	replaced chan struct{} // closed when the next session is there
	abandon  chan struct{} // closed to have the process killed and replaced
	once     sync.Once
}

// giveUp has the session killed and replaced. It may be called more than once.
func (s *session) giveUp() { s.once.Do(func() { close(s.abandon) }) }

// kill ends the process at once.
func (s *session) kill() {
	s.process.Kill()
	s.flush()
}

// flush takes what an ended process wrote after its last line break.
func (s *session) flush() {
	s.stdout.flush()
	s.stderr.flush()
}

// isReady reports whether the process answers and is still the one to ask.
func (s *session) isReady() bool {
	select {
	case <-s.replaced:
		return false
	default:
	}
	select {
	case <-s.ready:
		return true
	default:
		return false
	}
}

// startWorker starts the handler for the first time.
func startWorker(a *app, o Options) (*worker, error) {
	cmd, err := a.command()
	if err != nil {
		return nil, err
	}
	taken, err := freePort(a.config.handler.port)
	if err != nil {
		return nil, err
	}
	id := newGUID()
	number := strconv.Itoa(taken)
	w := &worker{
		command:        cmd,
		port:           taken,
		initialization: a.config.handler.initialization,
		strikes:        o.Strikes,
		stderrIsError:  a.config.handler.stderrIsError,
		log:            o.Log,
		output:         o.HandlerOutput,
		env: a.env.with(environment{
			"FUNCTIONS_CUSTOMHANDLER_PORT": number, "FUNCTIONS_CUSTOMHANDLER_WORKER_ID": id,
			"FUNCTIONS_HTTPWORKER_PORT": number, "FUNCTIONS_HTTPWORKER_ID": id,
			"FUNCTIONS_APP_ROOT_PATH": a.root,
		}),
	}
	if o.GracefulStop {
		w.graceful = o.Drain
	}
	w.session, err = w.start()
	return w, err
}

// freePort returns a loopback port that can be bound now: the given one, or any if it is 0. The real host lets
// the kernel choose, and loses the port now and then to a connection.
func freePort(number int) (int, error) {
	if number == 0 {
		return port.Free()
	}
	if err := port.Check(number); err != nil {
		return 0, fmt.Errorf("host: the handler's %w", err)
	}
	return number, nil
}

// start starts a process.
func (w *worker) start() (*session, error) {
	s := &session{ready: make(chan struct{}), replaced: make(chan struct{}), abandon: make(chan struct{})}
	cmd := exec.Command(w.command.path, w.command.arguments...)
	cmd.Dir, cmd.Env = w.command.dir, w.env.list()
	cmd.WaitDelay = time.Second
	s.stdout, s.stderr = newLines(w.stdoutLine), newLines(w.stderrLine)
	cmd.Stdout, cmd.Stderr = s.stdout, s.stderr
	process, err := child.Start(cmd)
	if err != nil {
		return nil, fmt.Errorf("host: the handler cannot be started: %w", err)
	}
	s.process = process
	w.log.Info("Handler started", "pid", process.Pid(), "port", w.port)
	return s, nil
}

func (w *worker) current() *session {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.session
}

// url is where the handler listens.
func (w *worker) url() string { return "http://127.0.0.1:" + strconv.Itoa(w.port) }

// ending says how a session ended.
type ending struct {
	stopped bool // the host ends
	crash   error
	why     string // for the log, if it is no crash
}

// run replaces each session that ends until ctx does, and then ends the last one. It returns an error when
// the host has to stop: too many crashes, or a process that cannot be started.
func (w *worker) run(ctx context.Context) error {
	var count int
	var last time.Time
	for {
		s := w.current()
		end := w.watch(ctx, s)
		if end.stopped {
			w.end(s)
			return nil
		}
		s.kill()
		if end.crash != nil {
			if time.Since(last) > strikeWindow {
				count = 0
			}
			count, last = count+1, time.Now()
			w.log.Error("The handler crashed", "error", end.crash, "count", count)
			if count >= w.strikes {
				return fmt.Errorf("host: exceeded the restart count of the handler (%d): %w", w.strikes, end.crash)
			}
		} else {
			w.log.Warn("The handler is restarted", "reason", end.why)
		}
		next, err := w.start()
		if err != nil {
			return err
		}
		w.mu.Lock()
		w.session = next
		w.mu.Unlock()
		close(s.replaced)
	}
}

// watch waits for the end of a session by the host's table: exit code 0 is not acted upon, 200 is a wish
// for a restart, everything else a crash, and so is no answer within initializationTimeout.
func (w *worker) watch(ctx context.Context, s *session) ending {
	probing, cancel := context.WithTimeout(ctx, w.initialization)
	defer cancel()
	answered := make(chan error, 1)
	go func() { answered <- probe(probing, w.url()) }()
	gone := s.process.Done()
	for {
		select {
		case <-ctx.Done():
			return ending{stopped: true}
		case <-s.abandon:
			return ending{why: "an invocation ran into functionTimeout"}
		case err := <-answered:
			switch {
			case err == nil:
				close(s.ready)
			case ctx.Err() == nil:
				return ending{
					crash: fmt.Errorf("the handler did not answer GET / on port %d within %v", w.port,
						w.initialization)}
			}
		case <-gone:
			s.flush()
			switch code := s.process.ExitCode(); code {
			case 0:
				w.log.Error(
					"The handler ended with exit code 0: the host does not start it again, and every invocation " +
						"fails from now on")
				gone = nil
			case restartCode:
				return ending{why: "it ended with exit code 200"}
			default:
				return ending{crash: fmt.Errorf("the handler ended: %w%s", s.process.Err(), s.stderr.tail())}
			}
		}
	}
}

// end ends a session for good.
func (w *worker) end(s *session) {
	if w.graceful > 0 {
		s.process.Signal(syscall.SIGTERM)
		select {
		case <-s.process.Done():
		case <-time.After(w.graceful):
		}
	}
	s.kill()
}

// probe asks for / until there is an answer, whichever. A refused connection is asked again; any other
// failure, such as a connection that is closed without an answer, counts as one.
func probe(ctx context.Context, url string) error {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/", nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
			return nil
		}
		var dial *net.OpError
		if ctx.Err() == nil && (!errors.As(err, &dial) || dial.Op != "dial") {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(probePause):
		}
	}
}

// Lines with these prefixes are messages between a worker and the host's own logs.
const (
	systemPrefix  = "LanguageWorkerConsoleLog"
	toolingPrefix = "azfuncjsonlog:"
)

func (w *worker) stdoutLine(line string) { w.write(slog.LevelInfo, line) }

func (w *worker) stderrLine(line string) { w.write(stderrLevel(line, w.stderrIsError), line) }

func (w *worker) write(level slog.Level, line string) {
	switch {
	case strings.HasPrefix(line, toolingPrefix):
	case strings.HasPrefix(line, systemPrefix):
		w.log.Debug(strings.TrimPrefix(line, systemPrefix))
	default:
		w.output(level, line)
	}
}

// stderrLevel is the level that the host gives to a line on stderr. errorsOnly is
// useStdErrorStreamForErrorsOnly.
func stderrLevel(line string, errorsOnly bool) slog.Level {
	text := strings.ToLower(line)
	warns := strings.Contains(text, "warn")
	if errorsOnly && !warns {
		return slog.LevelError
	}
	for _, word := range []string{"error", "fail", "severe", "unhandled exception"} {
		if !errorsOnly && strings.Contains(text, word) {
			return slog.LevelError
		}
	}
	if warns {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
