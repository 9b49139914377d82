package signin

import (
	"context"
	"slices"
	"strings"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
)

// A limit is how often something may be tried within a time. What is counted is kept as a hash: the
// table holds neither addresses nor names.
type limit struct {
	what string
	most int64
	per  time.Duration
}

// The limits. Those by source are wide enough for a room of people behind one address. Those of
// passwords never stop a link or a passkey, so guessing locks nobody out of their account.
var (
	asksFromSource  = limit{"ask.source", 60, 15 * time.Minute}
	asksThere       = limit{"ask.address.source", 5, 15 * time.Minute}
	asksOfAddress   = limit{"ask.address", 20, time.Hour}
	codesFromSource = limit{"code.source", 60, 15 * time.Minute}
	passwordsFrom   = limit{"password.source", 60, 15 * time.Minute}
	passwordsThere  = limit{"password.address.source", 10, 15 * time.Minute}
	passwordsOf     = limit{"password.address", 100, 24 * time.Hour}
	passwordsAsked  = limit{"password.member", 10, 15 * time.Minute}
	factorsOf       = limit{"factor.member", 5, 15 * time.Minute}
	ceremoniesFrom  = limit{"ceremony.source", 60, 15 * time.Minute}
	newAddressesOf  = limit{"address.member", 5, time.Hour}
)

// A try is one thing to count.
type try struct {
	limit
	bucket string
}

// of is a try of somebody or something, named by one or more texts.
func (l limit) of(who ...string) try {
	return try{l, hashOf("attempts."+l.what, strings.Join(who, "\x00"))}
}

// count counts tries. One too many is TooMany, slow_down, which tells when to come back; the
// transaction that it undoes leaves the counts as they were. Buckets are written in one order by
// everybody, so that nobody waits in a circle.
func count(tx *database.Tx, tries ...try) error {
	slices.SortFunc(tries, func(a, b try) int { return strings.Compare(a.bucket, b.bucket) })
	for _, t := range tries {
		var row struct {
			Count  int64     `db:"count"`
			EndsAt time.Time `db:"ends_at"`
		}
		err := tx.Get(&row, `INSERT INTO attempts (bucket, count, ends_at) VALUES ($1, 1, $2)
			ON CONFLICT (bucket) DO UPDATE SET
				count = CASE WHEN attempts.ends_at <= $3 THEN 1 ELSE attempts.count + 1 END,
				ends_at = CASE WHEN attempts.ends_at <= $3 THEN $2 ELSE attempts.ends_at END
			RETURNING count, ends_at`, t.bucket, tx.Now.Add(t.per), tx.Now)
		if err != nil {
			return err
		}
		if row.Count > t.most {
			f := fault.New(fault.TooMany, "slow_down", nil)
			f.RetryAfter = max(row.EndsAt.Sub(tx.Now), time.Second)
			return f
		}
	}
	return nil
}

// countFirst counts in a commit of its own, before the work that is guessed at begins: of many
// guesses at once no more get through than one after the other.
func (g *Gate) countFirst(ctx context.Context, tries ...try) error {
	return g.db.In(ctx, func(tx *database.Tx) error { return count(tx, tries...) })
}

// forgive forgets tries, after one that was right.
func forgive(tx *database.Tx, tries ...try) error {
	for _, t := range tries {
		if _, err := tx.Exec(`DELETE FROM attempts WHERE bucket = $1`, t.bucket); err != nil {
			return err
		}
	}
	return nil
}
