// Package files keeps the pictures, documents and signatures of units, loans and tickets.
//
// Nothing is kept as it came: a picture is decoded and drawn again, so that what else the file
// held (where it was taken, by which phone, a page for a browser) is gone; a document is what its
// bytes say, whatever it was called. It refuses to know who may see what: callers ask that.
// Start reading at Prepare, then Insert.
package files

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"canot/internal/database"
	"canot/internal/fault"
	"canot/internal/identity"
)

// Kinds of files.
const (
	Photo     = "photo"
	Document  = "document"
	Signature = "signature"
)

// What a file belongs to, and at which moment of a loan a picture was taken.
const (
	OfUnit   = "unit"
	OfLoan   = "loan"
	OfTicket = "ticket"

	Out = "out"
	In  = "in"
)

// Bounds of what one subject has in all.
const (
	mostFiles = 30
	mostBytes = 40 << 20
)

// A Store is the files of one network. It is safe for use by many goroutines.
type Store struct{ db *database.DB }

// New returns the store that is kept in db.
func New(db *database.DB) *Store { return &Store{db} }

// A File is one of them, without its bytes.
type File struct {
	ID          string    `db:"id" json:"id"`
	Kind        string    `db:"kind" json:"kind"`                 // photo, document, signature
	SubjectKind string    `db:"subject_kind" json:"subject_kind"` // unit, loan, ticket
	SubjectID   string    `db:"subject_id" json:"subject"`
	Moment      string    `db:"moment" json:"moment"` // of a loan's: out or in; else ""
	MediaType   string    `db:"media_type" json:"media_type"`
	Name        string    `db:"name" json:"name"` // of a document, as it is handed out; "" for pictures
	Size        int64     `db:"size" json:"size"` // bytes
	Width       int64     `db:"width" json:"width"`
	Height      int64     `db:"height" json:"height"`
	Sum         string    `db:"sum" json:"sum"` // SHA-256 of the bytes, in hexadecimal digits
	CreatedAt   time.Time `db:"created_at" json:"created_at"`
	CreatedBy   string    `db:"created_by" json:"created_by"`
}

// A NewFile is a prepared file, and whose it is.
type NewFile struct {
	Prepared

	SubjectKind, SubjectID string
	Moment                 string // of a loan's picture: Out or In
	Name                   string // of a document, as whoever sent it called it: made safe here
}

// Insert keeps a file, as a step of a verb that has asked for the right and records the change. One
// subject has 30 files and 40 MB at most: more is Refused as too_many_files.
func Insert(tx *database.Tx, by identity.Actor, n NewFile) (File, error) {
	if n.body == nil {
		return File{}, errors.New("files: inserted without Prepare")
	}
	var had struct {
		Count int   `db:"count"`
		Bytes int64 `db:"bytes"`
	}
	if err := tx.Get(&had, `SELECT COUNT(*) AS count, COALESCE(SUM(size), 0) AS bytes FROM files WHERE subject_kind = $1 AND subject_id = $2`,
		n.SubjectKind, n.SubjectID); err != nil {
		return File{}, err
	}
	if had.Count >= mostFiles || had.Bytes+int64(len(n.body)) > mostBytes {
		return File{}, refused("too_many_files", fault.Params{"max": mostFiles, "max_mb": mostBytes >> 20})
	}
	f := File{ID: database.NewID(), Kind: n.Kind, SubjectKind: n.SubjectKind, SubjectID: n.SubjectID, Moment: n.Moment,
		MediaType: n.MediaType, Size: int64(len(n.body)), Width: int64(n.Width), Height: int64(n.Height), Sum: n.sum,
		CreatedAt: tx.Now, CreatedBy: by.ID}
	if f.Kind == Document {
		f.Name = safeName(n.Name, f.MediaType)
	}
	_, err := tx.Exec(`
		INSERT INTO files (id, kind, subject_kind, subject_id, moment, media_type, name, size, width, height, sum, body, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		f.ID, f.Kind, f.SubjectKind, f.SubjectID, f.Moment, f.MediaType, f.Name, f.Size, f.Width, f.Height, f.Sum,
		base64.StdEncoding.EncodeToString(n.body), f.CreatedAt, f.CreatedBy)
	return f, err
}

const selectFiles = `SELECT id, kind, subject_kind, subject_id, moment, media_type, name, size, width, height, sum, created_at, created_by FROM files `

// Of lists the files of a subject, without their bytes, the first one first.
func (s *Store) Of(ctx context.Context, subjectKind, subjectID string) ([]File, error) {
	all := []File{}
	err := s.db.Reader(ctx).Select(&all, selectFiles+`WHERE subject_kind = $1 AND subject_id = $2 ORDER BY created_at, id`, subjectKind, subjectID)
	return all, err
}

// Find returns one file without its bytes, so that a caller can ask whose it is and who may see it.
func (s *Store) Find(ctx context.Context, id string) (File, error) { return find(s.db.Reader(ctx), id) }

func find(r database.Reader, id string) (File, error) {
	var f File
	err := r.Get(&f, selectFiles+`WHERE id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		err = fault.New(fault.NotFound, "file_not_found", nil)
	}
	return f, err
}

// Body returns one file with its bytes.
func (s *Store) Body(ctx context.Context, id string) (File, []byte, error) {
	var row struct {
		File
		Body string `db:"body"`
	}
	err := s.db.Reader(ctx).Get(&row, `SELECT id, kind, subject_kind, subject_id, moment, media_type, name, size, width, height, sum, created_at, created_by, body
		FROM files WHERE id = $1`, id)
	if errors.Is(err, database.ErrNoRows) {
		return File{}, nil, fault.New(fault.NotFound, "file_not_found", nil)
	}
	if err != nil {
		return File{}, nil, err
	}
	body, err := base64.StdEncoding.DecodeString(row.Body)
	return row.File, body, err
}

// RemoveAll takes all files of some subjects away, signatures too, as a step of forgetting a person.
// subjects is the query of their ids, one text for both engines.
func RemoveAll(tx *database.Tx, subjectKind, subjects string, args ...any) error {
	_, err := tx.Exec(`DELETE FROM files WHERE subject_kind = '`+subjectKind+`' AND subject_id IN (`+subjects+`)`, args...)
	return err
}

// Remove takes a file away, as a step of a verb that has asked for the right and records the
// change. A signature stays: it is what somebody agreed to.
func Remove(tx *database.Tx, id string) (File, error) {
	f, err := find(tx, id)
	if err != nil {
		return File{}, err
	}
	if f.Kind == Signature {
		return File{}, refused("signature_stays", nil)
	}
	_, err = tx.Exec(`DELETE FROM files WHERE id = $1`, id)
	return f, err
}
