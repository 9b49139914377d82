package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"canot/internal/fault"
)

// ErrAnswered is returned by Tx.Keep when an answer is already kept under the key.
// Returned from the function given to DB.In, it rolls the transaction back.
var ErrAnswered = errors.New("the request with this key was answered before")

// Keep keeps answer under k, in the same commit as everything else in tx. It does
// nothing for the zero Key, and returns ErrAnswered when there is an answer already:
// a twin of the request was first. While a twin is in flight it waits for it.
func (tx *Tx) Keep(k Key, answer any) error {
	if k == (Key{}) {
		return nil
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	n, err := tx.Exec(`INSERT INTO idempotency_keys (caller, key, hash, answer, created_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, k.Caller, k.Key, k.Hash, string(text), tx.Now)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrAnswered
	}
	return nil
}

// Once gives the same request the same answer, and one effect, however often it is made.
//
// Attempt has its effect in db.In, and calls tx.Keep(k, answer) in that transaction.
// When it succeeds, that is all. When it meets an answer kept before, or an error that
// keep turns into an answer (a refusal, which is an answer like others), the key is looked
// up: if an answer is there, it is returned, and attempt's error forgotten; if it belongs
// to another request (another hash), the fault is Refused, "idempotency_key_reused". If
// none is there, the answer that keep made is kept in a commit of its own, the only trace
// a refusal leaves, and attempt's error is returned. Errors that keep declines are returned
// as they are: a later attempt may do better. Only for Stale the key is looked up before. With the zero Key, Once is attempt.
func Once[A any](ctx context.Context, db *DB, k Key, attempt func() (A, error), keep func(error) (A, bool)) (A, error) {
	answer, err := attempt()
	if err == nil || k == (Key{}) {
		return answer, err
	}
	var none A
	var refusal A
	keepable := false
	if !errors.Is(err, ErrAnswered) {
		if keep != nil {
			refusal, keepable = keep(err)
		}
		// A repeated write that named the version it changed finds another one, its own:
		// that is not the answer it had.
		if !keepable && fault.KindOf(err) != fault.Stale {
			return answer, err
		}
	}
	kept, found, lookErr := lookUp[A](ctx, db, k)
	if lookErr != nil || found {
		return kept, lookErr
	}
	if !keepable && !errors.Is(err, ErrAnswered) {
		return answer, err
	}
	if !keepable {
		// It was there a moment ago and is not now: it was purged in between.
		return none, unavailable(err)
	}
	keepErr := db.In(ctx, func(tx *Tx) error { return tx.Keep(k, refusal) })
	if errors.Is(keepErr, ErrAnswered) { // a twin was quicker, and its answer counts
		kept, found, lookErr = lookUp[A](ctx, db, k)
		if lookErr != nil || found {
			return kept, lookErr
		}
	}
	if keepErr != nil {
		return none, keepErr
	}
	return answer, err
}

// settled is what OnceIn keeps under a key: what the verb gave, or why it refused.
type settled[T any] struct {
	Value T            `json:"value"`
	ID    *T           `json:"ID,omitempty"` // what Value was called where it is an id, in answers that are older
	Fault *fault.Error `json:"fault,omitempty"`
}

// OnceIn runs a verb in a transaction, and keeps what it gives under k in the same commit: the same
// request has the same answer, and one effect, however often it is made. What it gives is kept
// as JSON for some weeks, so it should be an id rather than what belongs to a person. Refusals that another try would get
// again (fault.NotFound, Taken and Refused) are answers too, and kept. Its errors are the verb's, those of
// DB.In, and idempotency_key_reused.
func OnceIn[T any](ctx context.Context, db *DB, k Key, verb func(*Tx) (T, error)) (T, error) {
	got, err := Once(ctx, db, k, func() (settled[T], error) {
		var got settled[T]
		err := db.In(ctx, func(tx *Tx) error {
			value, err := verb(tx)
			if err != nil {
				return err
			}
			got = settled[T]{Value: value}
			return tx.Keep(k, got)
		})
		return got, err
	}, func(err error) (settled[T], bool) {
		switch fault.KindOf(err) {
		case fault.NotFound, fault.Taken, fault.Refused:
			return settled[T]{Fault: fault.Of(err)}, true
		}
		return settled[T]{}, false
	})
	switch {
	case err == nil && got.Fault != nil:
		err = got.Fault
	case got.ID != nil:
		return *got.ID, err
	}
	return got.Value, err
}

// lookUp returns the answer kept under k, if there is one and it is of the same request.
func lookUp[A any](ctx context.Context, db *DB, k Key) (answer A, found bool, err error) {
	var row struct {
		Hash   string `db:"hash"`
		Answer string `db:"answer"`
	}
	err = db.Reader(ctx).Get(&row, "SELECT hash, answer FROM idempotency_keys WHERE caller = $1 AND key = $2", k.Caller, k.Key)
	switch {
	case errors.Is(err, ErrNoRows):
		return answer, false, nil
	case err != nil:
		return answer, false, err
	case row.Hash != k.Hash:
		return answer, false, fault.New(fault.Refused, "idempotency_key_reused", nil)
	}
	if err := json.Unmarshal([]byte(row.Answer), &answer); err != nil {
		return answer, false, fmt.Errorf("kept answer: %w", err)
	}
	return answer, true, nil
}

// PurgeAnswers forgets the answers kept before an instant. Nobody should pass one that
// is less than thirty days ago: a caller may retry for so long.
func (db *DB) PurgeAnswers(ctx context.Context, before time.Time) error {
	return db.In(ctx, func(tx *Tx) error {
		_, err := tx.Exec("DELETE FROM idempotency_keys WHERE created_at < $1", before)
		return err
	})
}
