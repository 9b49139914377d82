package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"canot/internal/fault"
)

// Bounds of a file of members or bookings.
const (
	maxSheet     = 20 << 20 // bytes
	maxSheetRows = 50_000
	maxCell      = 10_000 // bytes
)

// A sheetRow is one row of a spreadsheet, by column.
type sheetRow struct {
	line  int
	cells map[string]string
	wrong []fault.Violation // what cannot be read of it
}

// frenchColumns are the names that a spreadsheet in French gives to columns.
var frenchColumns = map[string]string{
	"nom": "name", "courriel": "email", "langue": "language", "téléphone": "phone", "telephone": "phone", "date_de_naissance": "birth_date",
	"clientèle": "clientele", "forfait": "tier", "adhésion_du": "membership_from", "adhésion_au": "membership_until", "secteur": "sector",
	"référence": "reference", "ressource": "resource", "ressources": "resources", "quantité": "quantity", "membre": "member",
	"début": "starts_at", "debut": "starts_at", "fin": "ends_at", "titre": "title", "statut": "status", "personnes": "attendance",
	"organisme": "organisation", "visibilité": "visibility", "créée_le": "created_at",
}

// columnName is the name of a column as the importers know it.
func columnName(s string) string {
	s = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), " ", "_")
	if known, ok := frenchColumns[s]; ok {
		return known
	}
	return s
}

// readText decodes a file: UTF-8 with or without a byte order mark, else Windows-1252, which
// spreadsheets of this country still write.
func readText(content []byte) ([]byte, error) {
	if len(content) > maxSheet {
		return nil, fault.New(fault.TooLarge, "too_large", fault.Params{"most": maxSheet, "max_bytes": maxSheet})
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if utf8.Valid(content) {
		return content, nil
	}
	return charmap.Windows1252.NewDecoder().Bytes(content)
}

// readSheet reads a CSV file, with commas, semicolons or tabs, or a JSON list of flat objects. What is
// wrong with the file as a whole is Malformed and names the line or the column; what is wrong with one
// row stands on that row.
func readSheet(content []byte, columns []string, required ...string) ([]sheetRow, error) {
	text, err := readText(content)
	if err != nil {
		return nil, err
	}
	if isJSON(text) {
		return readObjects(text, columns)
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma, reader.FieldsPerRecord = separator(text), -1
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, fault.Field("file", "empty_file")
	}
	if err != nil {
		return nil, badCSV(err)
	}
	if err := checkHeader(header, columns, required); err != nil {
		return nil, err
	}
	var rows []sheetRow
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, badCSV(err)
		}
		if strings.TrimSpace(strings.Join(record, "")) == "" {
			continue // what is left of a row that was emptied
		}
		if len(rows) == maxSheetRows {
			return nil, tooManyRows()
		}
		line, _ := reader.FieldPos(0)
		rows = append(rows, rowOf(line, header, record))
	}
}

func rowOf(line int, header, record []string) sheetRow {
	row := sheetRow{line: line, cells: map[string]string{}}
	if len(record) != len(header) {
		row.refuse("bad_columns", fault.Params{"field": "line", "expected": len(header), "found": len(record)})
	}
	for i, column := range header {
		if i < len(record) {
			row.set(column, bareCell(strings.TrimSpace(record[i])))
		}
	}
	return row
}

func (r *sheetRow) refuse(code string, params fault.Params) {
	r.wrong = append(r.wrong, fault.Violation{Code: code, Params: params})
}

func (r *sheetRow) set(column, cell string) {
	if len(cell) > maxCell {
		r.refuse("text_too_long", fault.Params{"field": column, "max": maxCell})
		return
	}
	r.cells[column] = cell
}

// checkHeader makes a header plain, and refuses columns by name.
func checkHeader(header, columns, required []string) error {
	var wrong []fault.Violation
	refuse := func(code, column string) {
		name := []rune(column)
		wrong = append(wrong, fault.Violation{Code: code, Params: fault.Params{"field": string(name[:min(len(name), 40)])}})
	}
	for i, h := range header {
		header[i] = columnName(h)
		switch {
		case slices.Contains(header[:i], header[i]):
			refuse("duplicate_column", header[i])
		case !slices.Contains(columns, header[i]):
			refuse("unknown_column", header[i])
		}
	}
	for _, column := range required {
		if !slices.Contains(header, column) {
			refuse("missing_column", column)
		}
	}
	if len(wrong) > 0 {
		return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: wrong}
	}
	return nil
}

func badCSV(err error) error {
	line := 0
	var p *csv.ParseError
	if errors.As(err, &p) {
		line = p.Line
	}
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{
		Code: "bad_csv", Params: fault.Params{"field": "file", "line": line}}}}
}

func tooManyRows() error {
	return &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{
		Code: "too_many_lines", Params: fault.Params{"field": "file", "max": maxSheetRows}}}}
}

// separator is what the first line has most of outside its quotes.
func separator(text []byte) rune {
	counts, quoted := map[byte]int{}, false
	for _, b := range text {
		if b == '"' {
			quoted = !quoted
		}
		if b == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte{';', '\t'} {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return rune(best)
}

func isJSON(text []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) }

// readObjects reads a JSON list of objects; its rows are counted from 1. Numbers and booleans are taken
// as they are written, null as nothing.
func readObjects(text []byte, columns []string) ([]sheetRow, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var objects []map[string]any
	if err := decoder.Decode(&objects); err != nil {
		return nil, &fault.Error{Kind: fault.Malformed, Code: "malformed", Violations: []fault.Violation{{
			Code: "bad_json", Params: fault.Params{"field": "file", "offset": decoder.InputOffset()}}}}
	}
	if len(objects) > maxSheetRows {
		return nil, tooManyRows()
	}
	rows := make([]sheetRow, len(objects))
	for i, object := range objects {
		rows[i] = sheetRow{line: i + 1, cells: map[string]string{}}
		for name, value := range object {
			if !slices.Contains(columns, name) {
				return nil, checkHeader([]string{name}, columns, nil)
			}
			switch v := value.(type) {
			case nil:
			case string:
				rows[i].set(name, strings.TrimSpace(v))
			case json.Number:
				rows[i].set(name, v.String())
			case bool:
				rows[i].set(name, map[bool]string{true: "true", false: "false"}[v])
			default:
				rows[i].refuse("wrong_type", fault.Params{"field": name, "expected": "string"})
			}
		}
	}
	return rows, nil
}

// sheetKind tells members from bookings by the columns that only they have; "" is neither.
func sheetKind(content []byte) string {
	text, err := readText(content)
	if err != nil {
		return ""
	}
	var header []string
	if isJSON(text) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		var first map[string]any
		if _, err := decoder.Token(); err != nil || !decoder.More() || decoder.Decode(&first) != nil {
			return ""
		}
		for name := range first {
			header = append(header, name)
		}
	} else {
		reader := csv.NewReader(bytes.NewReader(text))
		reader.Comma = separator(text)
		if header, err = reader.Read(); err != nil {
			return ""
		}
		for i, h := range header {
			header[i] = columnName(h)
		}
	}
	switch {
	case slices.Contains(header, "starts_at"):
		return "bookings"
	case slices.Contains(header, "name") && slices.Contains(header, "email") && !slices.Contains(header, "slug"):
		return "members"
	}
	return ""
}
