// Package stack starts everything that Image Pro needs on one machine and connects it: Azurite, the sandbox
// that stands for Entra ID and Graph, the local Functions host and, as its child, the real binary.
//
// It does not know what is then done with it; make run and the end-to-end tests do.
package stack

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"imagepro/handler/dev/azurite"
	"imagepro/handler/dev/host"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/entra"
)

// Options are the choices of a stack.
type Options struct {
	ScriptRoot string // laid out by make build or Layout
	Addr       string // of the host; empty: a free port on 127.0.0.1
	Kind       bool   // switches the sandbox's unkindness off
	Seed       uint64
	// Settings are added to those that the stack makes itself, and win over them.
	Settings map[string]string
	Log      *slog.Logger // of the host; nil: nothing is logged
	// Output takes the lines that the handler writes; nil drops them.
	Output func(level slog.Level, line string)
	// Identity lets host and handler reach the emulator with a managed identity alone, over TLS, without any key.
	Identity bool
	// Azurite are further arguments of the emulator's own.
	Azurite []string
	// Storage, if it is set, puts something before the emulator: it returns the connection string that host and handler
	// use, and its end.
	Storage func(connection string) (string, func(), error)
	// Drain is how long the host waits for what is running when it is stopped; 0: as the real one.
	Drain time.Duration
	// Lease is how long a message stays with a host that has received it, unless that renews it half-way; 0: as the
	// real one, ten minutes, which is how long messages wait for a host that was killed.
	Lease time.Duration
	// LegacyForward makes the host one from before enableProxyingHttpRequest.
	LegacyForward bool
	// Strikes is how many crashes of the handler within 30 minutes the host endures; 0: as the real one.
	Strikes int
}

// Stack is everything, running.
type Stack struct {
	Azurite *azurite.Server
	Sandbox *sandbox.Sandbox
	Scene   *sandbox.Scene
	Host    *host.Host
	// Settings are those that the handler was started with.
	Settings map[string]string
	dir      string
	host     host.Options
	before   func() // ends what stands before the storage
}

// readyTimeout is how long the handler may take until it answers; well below a second is usual.
const readyTimeout = 60 * time.Second

