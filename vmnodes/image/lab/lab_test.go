package main

import (
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

func start(t *testing.T) (*server, string) {
	lab := newServer(identity{Pod: "web-1", Node: "n1", Version: "2", Address: "10.244.0.7"}, log.New(io.Discard, "", 0))
	web := httptest.NewServer(lab.handler())
	t.Cleanup(web.Close)
	return lab, web.URL
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func TestThePageSaysWhoAnswers(t *testing.T) {
	_, url := start(t)
	if _, body := fetch(t, url); body != "pod=web-1 node=n1 version=2 address=10.244.0.7\n" {
		t.Errorf("text: %q", body)
	}
	var who identity
	_, body := fetch(t, url+"/?format=json")
	if err := json.Unmarshal([]byte(body), &who); err != nil || who.Pod != "web-1" || who.Version != "2" {
		t.Errorf("JSON: %q, %v", body, err)
	}
}

func TestAProbeFailsUntilHealed(t *testing.T) {
	_, url := start(t)
	for _, step := range []struct {
		path  string
		ready int
	}{{"/", 200}, {"/fail?probe=ready", 503}, {"/heal?probe=ready", 200}} {
		fetch(t, url+step.path)
		if code, _ := fetch(t, url+"/readyz"); code != step.ready {
			t.Errorf("after %s /readyz says %d", step.path, code)
		}
		if code, _ := fetch(t, url+"/healthz"); code != 200 {
			t.Errorf("after %s /healthz says %d", step.path, code)
		}
	}
}

func TestAProbeThatFailsForATimeHealsByItself(t *testing.T) {
	lab, _ := start(t)
	lab.probes["live"].fail(time.Hour)
	if lab.probes["live"].healthy() {
		t.Error("healthy within its time")
	}
	lab.probes["live"].failsUntil.Store(time.Now().UnixNano() - 1)
	if !lab.probes["live"].healthy() {
		t.Error("still failing after its time")
	}
}

func TestUnknownProbesAndBadNumbersAreRefused(t *testing.T) {
	_, url := start(t)
	for _, path := range []string{"/fail?probe=x", "/fail?probe=ready&for=soon", "/burn?ms=x", "/burn?ms=-1", "/burn"} {
		if code, _ := fetch(t, url+path); code != http.StatusBadRequest {
			t.Errorf("%s says %d", path, code)
		}
	}
}

func TestFlagsMayFollowTheWords(t *testing.T) {
	flags := flag.NewFlagSet("get", flag.ContinueOnError)
	times := flags.Int("n", 1, "")
	words, err := parse(flags, []string{"http://a", "-n", "20"}, 1)
	if err != nil || *times != 20 || !slices.Equal(words, []string{"http://a"}) {
		t.Errorf("%v %d %v", words, *times, err)
	}
}
