package main

import (
	"context"

	"canot/booking"
)

// check verifies the invariants on the data at rest and fails when a row breaks
// one. It reads only.
func check(ctx context.Context, cmd *command) error {
	set := cmd.flags()
	at := cmd.databaseFlag(set)
	asJSON := set.Bool("json", false, "")
	if _, err := cmd.parse(set, 0, 0); err != nil {
		return err
	}
	nw, err := cmd.open(ctx, *at, opening{ready: true})
	if err != nil {
		return err
	}
	defer nw.close()
	findings, err := nw.book.Check(ctx)
	if err != nil {
		return err
	}
	policies, err := nw.catalog.Check(ctx)
	if err != nil {
		return err
	}
	for _, f := range policies {
		findings = append(findings, booking.Finding{Invariant: 5, Code: f.Code, Subject: f.Subject, Detail: f.Detail})
	}
	standings, err := nw.roster.Check(ctx)
	if err != nil {
		return err
	}
	shelves, err := nw.stock.Check(ctx)
	if err != nil {
		return err
	}
	for _, f := range shelves {
		findings = append(findings, booking.Finding{Invariant: 5, Code: f.Code, Subject: f.Subject, Detail: f.Detail})
	}
	for _, f := range standings {
		findings = append(findings, booking.Finding{Invariant: 5, Code: f.Code, Subject: f.Subject, Detail: f.Detail})
	}
	if *asJSON {
		if findings == nil {
			findings = []booking.Finding{}
		}
		err = cmd.printJSON(map[string]any{"ok": len(findings) == 0, "findings": findings})
	} else {
		cmd.printFindings(findings)
	}
	if err == nil && len(findings) > 0 {
		return alreadySaid{}
	}
	return err
}

// printFindings says which row breaks what.
func (c *command) printFindings(findings []booking.Finding) {
	for _, f := range findings {
		c.printf("check_finding", f.Invariant, f.Code, f.Subject+" "+f.Detail)
	}
	if len(findings) > 0 {
		c.printf("check_failed", len(findings))
		return
	}
	c.printf("check_clean")
}
