package main

import (
	"context"
	"io"
)

// backup writes a consistent copy of the whole data base, while it is in use.
func backup(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	force := set.Bool("force", false, "")
	args, err := cmd.parse(set, 1, 1)
	if err != nil {
		return err
	}
	if args[0] == "-" && isTerminal(cmd.stdout) {
		return usageError(cmd.words.text("binary_to_terminal"))
	}
	nw, err := cmd.open(ctx, *at, opening{ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	err = cmd.output(args[0], *force, func(w io.Writer) error { return nw.db.Backup(ctx, w) })
	if err == nil {
		cmd.errorf("backup_done", args[0])
	}
	return err
}
