package api

import (
	"context"

	"canot/internal/database"
	"canot/internal/identity"
	"canot/inventory"
	"canot/web/edge"
)

// named is a region or a category on the wire.
type named struct {
	ID      string            `json:"id"`
	Slug    string            `json:"slug"`
	Name    map[string]string `json:"name"`
	Version int64             `json:"version"`
}

// operator is a legal person behind hubs, on the wire: what an invoice shows anyway.
type operator struct {
	ID         string            `json:"id"`
	Slug       string            `json:"slug"`
	LegalName  string            `json:"legal_name"`
	Address    string            `json:"address"`
	Email      string            `json:"email"`
	Phone      string            `json:"phone"`
	TaxNumbers map[string]string `json:"tax_numbers"`
	Privacy    contact           `json:"privacy" doc:"The person in charge of personal data"`
	Version    int64             `json:"version"`
}

// contact is the person in charge of personal data at an operator, whom the law wants
// named in public.
type contact struct {
	Name  string `json:"name" doc:"Empty until the operator has named somebody"`
	Email string `json:"email"`
	Phone string `json:"phone"`
}

// personInCharge is a contact with the operator that answers for it.
type personInCharge struct {
	Operator  string `json:"operator" doc:"Its id"`
	LegalName string `json:"legal_name"`
	Name      string `json:"name" doc:"Empty until the operator has named somebody"`
	Email     string `json:"email"`
	Phone     string `json:"phone"`
}

// tagCount is a tag and how many resources carry it.
type tagCount struct {
	Tag       string `json:"tag"`
	Resources int    `json:"resources"`
}

func wireRegion(r inventory.Region) named { return named{r.ID, r.Slug, textOrEmpty(r.Name), r.Version} }

func wireCategory(c inventory.Category) named {
	return named{c.ID, c.Slug, textOrEmpty(c.Name), c.Version}
}

func wireOperator(o inventory.Operator) operator {
	out := operator{o.ID, o.Slug, o.LegalName, o.Address, o.Email, o.Phone, o.TaxNumbers, contact(o.Privacy), o.Version}
	if out.TaxNumbers == nil {
		out.TaxNumbers = map[string]string{}
	}
	return out
}

func wirePersonInCharge(o inventory.Operator) personInCharge {
	return personInCharge{o.ID, o.LegalName, o.Privacy.Name, o.Privacy.Email, o.Privacy.Phone}
}

func (a *API) networkRoutes() {
	const tag = "Network"
	c := a.Catalog
	register(a, operation{id: "listRegions", call: "GET /regions", tag: tag, summary: "List regions", scope: public},
		listAll(c.Regions, whole[inventory.Region]{"regions", func(r inventory.Region) string { return r.Slug }}, wireRegion))
	register(a, operation{id: "getRegion", call: "GET /regions/{id}", tag: tag, summary: "Read a region", scope: public}, readNamed(c.Region, wireRegion))
	register(a, operation{id: "createRegion", call: "POST /regions", tag: tag, summary: "Add a region", scope: admin, status: 201}, createNamed("/regions/", c.CreateRegion, wireRegion))
	register(a, operation{id: "updateRegion", call: "PATCH /regions/{id}", tag: tag, summary: "Change a region", scope: admin, fails: []int{412}}, updateNamed(c.Region, c.UpdateRegion, wireRegion))
	register(a, operation{id: "listCategories", call: "GET /categories", tag: tag, summary: "List categories", scope: public},
		listAll(c.Categories, whole[inventory.Category]{"categories", func(x inventory.Category) string { return x.Slug }}, wireCategory))
	register(a, operation{id: "getCategory", call: "GET /categories/{id}", tag: tag, summary: "Read a category", scope: public}, readNamed(c.Category, wireCategory))
	register(a, operation{id: "createCategory", call: "POST /categories", tag: tag, summary: "Add a category", scope: admin, status: 201}, createNamed("/categories/", c.CreateCategory, wireCategory))
	register(a, operation{id: "updateCategory", call: "PATCH /categories/{id}", tag: tag, summary: "Change a category", scope: admin, fails: []int{412}}, updateNamed(c.Category, c.UpdateCategory, wireCategory))
	register(a, operation{id: "listTags", call: "GET /tags", tag: tag, summary: "List tags", scope: public},
		listAll(c.Tags, whole[inventory.Tag]{"tags", func(t inventory.Tag) string { return t.Tag }}, func(t inventory.Tag) tagCount { return tagCount{t.Tag, t.Resources} }))
	register(a, operation{id: "listOperators", call: "GET /operators", tag: tag, summary: "List operators", scope: public},
		listAll(c.Operators, whole[inventory.Operator]{"operators", func(o inventory.Operator) string { return o.Slug }}, wireOperator))
	register(a, operation{id: "getOperator", call: "GET /operators/{id}", tag: tag, summary: "Read an operator", scope: public}, a.operatorRead)
	register(a, operation{id: "createOperator", call: "POST /operators", tag: tag, summary: "Add an operator", scope: admin, status: 201}, a.operatorCreate)
	register(a, operation{id: "updateOperator", call: "PATCH /operators/{id}", tag: tag, summary: "Change an operator", scope: admin, fails: []int{412}}, a.operatorUpdate)
	register(a, operation{id: "listPersonsInCharge", call: "GET /privacy", tag: "Privacy", summary: "List who is in charge of personal data, by operator", scope: public},
		listAll(c.Operators, whole[inventory.Operator]{"privacy", func(o inventory.Operator) string { return o.Slug }}, wirePersonInCharge))
}

type pageInput struct{ Paging }

