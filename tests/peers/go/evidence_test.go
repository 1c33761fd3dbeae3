// Package peer reads Curtain's evidence with the Go project's own implementation of signed notes and hash trees,
// which shares no code with ours.
//
// CURTAIN_CLINIC is the folder that clinic.py made:
//
//	evidence, evidence-details           evidence of the whole log, and with details; a witness had cosigned some of it
//	evidence-part                        evidence of a part, before there was a witness
//	proofs/N.tlog-proof, proofs/N.leaf   that record N is in the log; the record's bytes
//	checkpoints/N.checkpoint             the signed checkpoint that was kept when the log had N records
//	key.txt                              the log's key, from who keeps it
package peer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// clinic gives a folder or file that clinic.py made. Without it there is nothing to test, which must not look like
// success.
func clinic(t *testing.T, name string) string {
	t.Helper()
	path := os.Getenv("CURTAIN_CLINIC")
	if path == "" {
		t.Fatal("CURTAIN_CLINIC is not set")
	}
	return filepath.Join(path, name)
}

// each runs a test on every folder of evidence.
func each(t *testing.T, test func(t *testing.T, evidence string)) {
	for _, name := range []string{"evidence", "evidence-details", "evidence-part"} {
		name := name
		t.Run(name, func(t *testing.T) { test(t, clinic(t, name)) })
	}
}

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	bytes, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// lines splits text of which every line must be ended.
func lines(t *testing.T, text string) []string {
	t.Helper()
	if text == "" {
		return nil
	}
	if !strings.HasSuffix(text, "\n") {
		t.Fatal("the last line has no end")
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// cosigner verifies cosignatures of c2sp.org/tlog-cosignature, type 0x04.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
	// at is the time of the last cosignature that held.
	at *uint64
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.id }

func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	signed := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, msg)
	if !ed25519.Verify(c.key, signed, sig[8:]) {
		return false
	}
	*c.at = at
	return true
}

func newCosigner(vkey string) (cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, fmt.Errorf("not a key")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return cosigner{}, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return cosigner{}, fmt.Errorf("not a key of type 4")
	}
	hash := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if hex.EncodeToString(hash[:4]) != parts[1] {
		return cosigner{}, fmt.Errorf("the key's id does not follow from it")
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(hash[:]), key[1:], new(uint64)}, nil
}

// keys reads keys.txt: the log's key, which must be the one that was kept elsewhere, then those of its witnesses.
func keys(t *testing.T, evidence string) (note.Verifier, []cosigner) {
	t.Helper()
	vkeys := lines(t, string(read(t, evidence, "keys.txt")))
	if kept := lines(t, string(read(t, clinic(t, "key.txt")))); vkeys[0] != kept[0] {
		t.Fatal("the evidence names another key")
	}
	log, err := note.NewVerifier(vkeys[0])
	if err != nil {
		t.Fatal(err)
	}
	var witnesses []cosigner
	for _, vkey := range vkeys[1:] {
		witness, err := newCosigner(vkey)
		if err != nil {
			t.Fatal(err)
		}
		witnesses = append(witnesses, witness)
	}
	return log, witnesses
}

// open opens a note that the log signed, and nobody else but witnesses. It gives those that did.
func open(t *testing.T, msg []byte, log note.Verifier, witnesses []cosigner) (string, []cosigner) {
	t.Helper()
	verifiers := []note.Verifier{log}
	for _, witness := range witnesses {
		verifiers = append(verifiers, witness)
	}
	opened, err := note.Open(msg, note.VerifierList(verifiers...))
	if err != nil {
		t.Fatal(err)
	}
	// The package passes over a second signature of the same key.
	if lines := bytes.Count(msg, []byte("\n— ")); len(opened.Sigs) != lines || len(opened.UnverifiedSigs) != 0 {
		t.Fatalf("%d of %d signatures hold and %d are unknown", len(opened.Sigs), lines, len(opened.UnverifiedSigs))
	}
	signed := map[uint32]bool{}
	for _, signature := range opened.Sigs {
		signed[signature.Hash] = true
	}
	if !signed[log.KeyHash()] {
		t.Fatal("the log did not sign it")
	}
	var by []cosigner
	for _, witness := range witnesses {
		if signed[witness.id] {
			by = append(by, witness)
		}
	}
	return opened.Text, by
}

// checkpoint splits the text of a checkpoint, whose origin must be the log's name.
func checkpoint(t *testing.T, text string, log note.Verifier) tlog.Tree {
	t.Helper()
	fields := lines(t, text)
	if len(fields) != 3 || fields[0] != log.Name() {
		t.Fatalf("not a checkpoint of %s", log.Name())
	}
	size, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != fields[1] {
		t.Fatalf("%q is no size", fields[1])
	}
	root, err := tlog.ParseHash(fields[2])
	if err != nil {
		t.Fatal(err)
	}
	return tlog.Tree{N: size, Hash: root}
}

