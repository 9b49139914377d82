package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// flags makes the flag set of the subcommand. Its usage is the subcommand's
// help, in the language of the person.
func (c *command) flags() *flag.FlagSet {
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	// The flag package speaks English and prints on its own: what it says is
	// kept for the error, and the help is ours.
	set.SetOutput(io.Discard)
	return set
}

// parse reads the flags, which may stand before, between and after the other
// arguments, and returns those others. It answers a usageError for a flag that
// is unknown or wrong, and for other than least to most arguments.
func (c *command) parse(set *flag.FlagSet, least, most int) ([]string, error) {
	var others []string
	rest := c.args
	for {
		if err := set.Parse(rest); err != nil {
			if err == flag.ErrHelp {
				c.printHelp(c.name)
				return nil, err
			}
			return nil, usageError(c.words.text("bad_flag", err, c.name))
		}
		rest = set.Args()
		if len(rest) == 0 {
			break
		}
		if end := len(c.args) - len(rest); end > 0 && c.args[end-1] == "--" {
			others = append(others, rest...)
			break
		}
		others, rest = append(others, rest[0]), rest[1:]
	}
	if len(others) < least || len(others) > most {
		return nil, usageError(c.words.text("bad_arguments", c.name))
	}
	return others, nil
}

// help prints the help of the program, of one subcommand, or of the configuration.
func (c *command) help() int {
	topic := ""
	if len(c.args) > 0 {
		topic = c.args[0]
	}
	switch _, known := subcommands[topic]; {
	case topic == "":
		c.printf("help")
	case topic == "config":
		c.printConfig()
	case known:
		c.printHelp(topic)
	default:
		c.errorf("unknown_command", topic)
		return exitUsage
	}
	return exitDone
}

// printHelp prints the help of a subcommand: what it does, and its flags.
func (c *command) printHelp(name string) { fmt.Fprintln(c.stdout, c.words.help[name]) }

// printConfig prints every variable, its default and what it is for.
func (c *command) printConfig() {
	c.printHelp("config")
	for _, s := range settings() {
		name := s.variable
		if s.byDefault != "" {
			name += " = " + s.byDefault
		}
		if s.secret {
			name += "  " + c.words.text("config_secret", s.variable)
		}
		c.printf("config_line", name, strings.ReplaceAll(c.words.text("config."+s.variable), "\n", "\n    "))
	}
}

// oneOf reports whether the word is one of the list.
func oneOf(word string, list ...string) bool { return slices.Contains(list, word) }
