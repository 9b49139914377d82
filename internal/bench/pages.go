package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// demoScale is how many times the usual demo network the pages are measured on.
const demoScale = "10"

// A view is a page, and the call for the free time that it shows, or that who stands on
// it asks for next; of says whose that is, and most how many times as long the page may take,
// 0 where that is not bound.
type view struct {
	name, page, call, of string
	most                 float64
}

// pagesOf measures public pages of a large demo network, as a browser asks for them, beside
// the call for their free time (figure 13). Nobody is signed in: what is remembered of who
// asks would help the page as much as the call.
func pagesOf(ctx context.Context, o options, t *table, engine string) error {
	b := &bed{options: o, engine: engine, drop: func() {}, tokens: []string{""}}
	var err error
	if b.dir, err = os.MkdirTemp("", "canot-bench-"); err != nil {
		return err
	}
	defer b.close()
	if b.url, err = b.makeDatabase(ctx); err != nil {
		return err
	}
	program, err := begin(ctx, []string{"demo", "--scale", demoScale, "--no-limits", "--json", "--addr", "127.0.0.1:0", "--database", b.url}, `"accounts"`)
	if err != nil {
		return err
	}
	defer program.end()
	b.addr = strings.TrimPrefix(program.url, "http://")
	views, err := viewsOf(program.url)
	if err != nil {
		return err
	}
	t.section(engine+", the demo network at scale "+demoScale, size{})
	c, err := b.caller(0)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	m, sizes := medians{}, map[string]int64{}
	for range b.rounds {
		for _, v := range views {
			for _, one := range []struct{ path, accept string }{{v.call, ""}, {v.page, "gzip"}} {
				c.accept = one.accept
				p, err := alone(ctx, b.turn/3, nil, func() error {
					status, n, err := c.call("GET", one.path, "", "", "")
					if sizes[one.path] = n; err == nil && status != http.StatusOK {
						err = fmt.Errorf("%s was answered %d", one.path, status)
					}
					return err
				})
				if err != nil {
					return err
				}
				m.add(one.path, p)
			}
		}
	}
	for _, v := range views {
		t.ratio("13", fmt.Sprintf("page %s (%.1f kB gz), p50", v.name, float64(sizes[v.page])/1000), ms(m.took(v.page, 0.5)),
			fmt.Sprintf("free time of %s (%.0f kB)", v.of, float64(sizes[v.call])/1000), ms(m.took(v.call, 0.5)), atMost, v.most, millis)
	}
	return nil
}

// viewsOf are the pages to measure: of the hub that has most, and of the first thing there.
func viewsOf(base string) ([]view, error) {
	now := time.Now().UTC().Truncate(time.Hour)
	call := func(days int, narrow string) string {
		return "/api/v1/availability?" + narrow + "from=" + url.QueryEscape(now.Format(time.RFC3339)) +
			"&to=" + url.QueryEscape(now.AddDate(0, 0, days).Format(time.RFC3339))
	}
	a, err := http.Get(base + call(1, ""))
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	var found struct {
		Items []struct {
			Resource struct{ Slug, Hub string }
		}
	}
	if err := json.NewDecoder(a.Body).Decode(&found); err != nil {
		return nil, err
	}
	resources, hub := map[string][]string{}, ""
	for _, x := range found.Items {
		resources[x.Resource.Hub] = append(resources[x.Resource.Hub], x.Resource.Slug)
		if len(resources[x.Resource.Hub]) > len(resources[hub]) {
			hub = x.Resource.Hub
		}
	}
	if hub == "" {
		return nil, fmt.Errorf("the demo network has no resources")
	}
	resource := resources[hub][0]
	category, err := categoryOf(base, resource)
	if err != nil {
		return nil, err
	}
	atHub := call(1, "hub="+hub+"&")
	return []view{
		{"/", "/", call(1, ""), "everything, 1 day", 3},
		{fmt.Sprintf("/ressources, %d of them", len(found.Items)), "/ressources", call(14, ""), "everything, 14 days", 3},
		{"/ressources?lieu=, the nearest first", "/ressources?lieu=" + hub, call(14, ""), "everything, 14 days", 3},
		// It shows when one resource is free, and finds similar ones among all of its category.
		{"/ressources/:resource", "/ressources/" + resource, call(30, "category="+category+"&"), "its category, 30 days", 3},
		{"/ressources/:resource", "/ressources/" + resource, call(30, "resource="+resource+"&"), "it alone, 30 days", 0},
		{"/lieux/:hub", "/lieux/" + hub, atHub, "the hub, 1 day", 3},
		{"/lieux/:hub/calendrier", "/lieux/" + hub + "/calendrier", atHub, "the hub, 1 day", 3},
	}, nil
}

// categoryOf is the category of a resource.
func categoryOf(base, resource string) (string, error) {
	a, err := http.Get(base + "/api/v1/resources/" + resource)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	var found struct {
		Category string `json:"category_slug"`
	}
	return found.Category, json.NewDecoder(a.Body).Decode(&found)
}
