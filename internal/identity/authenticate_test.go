package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"
)

func TestWhatWasReadBeforeARevocationIsNotRememberedAfterIt(t *testing.T) {
	m := newMemory()
	now := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	hash := sha256.Sum256([]byte("token"))
	before := m.generation()
	m.forget(func(Actor) bool { return false })
	m.keep(hash, Actor{ID: "m"}, now, now.Add(time.Hour), before)
	if a, known := m.recall(hash, now); known {
		t.Errorf("remembered %+v", a)
	}
	m.keep(hash, Actor{ID: "m"}, now, now.Add(time.Hour), m.generation())
	if _, known := m.recall(hash, now); !known {
		t.Error("not remembered")
	}
	if _, known := m.recall(hash, now.Add(-time.Second)); known {
		t.Error("remembered by a clock that was turned back")
	}
}

func TestTheMemoryIsBounded(t *testing.T) {
	m := newMemory()
	now := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	for i := range 3 * rememberMost {
		var hash [sha256.Size]byte
		binary.BigEndian.PutUint64(hash[:], uint64(i))
		m.keep(hash, Actor{ID: "m"}, now, now.Add(time.Hour), 0)
		if len(m.actors) > rememberMost {
			t.Fatalf("%d remembered", len(m.actors))
		}
	}
}
