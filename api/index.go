package api

import (
	"context"
	"reflect"
	"strconv"

	"canot/inventory/hours"
	"canot/web/edge"
)

// index is the door of the API.
type index struct {
	Name     string            `json:"name"`
	Version  string            `json:"version"`
	ZoneData zoneData          `json:"zone_data" doc:"The time zone rules in use"`
	Links    map[string]string `json:"links"`
}

type zoneData struct {
	Version string `json:"version" example:"2026f"`
	Source  string `json:"source" enum:"embedded,system"`
}

func (a *API) indexRoutes() {
	register(a, operation{id: "getIndex", call: "GET /", tag: "About", summary: "Read what this is", scope: public}, a.indexRead)
}

func (a *API) indexRead(context.Context, *struct{}) (*answer[index], error) {
	version, source := hours.ZoneData()
	return &answer[index]{index{
		Name: "Canot", Version: a.Version, ZoneData: zoneData{version, source},
		Links: map[string]string{
			"openapi": prefix + "/openapi.json", "docs": prefix + "/docs", "hubs": prefix + "/hubs",
			"resources": prefix + "/resources", "availability": prefix + "/availability", "bookings": prefix + "/bookings",
			"calendar": "/calendars/network.ics",
		},
	}}, nil
}

var problemType = reflect.TypeFor[edge.Problem]()

func statusText(code int) string { return strconv.Itoa(code) }
