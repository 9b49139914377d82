package main

import (
	"context"
	"time"

	"canot/migrations"
)

// migrate brings the schema up to date, or says how it stands.
func migrate(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	asJSON := set.Bool("json", false, "")
	args, err := cmd.parse(set, 1, 1)
	if err != nil {
		return err
	}
	if !oneOf(args[0], "up", "status") {
		return usageError(cmd.words.text("bad_arguments", cmd.name))
	}
	nw, err := cmd.open(ctx, *at, opening{create: args[0] == "up"})
	if err != nil {
		return err
	}
	defer nw.close()
	if args[0] == "up" {
		if err := nw.db.Migrate(ctx); err != nil {
			return err
		}
	}
	steps, err := nw.db.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		return cmd.printJSON(map[string]any{"migrations": stepsJSON(steps)})
	}
	for _, s := range steps {
		key := "migration_pending"
		if !s.AppliedAt.IsZero() {
			key = "migration_applied"
		}
		cmd.printf(key, s.Name)
	}
	return nil
}

// stepJSON is one migration, for scripts.
type stepJSON struct {
	Number    int64      `json:"number"`
	Name      string     `json:"name"`
	AppliedAt *time.Time `json:"applied_at"` // null while it is pending
}

// stepsJSON turns the steps into what is printed for scripts.
func stepsJSON(steps []migrations.Step) []stepJSON {
	out := make([]stepJSON, len(steps))
	for i, s := range steps {
		out[i] = stepJSON{Number: s.Number, Name: s.Name}
		if !s.AppliedAt.IsZero() {
			at := s.AppliedAt.UTC()
			out[i].AppliedAt = &at
		}
	}
	return out
}
