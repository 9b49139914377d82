package database_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"canot/internal/database"
	"canot/internal/database/dbtest"
)

// BenchmarkWriters has callers that work a little between their transactions, as the
// handlers of requests do, and tells how many share a durable commit.
func BenchmarkWriters(b *testing.B) {
	for _, writers := range []int{1, 2, 16, 64} {
		for _, synchronous := range []string{"FULL", "NORMAL"} {
			b.Run(fmt.Sprintf("%d/%s", writers, synchronous), func(b *testing.B) {
				url := dbtest.URL(b, "sqlite")
				if synchronous == "NORMAL" {
					url += "?synchronous=NORMAL"
				}
				db := dbtest.Reopen(b, database.Settings{URL: url})
				before := db.Commits()
				var left atomic.Int64
				left.Store(int64(b.N))
				var all sync.WaitGroup
				b.ResetTimer()
				for range writers {
					all.Go(func() {
						for left.Add(-1) >= 0 {
							think(300 * time.Microsecond)
							if err := db.In(context.Background(), severalWrites); err != nil {
								b.Error(err)
							}
						}
					})
				}
				all.Wait()
				after := db.Commits()
				b.ReportMetric(float64(after.Transactions-before.Transactions)/float64(after.Commits-before.Commits), "tx/commit")
			})
		}
	}
}

func think(d time.Duration) {
	sum := sha256.Sum256(nil)
	for start := time.Now(); time.Since(start) < d; {
		sum = sha256.Sum256(sum[:])
	}
}

func severalWrites(tx *database.Tx) error {
	for range 3 {
		if err := addRegion(tx, database.NewID()); err != nil {
			return err
		}
	}
	return tx.Record(database.Change{By: "mem", Action: "x", Kind: "y", Subject: "z"})
}
