package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"canot/inventory/hours"
	"canot/migrations"
)

// release is the version that the Makefile puts in; without it the build's own
// information is taken.
var release string

// buildInfo is what the program knows about itself.
type buildInfo struct {
	Version    string `json:"version"`
	Revision   string `json:"revision"`
	Go         string `json:"go"`
	Schema     int64  `json:"schema"`
	ZoneData   string `json:"zone_data"`
	ZoneSource string `json:"zone_source"`
}

// build reads what the program knows about itself.
func build() buildInfo {
	b := buildInfo{Version: release, Go: runtime.Version(), Schema: migrations.Latest()}
	b.ZoneData, b.ZoneSource = hours.ZoneData()
	if info, ok := debug.ReadBuildInfo(); ok {
		if b.Version == "" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
		}
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "dev"
	}
	return b
}

// version prints build, schema and zone data.
func version(_ context.Context, cmd *command) error {
	set := cmd.flags()
	asJSON := set.Bool("json", false, "")
	if _, err := cmd.parse(set, 0, 0); err != nil {
		return err
	}
	b := build()
	if *asJSON {
		return cmd.printJSON(b)
	}
	source := cmd.words.text("zones_" + b.ZoneSource)
	revision := b.Revision
	if revision == "" {
		revision = "–"
	}
	cmd.printf("version", b.Version, revision, b.Go, b.Schema, b.ZoneData, source)
	return nil
}
