package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// identity is what a Pod says about itself. The downward API fills POD_NAME, POD_NAMESPACE, NODE_NAME and POD_IP.
type identity struct {
	Pod       string `json:"pod"`
	Namespace string `json:"namespace,omitempty"`
	Node      string `json:"node,omitempty"`
	Version   string `json:"version"`
	Address   string `json:"address"`
}

func whoAmI() identity {
	host, _ := os.Hostname()
	return identity{
		Pod:       cmp.Or(os.Getenv("POD_NAME"), host),
		Namespace: os.Getenv("POD_NAMESPACE"),
		Node:      os.Getenv("NODE_NAME"),
		Version:   cmp.Or(os.Getenv("LAB_VERSION"), "0"),
		Address:   cmp.Or(os.Getenv("POD_IP"), firstAddress()),
	}
}

func firstAddress() string {
	addresses, _ := net.InterfaceAddrs()
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && !network.IP.IsLoopback() && network.IP.To4() != nil {
			return network.IP.String()
		}
	}
	return "127.0.0.1"
}

// probe is one health check that can be made to fail: until healed, or for a time.
type probe struct {
	failsUntil atomic.Int64 // Unix nanoseconds; 0: healthy
}

const forever = 1<<63 - 1

func (p *probe) fail(duration time.Duration) {
	until := int64(forever)
	if duration > 0 {
		until = time.Now().Add(duration).UnixNano()
	}
	p.failsUntil.Store(until)
}

func (p *probe) heal()         { p.failsUntil.Store(0) }
func (p *probe) healthy() bool { return time.Now().UnixNano() >= p.failsUntil.Load() }

type server struct {
	identity identity
	probes   map[string]*probe // "ready", "live"
	log      *log.Logger
}

func newServer(who identity, logger *log.Logger) *server {
	return &server{identity: who, probes: map[string]*probe{"ready": {}, "live": {}}, log: logger}
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.home)
	mux.HandleFunc("/healthz", s.check("live"))
	mux.HandleFunc("/readyz", s.check("ready"))
	mux.HandleFunc("/fail", s.change(func(p *probe, duration time.Duration) { p.fail(duration) }))
	mux.HandleFunc("/heal", s.change(func(p *probe, _ time.Duration) { p.heal() }))
	mux.HandleFunc("/burn", s.burn)
	mux.HandleFunc("/exit", s.exit)
	mux.HandleFunc("/grpc.health.v1.Health/Check", s.grpcCheck)
	return mux
}

// home answers any path: one line of text, or JSON for those who accept it or ask by ?format=json. ?delay=ms answers late.
func (s *server) home(w http.ResponseWriter, r *http.Request) {
	if delay, err := strconv.Atoi(r.FormValue("delay")); err == nil {
		select {
		case <-time.After(time.Duration(delay) * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	s.log.Printf("%s %s from %s", r.Method, r.URL.Path, r.RemoteAddr)
	if r.FormValue("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.identity)
		return
	}
	i := s.identity
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "pod=%s node=%s version=%s address=%s\n", i.Pod, i.Node, i.Version, i.Address)
}

func (s *server) check(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if !s.probes[name].healthy() {
			http.Error(w, name+" fails, as it was told", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}

// change serves /fail and /heal: ?probe=ready|live, and for /fail also ?for=30s.
func (s *server) change(apply func(*probe, time.Duration)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		chosen, known := s.probes[r.FormValue("probe")]
		duration, err := time.ParseDuration(cmp.Or(r.FormValue("for"), "0s"))
		if !known || err != nil {
			http.Error(w, "ask with ?probe=ready or ?probe=live, and perhaps &for=30s", http.StatusBadRequest)
			return
		}
		apply(chosen, duration)
		s.log.Printf("%s %s", r.URL.Path, r.URL.RawQuery)
		fmt.Fprintln(w, "done")
	}
}

// burn keeps one CPU busy for ?ms=.
func (s *server) burn(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.Atoi(r.FormValue("ms"))
	if err != nil || ms < 0 || ms > 600_000 {
		http.Error(w, "ask with ?ms=, up to 600000", http.StatusBadRequest)
		return
	}
	rounds := 0
	for end := time.Now().Add(time.Duration(ms) * time.Millisecond); time.Now().Before(end) && r.Context().Err() == nil; rounds++ {
		for i := range 10_000 {
			rounds ^= i
		}
	}
	fmt.Fprintf(w, "burned %d ms\n", ms)
}

// exit ends the process with ?code=, so that the container is restarted.
func (s *server) exit(_ http.ResponseWriter, r *http.Request) {
	code, _ := strconv.Atoi(cmp.Or(r.FormValue("code"), "1"))
	s.log.Printf("exit %d, as it was told", code)
	os.Exit(code)
}

// grpcCheck is the one call of grpc.health.v1 that a gRPC probe makes, written out: a message of one varint field, then the status.
func (s *server) grpcCheck(w http.ResponseWriter, _ *http.Request) {
	const serving, notServing = 1, 2
	status := byte(serving)
	if !s.probes["live"].healthy() {
		status = notServing
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write([]byte{0, 0, 0, 0, 2, 0x08, status})
	w.Header().Set("Grpc-Status", "0")
}

func durationFrom(variable string) time.Duration {
	value := os.Getenv(variable)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return time.Duration(seconds * float64(time.Second))
	}
	duration, _ := time.ParseDuration(value)
	return duration
}

// serve listens on PORT (8080). LAB_START_DELAY waits before it listens; after SIGTERM it is not ready any more, serves on for
// LAB_SHUTDOWN, and then finishes what it has begun.
func serve() error {
	logger := log.New(os.Stdout, "", log.LstdFlags|log.Lmicroseconds)
	lab := newServer(whoAmI(), logger)
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	select {
	case <-time.After(durationFrom("LAB_START_DELAY")):
	case <-stop.Done():
		return nil
	}
	address := ":" + cmp.Or(os.Getenv("PORT"), "8080")
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // gRPC probes
	web := &http.Server{Addr: address, Handler: lab.handler(), Protocols: protocols, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- web.ListenAndServe() }()
	logger.Printf("lab version %s of pod %s listens on %s", lab.identity.Version, lab.identity.Pod, address)

	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	lab.probes["ready"].fail(0)
	slow := durationFrom("LAB_SHUTDOWN")
	logger.Printf("told to stop; serving on for %s", slow)
	time.Sleep(slow)
	finish, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	return web.Shutdown(finish)
}
