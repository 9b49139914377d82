// Command canot runs a network of hubs: it serves the API and the calendars,
// and does what whoever keeps the server needs done.
//
// One file per subcommand. Everything meets in wire.go, and config.go is the
// only place that reads the environment. Words for people are in words_fr.go
// and words_en.go. Start reading at run.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"

	"canot/internal/fault"
)

// The exit codes, as promised to scripts.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the program at once, for whoever
	// does not want to wait for a graceful stop.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// A command is what the program was asked to do, and what it was given to do it with.
type command struct {
	name   string
	args   []string
	env    []string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	words  words
}

// subcommands lists every subcommand. Each answers an error: a usageError ends
// the program with 2, any other with 1.
var subcommands = map[string]func(context.Context, *command) error{
	"serve":       serve,
	"demo":        runDemo,
	"migrate":     migrate,
	"import":      importRows,
	"export":      exportRows,
	"user":        user,
	"call":        call,
	"backup":      backup,
	"restore":     restore,
	"check":       check,
	"zones":       zones,
	"version":     version,
	"healthcheck": healthcheck,
}

// run is the whole program: it reads nothing but its arguments, so that tests
// can run the true one.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	cmd := &command{env: env, stdin: stdin, stdout: stdout, stderr: stderr, words: wordsFor(env)}
	if len(args) == 0 {
		cmd.errorf("help")
		return exitUsage
	}
	cmd.name, cmd.args = args[0], args[1:]
	if cmd.name == "help" || cmd.name == "-h" || cmd.name == "--help" || cmd.name == "-help" {
		return cmd.help()
	}
	do, ok := subcommands[cmd.name]
	if !ok {
		cmd.errorf("unknown_command", cmd.name)
		return exitUsage
	}
	return cmd.exit(do(ctx, cmd))
}

// A usageError is a wrong way to call the program. It holds a sentence for the person.
type usageError string

func (e usageError) Error() string { return string(e) }

// A fileError is a file that cannot be read as what it should be: a failure, and
// no mistake in calling the program.
type fileError struct{ error }

// Unwrap returns what is wrong with the file.
func (e fileError) Unwrap() error { return e.error }

// An alreadySaid error is a failure whose words were printed by the subcommand itself.
type alreadySaid struct{}

func (alreadySaid) Error() string { return "already said" }

// exit says what went wrong and gives the exit code for err.
func (c *command) exit(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, &usage):
		c.errorf("failed", c.name, string(usage))
		return exitUsage
	case errors.As(err, new(alreadySaid)):
		return exitFailed
	}
	c.errorf("failed", c.name, c.words.fault(err))
	if fault.KindOf(err) == fault.Malformed && !errors.As(err, new(fileError)) {
		return exitUsage
	}
	return exitFailed
}
