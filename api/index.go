package api

import (
	"context"
	"reflect"
	"strconv"

	"canot/inventory/hours"
	"canot/web/edge"
)

// about opens the OpenAPI document.
const about = `Canot is a network of shared places: hubs with spaces, machines, equipment to borrow and people to guide, booked without conflicts.

Reading hubs, resources, opening hours and availability needs no token. Everything else does, in the header ` + "`Authorization: Bearer`" + `.

Instants are RFC 3339, written in UTC and read with any offset; one without an offset is refused. Texts are maps by language. Hubs and resources are named by id or by slug.
Errors are RFC 9457 problems with a stable ` + "`code`" + `, in French, or in English with ` + "`Accept-Language: en`" + `.
Writes take an ` + "`Idempotency-Key`" + `; updates take ` + "`If-Match`" + ` with the ETag of the read.`

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
