package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"canot/internal/fault"
	"canot/web/locale"
)

// words are what the program says, in the language of whoever runs it. The
// sentences of this command stand in words_fr.go and words_en.go; those of
// faults are the same as everywhere, in web/locale.
type words struct {
	locale.Language
	own  map[string]string
	help map[string]string
}

// wordsFor chooses the language: CANOT_LANGUAGE, else LC_ALL, LC_MESSAGES or
// LANG when they name one of ours, else French.
func wordsFor(env []string) words {
	for _, name := range []string{"CANOT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"} {
		for _, pair := range env {
			value, found := strings.CutPrefix(pair, name+"=")
			if !found {
				continue
			}
			tag, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(value), "-", "_"), "_")
			tag, _, _ = strings.Cut(tag, ".")
			switch tag {
			case "fr":
				return words{locale.French, french, frenchHelp}
			case "en":
				return words{locale.English, english, englishHelp}
			}
		}
	}
	return words{locale.French, french, frenchHelp}
}

// text fills the sentence of key. A key without a sentence is a mistake that a test finds.
func (w words) text(key string, args ...any) string {
	sentence, ok := w.own[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return sentence
	}
	return fmt.Sprintf(sentence, args...)
}

// fault says what went wrong: each broken rule in its own sentence, or the
// sentence of the fault's code, and for what is no fault the error's own text,
// because whoever runs the program keeps the server.
func (w words) fault(err error) string {
	f := fault.Of(err)
	if f == nil {
		if errors.Is(err, errStopped) {
			return w.text("stopped")
		}
		if said := w.file(err); said != "" {
			return said
		}
		return err.Error()
	}
	var said []string
	for _, v := range f.Violations {
		said = append(said, w.violation(v))
	}
	if len(said) > 0 {
		return strings.Join(said, "\n")
	}
	sentence := w.Say("problem."+f.Code, f.Params)
	if sentence == "" || f.Kind == fault.Internal {
		return err.Error()
	}
	if cause := f.Unwrap(); cause != nil {
		sentence += " (" + cause.Error() + ")"
	}
	return sentence
}

// file says why the system refused a file, "" when the error is of another sort or has no words.
func (w words) file(err error) string {
	var at *fs.PathError
	if !errors.As(err, &at) {
		return ""
	}
	for reason, key := range map[error]string{
		fs.ErrNotExist: "file_not_there", fs.ErrPermission: "file_no_right", syscall.EISDIR: "file_is_folder",
		syscall.ENOTDIR: "file_not_there", syscall.ENOSPC: "file_disk_full",
	} {
		if errors.Is(err, reason) {
			return w.text(key, at.Path)
		}
	}
	return ""
}

// violation says one broken rule; a code without words is shown as it is.
func (w words) violation(v fault.Violation) string {
	if s := w.Say("violation."+v.Code, v.Params); s != "" {
		return s
	}
	return v.Code
}

// printf writes the sentence of key on standard output, and a line end.
func (c *command) printf(key string, args ...any) {
	fmt.Fprintln(c.stdout, c.words.text(key, args...))
}

// errorf writes the sentence of key on standard error, and a line end.
func (c *command) errorf(key string, args ...any) {
	fmt.Fprintln(c.stderr, c.words.text(key, args...))
}
