// Package sandbox puts Entra ID and Microsoft Graph on this machine: TLS listeners on 127.0.0.1 with
// certificates of a CA made at the start, one for Entra, one for Graph and one for the tenants' SharePoint
// host (pre-authenticated downloads and upload sessions), and a management port that steers them.
//
// Clients reach it exactly as they reach Microsoft, except for the base URLs and the CA. It is unkind by
// default: what the real services do to their clients on bad days happens here on all days; Options.Kind
// switches that off.
//
// The management port speaks JSON over plain HTTP, on 127.0.0.1 alone and, but for /msi/token, without any
// authentication:
//
//	GET  /              -> {"entraUrl", "graphUrl", "sharePointUrl", "managementUrl", "identityUrl", "caPem"}
//	GET  /ca.pem        -> the CA's certificate
//	GET  /tenants       -> [{"id", "name", "domain"}]
//	PUT  /tenants       {"id", "name", "domain"} -> the same; without id: a new one
//	GET  /users?tenant= -> [{"tenant", "id", "upn", "name", "mail", "locale", "disabled", "admin",
//	                          "directoryRoles", "appRoles"}]
//	PUT  /users         the same -> the same; without id: a new one
//	GET  /sign-in?return=                    a page to sign in at: leads back to the address, with #account=tenant/user
//	GET  /sign-in/token?tenant=&user=&app=   -> {"token"}, for pages on loopback;
//	                                            strong=true: with multi-factor authentication
//	POST /_sandbox/teams-token, /entra/...   see entra.Manage
//	GET  /msi/token                          see entra.ManagedIdentity
//	/graph/...                               see graph.Manage
//	/trouble/..., /history                   see trouble.Manage
//
// It does not know how tokens or files look; packages entra and graph do.
package sandbox

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/entra"
	"imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
)

// consentDelay is how long an unkind Entra takes until a consent given on its pages counts.
const consentDelay = 3 * time.Second

// Options are the choices of a sandbox. The zero value is a useful one.
type Options struct {
	// The ports on 127.0.0.1; zero takes a free one.
	EntraPort, GraphPort, SharePointPort, ManagementPort int
	// Kind switches off all unkindness that nobody asked for in particular.
	Kind bool
	Seed uint64           // of everything that is drawn at random but should be repeatable
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger     // nil: nothing is logged
	// ContentDir is where files' contents are kept; empty: a folder that Stop removes.
	ContentDir string
}

// Sandbox is a running sandbox.
type Sandbox struct {
	EntraURL      string // https://localhost:port, an authority host without the tenant
	GraphURL      string // https://localhost:port/v1.0
	SharePointURL string // https://localhost:port
	ManagementURL string // http://127.0.0.1:port
	IdentityURL   string // http://127.0.0.1:port/msi/token, for IDENTITY_ENDPOINT; Entra.IdentityHeader goes with it
	SignInURL     string // http://127.0.0.1:port/sign-in
	CAPEM         []byte // the certificate that clients must trust

	Directory *directory.Directory
	Entra     *entra.Entra
	Graph     *graph.Graph
	Trouble   *trouble.Desk

	ca        *authority
	listeners map[string]net.Listener
	servers   []*http.Server
	serving   sync.WaitGroup // the ports
	answering sync.WaitGroup // the requests

	mu      sync.Mutex
	stopped bool
	clients []*http.Transport
}

// Start starts a sandbox with an empty directory. It returns when all ports listen.
func Start(options Options) (*Sandbox, error) {
	s, err := start(options)
	if err != nil {
		s.Stop()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return s, nil
}

func start(options Options) (*Sandbox, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sandbox{Directory: directory.New(), listeners: map[string]net.Listener{}}
	var err error
	if s.ca, err = newAuthority(); err != nil {
		return s, err
	}
	s.CAPEM = s.ca.pem
	if err := s.listen(options); err != nil {
		return s, err
	}
	if err := s.compose(options); err != nil {
		return s, err
	}
	return s, nil
}

// listen takes the ports, before anything needs to know its URL.
func (s *Sandbox) listen(options Options) error {
	for _, p := range []struct {
		name string
		port int
		url  *string
		form string
	}{
		{"entra", options.EntraPort, &s.EntraURL, "https://localhost:%d"},
		{"graph", options.GraphPort, &s.GraphURL, "https://localhost:%d/v1.0"},
		{"sharepoint", options.SharePointPort, &s.SharePointURL, "https://localhost:%d"},
		{"management", options.ManagementPort, &s.ManagementURL, "http://127.0.0.1:%d"},
	} {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)))
		if err != nil {
			return fmt.Errorf("the port of %s: %w", p.name, err)
		}
		s.listeners[p.name] = listener
		*p.url = fmt.Sprintf(p.form, listener.Addr().(*net.TCPAddr).Port)
	}
	s.IdentityURL = s.ManagementURL + identityPath
	s.SignInURL = s.ManagementURL + signInPath
	return nil
}

