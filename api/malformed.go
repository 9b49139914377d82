package api

import (
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"canot/internal/fault"
	"canot/web/edge"
)

// huma says what is wrong with a request as English text made from these
// formats. They are replaced by codes with figures, so that the sentence can be
// said in the language asked for. The library keeps them in variables of its
// package, for this very use.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	validation.MsgUnexpectedProperty = "unknown_field"
	validation.MsgExpectedRFC3339DateTime = "bad_time"
	validation.MsgExpectedRFC3339Date = "bad_date"
	validation.MsgExpectedRFC5322Email = "bad_email"
	validation.MsgExpectedBoolean = "wrong_type|expected=boolean"
	validation.MsgExpectedNumber = "wrong_type|expected=number"
	validation.MsgExpectedInteger = "wrong_type|expected=integer"
	validation.MsgExpectedString = "wrong_type|expected=text"
	validation.MsgExpectedArray = "wrong_type|expected=list"
	validation.MsgExpectedObject = "wrong_type|expected=object"
	validation.MsgExpectedOneOf = `bad_value|allowed=%s`
	validation.MsgExpectedMinimumNumber = "too_small|least=%v"
	validation.MsgExpectedMaximumNumber = "too_big|most=%v"
	validation.MsgExpectedMinLength = "text_too_short|least=%d"
	validation.MsgExpectedMaxLength = "text_too_long|max=%d"
	validation.MsgExpectedMinItems = "list_too_short|least=%d"
	validation.MsgExpectedMaxItems = "too_many_items|max=%d"
	validation.MsgExpectedMinProperties = "list_too_short|least=%d"
	validation.MsgExpectedMaxProperties = "too_many_items|max=%d"
	validation.MsgExpectedMatchPattern = "bad_text"
	validation.MsgExpectedBePattern = "bad_text"
	validation.MsgExpectedRequiredProperty = "required|name=%s"

	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError { return &edge.Problem{Status: status} }
	huma.NewErrorWithContext = func(c huma.Context, status int, msg string, errs ...error) huma.StatusError {
		p := edge.Explain(c.Context(), unreadable(status, msg, errs))
		for name, values := range p.GetHeaders() {
			c.SetHeader(name, values[0])
		}
		return p
	}
}

// unreadable says what huma found wrong with a request as a fault.
func unreadable(status int, msg string, errs []error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(errors.Join(errs...), &tooLarge) {
		return tooLarge
	}
	switch {
	case status == http.StatusUnsupportedMediaType:
		return fault.New(fault.Media, "bad_media_type", fault.Params{"media_type": "application/json"})
	case status == http.StatusBadRequest && strings.Contains(msg, "body is required"):
		return malformed(fault.Violation{Code: "empty_body"})
	case status == http.StatusRequestTimeout, errors.Is(errors.Join(errs...), io.ErrUnexpectedEOF):
		return malformed(fault.Violation{Code: "body_cut_short"})
	case status == http.StatusInternalServerError && strings.Contains(msg, "read request body"):
		return malformed(fault.Violation{Code: "body_cut_short"})
	case status >= http.StatusInternalServerError:
		return errors.Join(errs...)
	}
	var broken []fault.Violation
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			broken = append(broken, violationOf(detail))
		}
	}
	slices.SortStableFunc(broken, func(a, b fault.Violation) int {
		return strings.Compare(fieldOf(a), fieldOf(b))
	})
	return malformed(broken...)
}

// malformed is the fault of a request that cannot be read.
func malformed(broken ...fault.Violation) *fault.Error {
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: broken}
}

func fieldOf(v fault.Violation) string {
	field, _ := v.Params["field"].(string)
	return field
}

// violationOf reads a code with its figures back from huma's text.
func violationOf(detail *huma.ErrorDetail) fault.Violation {
	text := strings.TrimPrefix(detail.Message, "invalid value: ")
	parts := strings.Split(text, "|")
	params := fault.Params{"field": placeOf(detail.Location)}
	v := fault.Violation{Code: codeOf(parts[0], params), Params: params}
	for _, figure := range parts[1:] {
		name, value, _ := strings.Cut(figure, "=")
		switch {
		case name == "field" && value != "":
			params["field"] = value
		case name == "name":
			params["field"] = strings.TrimPrefix(fieldOf(v)+"."+value, ".")
		case name == "allowed":
			params[name] = strings.ReplaceAll(value, `"`, "")
		case name != "field":
			params[name] = number(value)
		}
	}
	if v.Code == "bad_json" || v.Code == "bad_utf8" || v.Code == "too_deep" {
		delete(params, "field")
	}
	return v
}

// codeOf knows the texts that huma has no variable for.
func codeOf(text string, params fault.Params) string {
	switch {
	case text == "unknown query parameter":
		return "unknown_parameter"
	case strings.HasPrefix(text, "required "):
		return "required"
	case text == "invalid integer":
		params["expected"] = "integer"
		return "wrong_type"
	case text == "invalid boolean":
		params["expected"] = "boolean"
		return "wrong_type"
	case strings.ContainsAny(text, " :"):
		return "bad_text"
	}
	return text
}

// placeOf takes the part of the request off a location: "body.lines[0].quantity" is "lines.0.quantity".
func placeOf(location string) string {
	for _, part := range []string{"body", "query", "path", "header"} {
		if rest, ok := strings.CutPrefix(location, part); ok && (rest == "" || rest[0] == '.') {
			location = strings.TrimPrefix(rest, ".")
			break
		}
	}
	return cleanField(strings.NewReplacer("[", ".", "]", "").Replace(location))
}

// number makes whole numbers of texts that are.
func number(s string) any {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<53 && f == math.Trunc(f) { // 1e+09, of a bound
		return int(f)
	}
	return s
}
