package main

import "context"

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
	if err := nw.db.Restore(ctx, in); err != nil {
		return fileError{err}
	}
	cmd.errorf("restore_done")
	return nil
}
