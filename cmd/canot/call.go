package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"canot/internal/fault"
	"canot/internal/identity"
	"canot/web/edge"
)

// apiPrefix is where the API lives; a path may leave it out.
const apiPrefix = "/api/v1"

// call runs one operation of the API in this process, over the data base alone: by it the command
// line reaches everything that a server would answer. Whoever keeps the data base speaks as an
// administrator, or as the person that --as names.
func call(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	as := set.String("as", "", "")
	key := set.String("key", "", "")
	ifMatch := set.String("if-match", "", "")
	mediaType := set.String("type", "application/json", "")
	args, err := cmd.parse(set, 2, 3)
	if err != nil {
		return err
	}
	request, err := cmd.apiRequest(args, *mediaType)
	if err != nil {
		return err
	}
	if *key != "" {
		request.Header.Set("Idempotency-Key", *key)
	}
	if *ifMatch != "" {
		request.Header.Set("If-Match", *ifMatch)
	}
	nw, err := cmd.open(ctx, *at, opening{ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	who := identity.System
	if *as != "" {
		if who, err = nw.speaker(ctx, cmd, *as); err != nil {
			return err
		}
	}
	cfg, err := cmd.config(*at)
	if err != nil {
		return err
	}
	cfg.Limits = false
	var got caught
	nw.handler(cfg).ServeHTTP(&got, request.WithContext(edge.Within(ctx, who)))
	return cmd.showAnswer(&got)
}

// apiRequest makes the request of METHOD PATH [BODY]; the body "-" is standard input.
func (c *command) apiRequest(args []string, mediaType string) (*http.Request, error) {
	method, path := strings.ToUpper(args[0]), args[1]
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if path != apiPrefix && !strings.HasPrefix(path, apiPrefix+"/") {
		path = apiPrefix + strings.TrimSuffix(path, "/")
	}
	var body []byte
	if len(args) == 3 {
		body = []byte(args[2])
		if args[2] == "-" {
			read, err := io.ReadAll(c.stdin)
			if err != nil {
				return nil, err
			}
			body = read
		}
	}
	request, err := http.NewRequest(method, path, bytes.NewReader(body))
	if err != nil {
		return nil, usageError(c.words.text("bad_call", args[0], args[1]))
	}
	request.RemoteAddr = "127.0.0.1:0" // nobody is nearer
	request.Header.Set("Accept-Language", c.words.Tag())
	if len(body) > 0 {
		request.Header.Set("Content-Type", mediaType)
	}
	return request, nil
}

// speaker is the person with that address or identifier, with the roles that they have now.
func (n *network) speaker(ctx context.Context, cmd *command, key string) (identity.Actor, error) {
	m, err := n.member(ctx, cmd, key)
	if err != nil {
		return identity.Actor{}, err
	}
	if !m.Active {
		return identity.Actor{}, fault.New(fault.Refused, "member_inactive", nil)
	}
	grants, err := n.directory.Grants(ctx, n.db.Reader(ctx), m.ID)
	return identity.Actor{ID: m.ID, Language: m.Language, Grants: grants}, err
}

// showAnswer prints what the API answered. A problem goes to standard output as JSON too, for
// scripts, and its words to standard error; the exit code is that of its kind: 2 for a request that
// cannot be read or is none, 1 for all others.
func (c *command) showAnswer(got *caught) error {
	if body := got.body.Bytes(); len(body) > 0 {
		if !bytes.HasSuffix(body, []byte("\n")) {
			body = append(body, '\n')
		}
		if _, err := c.stdout.Write(body); err != nil {
			return err
		}
	}
	if got.status() < 400 {
		return nil
	}
	var problem edge.Problem
	if err := json.Unmarshal(got.body.Bytes(), &problem); err != nil {
		return err
	}
	said := []string{cmp.Or(problem.Detail, problem.Title, problem.Code)}
	for _, v := range problem.Violations {
		said = append(said, v.Message)
	}
	err := errors.New(strings.Join(said, "\n"))
	switch got.status() {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return usageError(err.Error())
	}
	return err
}

// caught is an answer kept in memory.
type caught struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

// Header returns the headers of the answer.
func (w *caught) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

// WriteHeader keeps the status; the first counts.
func (w *caught) WriteHeader(code int) { w.code = cmp.Or(w.code, code) }

// Write keeps a part of the body.
func (w *caught) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *caught) status() int { return cmp.Or(w.code, http.StatusOK) }