// current gives the evidence's checkpoint.
func current(t *testing.T, evidence string) (tlog.Tree, note.Verifier, []cosigner) {
	t.Helper()
	log, witnesses := keys(t, evidence)
	text, _ := open(t, read(t, evidence, "checkpoint"), log, witnesses)
	return checkpoint(t, text, log), log, witnesses
}

// stored is a tree in memory.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

// tree builds the tree over hashes.txt.
func tree(t *testing.T, evidence string) (stored, []tlog.Hash) {
	t.Helper()
	var hashes stored
	var leaves []tlog.Hash
	for n, line := range lines(t, string(read(t, evidence, "hashes.txt"))) {
		var leaf tlog.Hash
		if len(line) != 2*len(leaf) {
			t.Fatalf("line %d is no hash", n+1)
		}
		if _, err := hex.Decode(leaf[:], []byte(line)); err != nil {
			t.Fatal(err)
		}
		more, err := tlog.StoredHashesForRecordHash(int64(n), leaf, hashes)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
		leaves = append(leaves, leaf)
	}
	return hashes, leaves
}

func proofHashes(t *testing.T, encoded []string) []tlog.Hash {
	t.Helper()
	var hashes []tlog.Hash
	for _, line := range encoded {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, hash)
	}
	return hashes
}

