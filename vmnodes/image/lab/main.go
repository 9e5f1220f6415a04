// Command lab is the program of the image quarterdeck.dev/lab: a small HTTP server that says which Pod answers and that fails, burns
// CPU or stops slowly on request, for labs, samples and tests. It is also its own client, since the image holds nothing else.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
)

type command struct {
	usage string
	run   func(args []string) error
}

var commands map[string]command

func init() {
	commands = map[string]command{
		"serve":  {"serve the page (the default)", func([]string) error { return serve() }},
		"get":    {"get [-n 20] [-timeout 5s] [-q] URL: fetch, each time over a new connection, and print the answers", get},
		"lookup": {"lookup [-timeout 10s] NAME: print the addresses of a name, sorted", lookup},
		"sleep":  {"sleep DURATION: wait; ends at once on SIGTERM", sleep},
		"exit":   {"exit CODE", exit},
		"echo":   {"echo WORD...", echo},
		"cat":    {"cat [FILE...]: print files, or the input", cat},
		"ls":     {"ls FOLDER", ls},
		"write":  {"write FILE WORD...: write the words and a newline", write},
		"env":    {"env: print the environment, sorted", env},
	}
}

func main() {
	name, args := "serve", os.Args[1:]
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	chosen, known := commands[name]
	if !known {
		usage(name)
		os.Exit(2)
	}
	if err := chosen.run(args); err != nil {
		fmt.Fprintf(os.Stderr, "lab %s: %v\n", name, err)
		os.Exit(1)
	}
}

func usage(name string) {
	fmt.Fprintf(os.Stderr, "lab: there is no command %q. Commands:\n", name)
	var lines []string
	for word, each := range commands {
		if !strings.HasPrefix(each.usage, word) {
			each.usage = word + ": " + each.usage
		}
		lines = append(lines, "  lab "+each.usage)
	}
	sort.Strings(lines)
	fmt.Fprintln(os.Stderr, strings.Join(lines, "\n"))
}