// listAll serves a list that is short by nature and read whole.
func listAll[From, T any](list func(context.Context) ([]From, error), w whole[From], wire func(From) T) func(context.Context, *pageInput) (*answer[page[T]], error) {
	return func(ctx context.Context, in *pageInput) (*answer[page[T]], error) {
		items, err := list(ctx)
		if err != nil {
			return nil, err
		}
		return paged(w, items, in.Paging, wire)
	}
}

func taggedNamed(n named) *tagged[named] {
	return &tagged[named]{Status: 200, ETag: edge.Tag(n.Version), Body: n}
}

func readNamed[From any](find func(context.Context, string) (From, error), wire func(From) named) func(context.Context, *hubReadInput) (*tagged[named], error) {
	return func(ctx context.Context, in *hubReadInput) (*tagged[named], error) {
		x, err := find(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := taggedNamed(wire(x))
		out.Status = in.answer(out.ETag)
		return out, nil
	}
}

// namedEdits is what may be written of a region or a category.
type namedEdits struct {
	Slug Edit[string]            `json:"slug,omitempty" doc:"Made from the name when left out"`
	Name Edit[map[string]string] `json:"name,omitempty"`
}

type namedCreateInput struct {
	Once
	Body namedEdits
}

func createNamed[From any](at string, create func(context.Context, identity.Actor, inventory.NamedEdits, database.Key) (From, error), wire func(From) named) func(context.Context, *namedCreateInput) (*made[named], error) {
	return func(ctx context.Context, in *namedCreateInput) (*made[named], error) {
		x, err := create(ctx, actor(ctx), inventory.NamedEdits{Slug: in.Body.Slug.ptr(), Name: textPtr(in.Body.Name.ptr())}, keyOf(ctx))
		if err != nil {
			return nil, err
		}
		n := wire(x)
		return &made[named]{Location: prefix + at + n.ID, ETag: edge.Tag(n.Version), Body: n}, nil
	}
}

type namedUpdateInput struct {
	Keyed
	Once
	Matching
	Body namedEdits
}

func updateNamed[From any](find func(context.Context, string) (From, error), update func(context.Context, identity.Actor, string, inventory.NamedEdits, database.Key) (From, error), wire func(From) named) func(context.Context, *namedUpdateInput) (*tagged[named], error) {
	return func(ctx context.Context, in *namedUpdateInput) (*tagged[named], error) {
		version, err := in.version(func() (int64, error) {
			x, err := find(ctx, in.ID)
			return wire(x).Version, err
		})
		if err != nil {
			return nil, err
		}
		e := inventory.NamedEdits{IfVersion: version, Slug: in.Body.Slug.ptr(), Name: textPtr(in.Body.Name.ptr())}
		x, err := update(ctx, actor(ctx), in.ID, e, keyOf(ctx))
		if err != nil {
			return nil, err
		}
		return taggedNamed(wire(x)), nil
	}
}

func taggedOperator(o inventory.Operator) *tagged[operator] {
	return &tagged[operator]{Status: 200, ETag: edge.Tag(o.Version), Body: wireOperator(o)}
}

func (a *API) operatorRead(ctx context.Context, in *hubReadInput) (*tagged[operator], error) {
	o, err := a.Catalog.Operator(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := taggedOperator(o)
	out.Status = in.answer(out.ETag)
	return out, nil
}

// operatorEdits is what may be written of an operator.
type operatorEdits struct {
	Slug       Edit[string]            `json:"slug,omitempty" doc:"Made from the name when left out"`
	LegalName  Edit[string]            `json:"legal_name,omitempty"`
	Address    Edit[string]            `json:"address,omitempty"`
	Email      Edit[string]            `json:"email,omitempty"`
	Phone      Edit[string]            `json:"phone,omitempty"`
	TaxNumbers Edit[map[string]string] `json:"tax_numbers,omitempty"`
	Privacy    contactEdits            `json:"privacy,omitempty"`
}

type contactEdits struct {
	Name  Edit[string] `json:"name,omitempty"`
	Email Edit[string] `json:"email,omitempty"`
	Phone Edit[string] `json:"phone,omitempty"`
}

func (e *operatorEdits) edits(version int64) inventory.OperatorEdits {
	return inventory.OperatorEdits{
		IfVersion: version, Slug: e.Slug.ptr(), LegalName: e.LegalName.ptr(), Address: e.Address.ptr(),
		Email: e.Email.ptr(), Phone: e.Phone.ptr(), TaxNumbers: e.TaxNumbers.ptr(),
		PrivacyName: e.Privacy.Name.ptr(), PrivacyEmail: e.Privacy.Email.ptr(), PrivacyPhone: e.Privacy.Phone.ptr(),
	}
}

type operatorCreateInput struct {
	Once
	Body operatorEdits
}

func (a *API) operatorCreate(ctx context.Context, in *operatorCreateInput) (*made[operator], error) {
	o, err := a.Catalog.CreateOperator(ctx, actor(ctx), in.Body.edits(0), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return &made[operator]{Location: prefix + "/operators/" + o.ID, ETag: edge.Tag(o.Version), Body: wireOperator(o)}, nil
}

type operatorUpdateInput struct {
	Keyed
	Once
	Matching
	Body operatorEdits
}

func (a *API) operatorUpdate(ctx context.Context, in *operatorUpdateInput) (*tagged[operator], error) {
	version, err := in.version(func() (int64, error) {
		o, err := a.Catalog.Operator(ctx, in.ID)
		return o.Version, err
	})
	if err != nil {
		return nil, err
	}
	o, err := a.Catalog.UpdateOperator(ctx, actor(ctx), in.ID, in.Body.edits(version), keyOf(ctx))
	if err != nil {
		return nil, err
	}
	return taggedOperator(o), nil
}
