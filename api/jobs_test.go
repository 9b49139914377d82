package api

import (
	"context"
	"testing"

	"canot/internal/database"
)

func TestAJobThatWasGivenUpIsSeenAndTriedAgain(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		ctx := context.Background()
		must(t, n.api.DB.In(ctx, func(tx *database.Tx) error {
			if err := tx.Enqueue(database.Job{Kind: "booking.due", Args: map[string]string{"booking": "x"}, At: tx.Now}); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE jobs SET state = 'given_up', attempts = 10, last_error = 'secret' WHERE kind = 'booking.due'`)
			return err
		}))
		list := n.do("GET", "/api/v1/jobs", "root", "").want(200)
		if len(list.items()) != 1 {
			t.Fatalf("given up: %s", list.body)
		}
		id := list.items()[0].(map[string]any)["id"].(string)
		n.do("POST", "/api/v1/jobs/"+id+"/retry", "anne", "").want(403)
		n.do("POST", "/api/v1/jobs/"+id+"/retry", "root", "", "Idempotency-Key", "again").want(204)
		n.do("POST", "/api/v1/jobs/"+id+"/retry", "root", "", "Idempotency-Key", "again").want(204)
		n.do("POST", "/api/v1/jobs/"+id+"/retry", "root", "").want(404)
		if left := n.do("GET", "/api/v1/jobs", "root", "").want(200).items(); len(left) != 0 {
			t.Errorf("still given up: %v", left)
		}
	})
}