func optional(t *testing.T, folder, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func matching(t *testing.T, folder, pattern string) []string {
	t.Helper()
	found := optional(t, folder, pattern)
	if len(found) == 0 {
		t.Fatalf("there is no %s", pattern)
	}
	return found
}

// isRoot checks that the first records have this root.
func isRoot(t *testing.T, signed tlog.Tree, hashes stored) {
	t.Helper()
	root, err := tlog.TreeHash(signed.N, hashes)
	if err != nil {
		t.Fatal(err)
	}
	if root != signed.Hash {
		t.Fatalf("the hashes of %d records lead to another root", signed.N)
	}
}

func TestCheckpointsAreSignedAndTheirRootsFollowFromTheHashes(t *testing.T) {
	each(t, checkpointsAreSignedAndTheirRootsFollowFromTheHashes)
}

func checkpointsAreSignedAndTheirRootsFollowFromTheHashes(t *testing.T, evidence string) {
	log, witnesses := keys(t, evidence)
	text, signers := open(t, read(t, evidence, "checkpoint"), log, witnesses)
	signed := checkpoint(t, text, log)
	hashes, leaves := tree(t, evidence)
	if int64(len(leaves)) != signed.N {
		t.Fatalf("%d hashes for %d records", len(leaves), signed.N)
	}
	isRoot(t, signed, hashes)

	msg, err := os.ReadFile(filepath.Join(evidence, "cosigned"))
	switch {
	case err == nil:
		text, by := open(t, msg, log, witnesses)
		seen := checkpoint(t, text, log)
		if len(by) == 0 || seen.N > signed.N {
			t.Fatalf("cosigned is of %d records of %d, by %d witnesses", seen.N, signed.N, len(by))
		}
		isRoot(t, seen, hashes)
		for _, witness := range by {
			if *witness.at == 0 {
				t.Fatalf("%s gives no time", witness.name)
			}
			t.Logf("%s saw %d of %d records", witness.name, seen.N, signed.N)
		}
		signers = append(signers, by...)
	case !os.IsNotExist(err):
		t.Fatal(err)
	}
	for _, witness := range witnesses {
		found := false
		for _, signer := range signers {
			found = found || signer.name == witness.name && signer.id == witness.id
		}
		if !found || *witness.at == 0 {
			t.Fatalf("%s signed neither checkpoint", witness.name)
		}
	}
}

func TestChangedCheckpointsAreNotOpened(t *testing.T) {
	each(t, changedCheckpointsAreNotOpened)
}

func changedCheckpointsAreNotOpened(t *testing.T, evidence string) {
	log, witnesses := keys(t, evidence)
	for _, path := range append(matching(t, evidence, "checkpoint"), optional(t, evidence, "cosigned")...) {
		msg := read(t, path)
		msg[0] ^= 1
		if _, err := note.Open(msg, note.VerifierList(log)); err == nil {
			t.Fatal("a changed checkpoint was opened")
		}
		for _, witness := range witnesses {
			if _, err := note.Open(msg, note.VerifierList(witness)); err == nil {
				t.Fatalf("a changed checkpoint was opened with the key of %s", witness.name)
			}
		}
	}
}

func TestManifestListsTheFilesAndTheRecordsFollowTheirHashes(t *testing.T) {
	each(t, manifestListsTheFilesAndTheRecordsFollowTheirHashes)
}

func manifestListsTheFilesAndTheRecordsFollowTheirHashes(t *testing.T, evidence string) {
	signed, log, _ := current(t, evidence)
	text, _ := open(t, read(t, evidence, "MANIFEST"), log, nil)
	manifest := lines(t, text)
	var name string
	var first, until, size int64
	head := strings.Join(manifest[:5], "\n")
	form := "curtain/v1/evidence\nlog %s\nfirst %d\nuntil %d\nsize %d"
	if _, err := fmt.Sscanf(head, form, &name, &first, &until, &size); err != nil {
		t.Fatal(err)
	}
	if log.Name() != "curtain/log/"+name || size != signed.N || first > until || until > size {
		t.Fatal("manifest and checkpoint disagree")
	}
	listed := map[string]bool{"MANIFEST": true}
	for _, line := range manifest[5:] {
		fields := strings.Split(line, " ")
		if len(fields) != 3 {
			t.Fatalf("%q is no file", line)
		}
		content := read(t, evidence, filepath.FromSlash(fields[2]))
		hash := sha256.Sum256(content)
		if hex.EncodeToString(hash[:]) != fields[0] || strconv.Itoa(len(content)) != fields[1] {
			t.Fatalf("%s is another file", fields[2])
		}
		listed[fields[2]] = true
	}
	err := filepath.WalkDir(evidence, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(evidence, path)
		if err == nil && !listed[filepath.ToSlash(relative)] {
			err = fmt.Errorf("%s is not listed", relative)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, hashes := tree(t, evidence)
	records := lines(t, string(read(t, evidence, "leaves.jsonl")))
	if int64(len(records)) != until-first {
		t.Fatalf("%d records from %d until %d", len(records), first, until)
	}
	for i, record := range records {
		if tlog.RecordHash([]byte(record)) != hashes[first+int64(i)] {
			t.Fatalf("record %d has another hash", first+int64(i))
		}
	}
}

func TestProofsHold(t *testing.T) {
	evidence, proofs := clinic(t, "evidence"), clinic(t, "proofs")
	log, witnesses := keys(t, evidence)
	for _, path := range matching(t, proofs, "*.tlog-proof") {
		leaf := read(t, strings.TrimSuffix(path, ".tlog-proof")+".leaf")
		head, signed, found := strings.Cut(string(read(t, path)), "\n\n")
		fields := lines(t, head+"\n")
		if !found || fields[0] != "c2sp.org/tlog-proof@v1" {
			t.Fatalf("%s is no proof", filepath.Base(path))
		}
		fields = fields[1:]
		if strings.HasPrefix(fields[0], "extra ") {
			fields = fields[1:]
		}
		index, err := strconv.ParseInt(strings.TrimPrefix(fields[0], "index "), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := open(t, []byte(signed), log, witnesses)
		at := checkpoint(t, text, log)
		proof := tlog.RecordProof(proofHashes(t, fields[1:]))
		if err := tlog.CheckRecord(proof, at.N, at.Hash, index, tlog.RecordHash(leaf)); err != nil {
			t.Fatalf("record %d: %v", index, err)
		}
		if err := tlog.CheckRecord(proof, at.N, at.Hash, index, tlog.RecordHash(append(leaf, ' '))); err == nil {
			t.Fatalf("another record holds in place of %d", index)
		}
		hashes, _ := tree(t, evidence)
		theirs, err := tlog.ProveRecord(at.N, index, hashes)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(proof, theirs) {
			t.Fatalf("the proof of record %d is another", index)
		}
	}
}

// The proof is made here, from the hashes in the evidence; both roots were signed by the log, the earlier one before
// the later records were there.
func TestTheLogGrewFromItsEarlierCheckpoints(t *testing.T) {
	evidence := clinic(t, "evidence")
	now, log, witnesses := current(t, evidence)
	hashes, _ := tree(t, evidence)
	grown := 0
	for _, path := range matching(t, clinic(t, "checkpoints"), "*.checkpoint") {
		text, _ := open(t, read(t, path), log, witnesses)
		then := checkpoint(t, text, log)
		if then.N < now.N {
			grown++
		}
		proof, err := tlog.ProveTree(now.N, then.N, hashes)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(proof, now.N, now.Hash, then.N, then.Hash); err != nil {
			t.Fatalf("from %d to %d: %v", then.N, now.N, err)
		}
		other := then.Hash
		other[0] ^= 1
		if err := tlog.CheckTree(proof, now.N, now.Hash, then.N, other); err == nil {
			t.Fatalf("the log grew from another tree of %d records", then.N)
		}
	}
	if grown == 0 {
		t.Fatal("no checkpoint is earlier than the evidence")
	}
}

func equal(a, b []tlog.Hash) bool {
	join := func(hashes []tlog.Hash) []byte {
		var all []byte
		for _, hash := range hashes {
			all = append(all, hash[:]...)
		}
		return all
	}
	return bytes.Equal(join(a), join(b))
}
