package main

import (
	"context"
	"io"
)

// exportRows writes the rows of one kind as CSV or JSON.
func exportRows(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	format := set.String("format", "csv", "")
	out := set.String("out", "-", "")
	force := set.Bool("force", false, "")
	args, err := cmd.parse(set, 1, 1)
	if err != nil {
		return err
	}
	if !oneOf(args[0], "hubs", "resources", "units", "components", "members", "bookings") {
		return usageError(cmd.words.text("bad_kind", args[0]))
	}
	if !oneOf(*format, "csv", "json") {
		return usageError(cmd.words.text("bad_format", *format))
	}
	nw, err := cmd.open(ctx, *at, opening{ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	return cmd.output(*out, *force, func(w io.Writer) error { return nw.export(ctx, w, args[0], *format) })
}

// export writes the rows of a kind.
func (n *network) export(ctx context.Context, w io.Writer, kind, format string) error {
	switch kind {
	case "members":
		return n.exportMembers(ctx, w, format)
	case "bookings":
		return n.exportBookings(ctx, w, format)
	}
	return n.catalog.Export(ctx, w, kind, format)
}
