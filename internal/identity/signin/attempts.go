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
// passwords and codes count what is wrong only, and never stop a link or a passkey, so guessing locks
// nobody out of their account. Those of second factors are by source first: who has somebody's
// password must not keep them from their second step.
var (
	asksFromSource  = limit{"ask.source", 60, 15 * time.Minute}
	asksThere       = limit{"ask.address.source", 5, 15 * time.Minute}
	asksOfAddress   = limit{"ask.address", 20, time.Hour}
	lettersInFlood  = limit{"ask.address.flood", 1, 5 * time.Minute}
	codesFromSource = limit{"code.source", 60, 15 * time.Minute}
	codesOfAddress  = limit{"code.address", 30, 24 * time.Hour}
	passwordsFrom   = limit{"password.source", 60, 15 * time.Minute}
	passwordsThere  = limit{"password.address.source", 10, 15 * time.Minute}
	passwordsOf     = limit{"password.address", 1000, 24 * time.Hour}
	passwordsAsked  = limit{"password.member", 10, 15 * time.Minute}
	factorsThere    = limit{"factor.member.source", 5, 15 * time.Minute}
	factorsOf       = limit{"factor.member", 50, 24 * time.Hour}
	recoveriesThere = limit{"recovery.member.source", 5, 15 * time.Minute}
	recoveriesOf    = limit{"recovery.member", 50, 24 * time.Hour}
	wrongFactors    = limit{"factor.wrong", 5, 24 * time.Hour}
	ceremoniesFrom  = limit{"ceremony.source", 60, 15 * time.Minute}
	keptFrom        = limit{"kept.source", 300, 15 * time.Minute}
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

// A tallied try is one that was counted.
type tallied struct {
	try
	Count  int64     `db:"count"`
	EndsAt time.Time `db:"ends_at"`
}

// over reports whether it was one too many.
func (t tallied) over() bool { return t.Count > t.most }

// slowDown tells when to come back.
func (t tallied) slowDown(tx *database.Tx) error {
	f := fault.New(fault.TooMany, "slow_down", nil)
	f.RetryAfter = max(t.EndsAt.Sub(tx.Now), time.Second)
	return f
}

// tally counts tries and returns how often each was made. Buckets are written in one order by
// everybody, so that nobody waits in a circle.
func tally(tx *database.Tx, tries ...try) ([]tallied, error) {
	slices.SortFunc(tries, func(a, b try) int { return strings.Compare(a.bucket, b.bucket) })
	counted := make([]tallied, len(tries))
	for i, t := range tries {
		counted[i].try = t
		err := tx.Get(&counted[i], `INSERT INTO attempts (bucket, count, ends_at) VALUES ($1, 1, $2)
			ON CONFLICT (bucket) DO UPDATE SET
				count = CASE WHEN attempts.ends_at <= $3 THEN 1 ELSE attempts.count + 1 END,
				ends_at = CASE WHEN attempts.ends_at <= $3 THEN $2 ELSE attempts.ends_at END
			RETURNING count, ends_at`, t.bucket, tx.Now.Add(t.per), tx.Now)
		if err != nil {
			return nil, err
		}
	}
	return counted, nil
}

// count counts tries. One too many is TooMany, slow_down, which tells when to come back; the
// transaction that it undoes leaves the counts as they were.
func count(tx *database.Tx, tries ...try) error {
	counted, err := tally(tx, tries...)
	if err != nil {
		return err
	}
	for _, t := range counted {
		if t.over() {
			return t.slowDown(tx)
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

// uncount takes back one try of each, that was right: only wrong ones count towards a limit that
// others could reach in somebody's name.
func uncount(tx *database.Tx, tries ...try) error {
	for _, t := range tries {
		if _, err := tx.Exec(`UPDATE attempts SET count = count - 1 WHERE bucket = $1 AND count > 0`, t.bucket); err != nil {
			return err
		}
	}
	return nil
}
