package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// parse reads flags and wants so many words after them.
func parse(flags *flag.FlagSet, args []string, words int) ([]string, error) {
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	// Flags may also stand after the words: lab get URL -n 20.
	var found []string
	for rest := flags.Args(); len(rest) > 0; rest = flags.Args() {
		found = append(found, rest[0])
		if err := flags.Parse(rest[1:]); err != nil {
			return nil, err
		}
	}
	if len(found) != words {
		return nil, fmt.Errorf("%d arguments expected, not %d", words, len(found))
	}
	return found, nil
}

// get fails when any of the requests failed; it makes them all first.
func get(args []string) error {
	flags := flag.NewFlagSet("get", flag.ContinueOnError)
	times := flags.Int("n", 1, "how often")
	timeout := flags.Duration("timeout", 5*time.Second, "for one request")
	quiet := flags.Bool("q", false, "print no answers")
	words, err := parse(flags, args, 1)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: *timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	failures := 0
	for range *times {
		if err := getOnce(client, words[0], *quiet); err != nil {
			fmt.Fprintln(os.Stderr, err)
			failures++
		}
	}
	if failures > 0 {
		return fmt.Errorf("%d of %d requests failed", failures, *times)
	}
	return nil
}

func getOnce(client *http.Client, url string, quiet bool) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	out := io.Writer(os.Stdout)
	if quiet {
		out = io.Discard
	}
	if _, err := io.Copy(out, response.Body); err != nil {
		return err
	}
	if response.StatusCode >= 400 {
		return errors.New(response.Status)
	}
	return nil
}

func lookup(args []string) error {
	flags := flag.NewFlagSet("lookup", flag.ContinueOnError)
	timeout := flags.Duration("timeout", 10*time.Second, "in all")
	words, err := parse(flags, args, 1)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(limited, words[0])
	if err != nil {
		return err
	}
	slices.Sort(addresses)
	fmt.Println(strings.Join(addresses, "\n"))
	return nil
}

func sleep(args []string) error {
	if len(args) != 1 {
		return errors.New("how long? Seconds, or a duration such as 1m30s")
	}
	duration, err := time.ParseDuration(args[0])
	if seconds, numeric := strconv.ParseFloat(args[0], 64); numeric == nil {
		duration, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	select {
	case <-time.After(duration):
	case <-stop.Done():
	}
	return nil
}

func exit(args []string) error {
	if len(args) != 1 {
		return errors.New("with which code?")
	}
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	os.Exit(code)
	return nil
}

func echo(args []string) error {
	_, err := fmt.Println(strings.Join(args, " "))
	return err
}

func cat(args []string) error {
	if len(args) == 0 {
		_, err := io.Copy(os.Stdout, os.Stdin)
		return err
	}
	for _, name := range args {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := os.Stdout.Write(content); err != nil {
			return err
		}
	}
	return nil
}

func ls(args []string) error {
	if len(args) != 1 {
		return errors.New("which folder?")
	}
	entries, err := os.ReadDir(args[0])
	for _, entry := range entries {
		fmt.Println(entry.Name())
	}
	return err
}

func write(args []string) error {
	if len(args) < 2 {
		return errors.New("a file and what to write, please")
	}
	return os.WriteFile(args[0], []byte(strings.Join(args[1:], " ")+"\n"), 0o644)
}

func env([]string) error {
	variables := os.Environ()
	slices.Sort(variables)
	fmt.Println(strings.Join(variables, "\n"))
	return nil
}
