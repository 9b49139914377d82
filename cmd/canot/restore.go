package main

import (
	"context"
	"time"
)

// restore fills an empty data base from a backup, of the same engine or the other.
func restore(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	args, err := cmd.parse(set, 1, 1)
	if err != nil {
		return err
	}
	in, closeIn, err := cmd.input(args[0])
	if err != nil {
		return err
	}
	defer closeIn()
	nw, err := cmd.open(ctx, *at, opening{create: true, migrate: true, ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	takenAt, err := nw.db.Restore(ctx, in)
	if err != nil {
		return fileError{err}
	}
	cmd.errorf("restore_done")
	// Who was erased since then is back, and nothing in the copy tells who that is.
	cmd.errorf("restore_age", int(nw.db.Now().Sub(takenAt).Hours()/24), takenAt.UTC().Format(time.DateOnly))
	return nil
}