// compose makes the services and puts them behind their ports.
func (s *Sandbox) compose(options Options) error {
	delay := consentDelay
	if options.Kind {
		delay = 0
	}
	var err error
	s.Entra, err = entra.New(entra.Options{
		Directory:    s.Directory,
		BaseURL:      s.EntraURL,
		Now:          options.Now,
		Seed:         options.Seed,
		Log:          options.Log,
		ConsentDelay: delay,
	})
	if err != nil {
		return err
	}
	s.Trouble = trouble.New(trouble.Options{Seed: options.Seed, Kind: options.Kind, Now: options.Now})
	s.Graph, err = graph.New(graph.Options{
		Directory:     s.Directory,
		Tokens:        s.Entra,
		BaseURL:       strings.TrimSuffix(s.GraphURL, "/v1.0"),
		SharePointURL: s.SharePointURL,
		ContentDir:    options.ContentDir,
		Seed:          options.Seed,
		Now:           options.Now,
		Kind:          options.Kind,
		Log:           options.Log,
		Inner:         func(next http.Handler) http.Handler { return s.Trouble.Wrap("graph", next) },
	})
	if err != nil {
		return err
	}
	s.serve("entra", s.Trouble.Wrap("entra", s.Entra.Handler()), options)
	s.serve("graph", s.Trouble.Wrap("graph", s.Graph.Handler()), options)
	s.serve("sharepoint", s.Trouble.Wrap("sharepoint", s.Graph.SharePoint()), options)
	s.serve("management", s.manage(), options)
	return nil
}

// serve answers at one of the ports until Stop; all but management speak TLS.
func (s *Sandbox) serve(name string, handler http.Handler, options Options) {
	server := &http.Server{
		Handler:           s.counted(handler),
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          slog.NewLogLogger(options.Log.Handler(), slog.LevelDebug),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{s.ca.leaf}, MinVersion: tls.VersionTLS12},
	}
	s.servers = append(s.servers, server)
	s.serving.Go(func() {
		var err error
		if name == "management" {
			err = server.Serve(s.listeners[name])
		} else {
			err = server.ServeTLS(s.listeners[name], "", "")
		}
		if !errors.Is(err, http.ErrServerClosed) {
			options.Log.Error("sandbox: a port ended", "port", name, "err", err)
		}
	})
}

// counted lets Stop wait for the requests that are being answered.
func (s *Sandbox) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if s.stopped {
			s.mu.Unlock()
			panic(http.ErrAbortHandler)
		}
		s.answering.Add(1)
		s.mu.Unlock()
		defer s.answering.Done()
		next.ServeHTTP(w, r)
	})
}

// Client returns a client that trusts the sandbox's CA and nothing else. It does not use proxies.
func (s *Sandbox) Client() *http.Client {
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: s.ca.pool(), MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, transport)
	return &http.Client{Transport: transport}
}

// CertificatePEM returns the certificate of the listeners and its key, for another service on this machine.
func (s *Sandbox) CertificatePEM() (certificate, key []byte, err error) {
	raw, err := x509.MarshalPKCS8PrivateKey(s.ca.leaf.PrivateKey)
	if err != nil {
		return nil, nil, err
	}
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.ca.leaf.Certificate[0]})
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), nil
}

// Stop ends the sandbox at once: the ports, the requests that are being answered (their contexts end), the
// connections of the clients that Client made, the files. It returns when all of it is gone.
func (s *Sandbox) Stop() {
	s.mu.Lock()
	s.stopped = true
	for _, transport := range s.clients {
		transport.CloseIdleConnections()
	}
	s.mu.Unlock()
	for _, server := range s.servers {
		_ = server.Close()
	}
	s.serving.Wait()
	for _, listener := range s.listeners {
		_ = listener.Close() // those that were never served
	}
	s.answering.Wait()
	if s.Graph != nil {
		_ = s.Graph.Close() // removes the contents
	}
}
