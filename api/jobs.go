package api

import (
	"context"
	"encoding/json"

	"canot/internal/database"
	"canot/internal/identity"
)

// givenUp is a job that failed so often that nobody tries it any more, on the wire.
type givenUp struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind" example:"booking.due"`
	Args      json.RawMessage `json:"args" doc:"What it is about, by id"`
	Attempts  int64           `json:"attempts"`
	RunAt     Instant         `json:"run_at" doc:"When it was last tried"`
	CreatedAt Instant         `json:"created_at"`
}

func wireGivenUp(j database.GivenUp) givenUp {
	return givenUp{ID: j.ID, Kind: j.Kind, Args: json.RawMessage(j.Args), Attempts: j.Attempts,
		RunAt: instant(j.RunAt), CreatedAt: instant(j.CreatedAt)}
}

func (a *API) jobRoutes() {
	const tag = "Network"
	register(a, operation{id: "listJobs", call: "GET /jobs", tag: tag, summary: "List the jobs that were given up", scope: admin,
		doc: "Work that the server does by itself, and that failed ten times. Why is in the server's log."}, a.jobList)
	register(a, operation{id: "retryJob", call: "POST /jobs/{id}/retry", tag: tag, summary: "Have a job tried again", scope: admin, status: 204}, a.jobRetry)
}

type jobListInput struct{ Paging }

var jobs = whole[database.GivenUp]{"jobs", func(j database.GivenUp) string { return soonest(j.RunAt, j.ID) }}

func (a *API) jobList(ctx context.Context, in *jobListInput) (*answer[page[givenUp]], error) {
	if err := administers(ctx); err != nil {
		return nil, err
	}
	list, err := a.DB.GivenUp(ctx)
	if err != nil {
		return nil, err
	}
	return paged(jobs, list, in.Paging, wireGivenUp)
}

type jobRetryInput struct {
	ID string `path:"id"`
	Once
}

func (a *API) jobRetry(ctx context.Context, in *jobRetryInput) (*struct{}, error) {
	if err := administers(ctx); err != nil {
		return nil, err
	}
	return &struct{}{}, a.DB.TryAgain(ctx, actor(ctx).ID, in.ID, keyOf(ctx))
}

// administers refuses who does not administer the network.
func administers(ctx context.Context) error {
	if actor(ctx).May(identity.ManageNetwork, "", "") {
		return nil
	}
	return identity.Denied(actor(ctx))
}