// Start starts everything and returns when the handler answers.
func Start(ctx context.Context, o Options) (*Stack, error) {
	s := &Stack{}
	if err := s.start(ctx, o); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, o Options) error {
	var err error
	if s.dir, err = os.MkdirTemp("", "image-pro-"); err != nil {
		return fmt.Errorf("stack: %w", err)
	}
	if s.Sandbox, err = sandbox.Start(sandbox.Options{Kind: o.Kind, Seed: o.Seed}); err != nil {
		return err
	}
	if o.Identity {
		if o.Azurite, err = s.overTLS(o.Azurite); err != nil {
			return err
		}
	}
	if s.Azurite, err = azurite.Start("", o.Azurite...); err != nil {
		return err
	}
	if s.Scene, err = sandbox.Demo(s.Sandbox); err != nil {
		return err
	}
	connection := s.Azurite.ConnectionString
	if o.Storage != nil {
		if connection, s.before, err = o.Storage(connection); err != nil {
			return err
		}
	}
	if s.Settings, err = s.settings(o, connection); err != nil {
		return err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Output == nil {
		o.Output = func(slog.Level, string) {}
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s.host = host.Options{
		ScriptRoot:    o.ScriptRoot,
		Settings:      s.Settings,
		Environ:       []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")},
		Addr:          o.Addr,
		Log:           o.Log,
		HandlerOutput: o.Output,
		Strikes:       o.Strikes,
		Drain:         o.Drain,
		Lease:         o.Lease,
		Renewal:       o.Lease / 2,
		LegacyForward: o.LegacyForward,
	}
	return s.startHost(ctx)
}

// startHost starts the host and waits until the handler answers.
func (s *Stack) startHost(ctx context.Context) error {
	var err error
	if s.Host, err = host.Start(ctx, s.host); err != nil {
		return err
	}
	s.host.Addr = strings.TrimPrefix(s.Host.URL(), "http://")
	if err := s.register(); err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return s.Host.Ready(ready)
}

// register tells Entra where the tab is: where people come back to who sign in in a browser, and who consent.
func (s *Stack) register() error {
	app := s.Scene.App
	app.SPARedirectURIs = []string{s.Host.URL() + "/api/tab/signed-in"}
	app.RedirectURIs = append(slices.Clone(app.RedirectURIs), s.Host.URL()+"/api/tab/consent")
	return s.Sandbox.Entra.PutApp(app)
}

// settings are what local.settings.json would hold. The sandbox's certificate is trusted through
// SSL_CERT_FILE, which Go reads itself, so that the shipped program needs no setting for it.
func (s *Stack) settings(o Options, connection string) (map[string]string, error) {
	ca := filepath.Join(s.dir, "ca.pem")
	if err := os.WriteFile(ca, s.Sandbox.CAPEM, 0o644); err != nil {
		return nil, fmt.Errorf("stack: %w", err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	settings := map[string]string{
		"FUNCTIONS_WORKER_RUNTIME":    "custom",
		"AZURE_FUNCTIONS_ENVIRONMENT": "Development",
		"AzureWebJobsStorage":         connection,
		"IMAGEPRO_APP_SECRET":         s.Scene.Secret,
		"IMAGEPRO_TOKEN_KEYS":         "local:" + base64.StdEncoding.EncodeToString(key),
		"IMAGEPRO_AUTHORITY":          s.Sandbox.EntraURL,
		"IMAGEPRO_AUTHORITY_V1":       s.Sandbox.EntraURL,
		"IMAGEPRO_GRAPH":              s.Sandbox.GraphURL,
		"IMAGEPRO_SIGN_IN_PAGE":       s.Sandbox.SignInURL,
		"SSL_CERT_FILE":               ca,
	}
	if o.Identity {
		s.byIdentity(settings)
	}
	for name, value := range o.Settings {
		settings[name] = value
	}
	return settings, nil
}

// overTLS adds what lets the emulator take tokens, which it does over TLS alone.
func (s *Stack) overTLS(args []string) ([]string, error) {
	certificate, key, err := s.Sandbox.CertificatePEM()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"storage.pem": certificate, "storage.key": key}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), text, 0o600); err != nil {
			return nil, fmt.Errorf("stack: %w", err)
		}
	}
	return append(slices.Clone(args), "--oauth", "basic", "--cert", filepath.Join(s.dir, "storage.pem"), "--key",
		filepath.Join(s.dir, "storage.key")), nil
}

// byIdentity puts the app's managed identity in the place of the connection string.
func (s *Stack) byIdentity(settings map[string]string) {
	s.Sandbox.Entra.PutIdentity(entra.Identity{
		Tenant:   s.Scene.Adele.Tenant,
		ClientID: directory.NewID(),
		ObjectID: directory.NewID(),
		System:   true,
	})
	delete(settings, "AzureWebJobsStorage")
	settings["AzureWebJobsStorage__blobServiceUri"] = s.Azurite.Blobs
	settings["AzureWebJobsStorage__queueServiceUri"] = s.Azurite.Queues
	settings["AzureWebJobsStorage__tableServiceUri"] = s.Azurite.Tables
	settings["IDENTITY_ENDPOINT"] = s.Sandbox.IdentityURL
	settings["IDENTITY_HEADER"] = s.Sandbox.Entra.IdentityHeader()
}

// Token returns the token that Teams would give the user's tab.
func (s *Stack) Token(user directory.User) (string, error) {
	return s.Sandbox.Entra.TeamsToken(entra.TeamsTokenRequest{Tenant: user.Tenant, User: user.ID, App: sandbox.DemoApp})
}

// KillHandler ends the handler's process with SIGKILL, as a crash or a scale-in would. The host starts it
// again on the same port.
func (s *Stack) KillHandler() error {
	pid := s.Host.HandlerPID()
	if pid <= 0 {
		return errors.New("stack: the handler is not running")
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// RestartHost ends the host, and with it the handler, and starts both again on the same port.
func (s *Stack) RestartHost(ctx context.Context) error {
	s.Host.Stop()
	return s.startHost(ctx)
}

// Stop ends everything, the host first.
func (s *Stack) Stop() {
	if s.Host != nil {
		s.Host.Stop()
	}
	if s.Sandbox != nil {
		s.Sandbox.Stop()
	}
	if s.before != nil {
		s.before()
	}
	if s.Azurite != nil {
		s.Azurite.Stop()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
