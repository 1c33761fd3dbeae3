package peer

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// grown is a log of the Go project's making: its hashes, and the key that signs its checkpoints.
type grown struct {
	origin string
	signer note.Signer
	vkey   string
	hashes stored
	size   int64
}

func newLog(t *testing.T, origin string) *grown {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return &grown{origin: origin, signer: signer, vkey: vkey}
}

func (g *grown) grow(t *testing.T, size int64) {
	t.Helper()
	for ; g.size < size; g.size++ {
		more, err := tlog.StoredHashes(g.size, fmt.Appendf(nil, "record %d", g.size), g.hashes)
		if err != nil {
			t.Fatal(err)
		}
		g.hashes = append(g.hashes, more...)
	}
}

// root gives the root of the first records. tlog has none for no records.
func (g *grown) root(t *testing.T, size int64) tlog.Hash {
	t.Helper()
	root, err := tlog.TreeHash(size, g.hashes)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// signed gives the checkpoint of the first records. [c2sp.org/tlog-checkpoint]
func (g *grown) signed(t *testing.T, size int64, root tlog.Hash, signers ...note.Signer) []byte {
	t.Helper()
	if signers == nil {
		signers = []note.Signer{g.signer}
	}
	msg, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", g.origin, size, root)}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// proof gives the consistency proof, a line each.
func (g *grown) proof(t *testing.T, old, size int64) string {
	t.Helper()
	if old == 0 || old == size {
		return ""
	}
	proof, err := tlog.ProveTree(size, old, g.hashes)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, hash := range proof {
		fmt.Fprintf(&lines, "%s\n", hash)
	}
	return lines.String()
}

// ask is add-checkpoint. [c2sp.org/tlog-witness]
func ask(t *testing.T, url string, old int64, proof string, checkpoint []byte) (int, string, string) {
	t.Helper()
	body := fmt.Sprintf("old %d\n%s\n%s", old, proof, checkpoint)
	response, err := http.Post(url+"/v1/witness/add-checkpoint", "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(answer)
}

// relay starts the relay, which witnesses these logs, over a folder. It gives its address, and how it is stopped.
func relay(t *testing.T, folder string, logs ...*grown) (string, func()) {
	t.Helper()
	command := []string{os.Getenv("CURTAIN_RELAY")}
	if command[0] == "" {
		command = []string{os.Getenv("CURTAIN"), "relay"}
	}
	command = append(command, "--listen", "127.0.0.1:0", "--store", filepath.Join(folder, "store"))
	for _, log := range logs {
		command = append(command, "--witness-log", log.vkey)
	}
	process := exec.Command(command[0], command[1:]...)
	process.Stderr = io.Discard
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	const ready = "listening on "
	if err != nil || !strings.HasPrefix(line, ready) {
		t.Fatalf("the relay did not start: %q %v", line, err)
	}
	var once sync.Once
	stop := func() {
		once.Do(func() {
			_ = process.Process.Signal(syscall.SIGTERM)
			_ = process.Wait()
		})
	}
	t.Cleanup(stop)
	return strings.TrimSpace(strings.TrimPrefix(line, ready)), stop
}

// witnessOf asks the relay for the key that checks its cosignatures.
func witnessOf(t *testing.T, url string) cosigner {
	t.Helper()
	response, err := http.Get(url + "/v1/relay")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	about, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(about), `"witness_key":"`)
	vkey, _, ended := strings.Cut(rest, `"`)
	if !found || !ended {
		t.Fatalf("no witness_key in %s", about)
	}
	witness, err := newCosigner(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return witness
}

// cosigned checks that the answer is one cosignature line, which holds for this checkpoint and was made now.
func cosigned(t *testing.T, log *grown, witness cosigner, checkpoint []byte, answer string) {
	t.Helper()
	if strings.Count(answer, "\n") != 1 || !strings.HasPrefix(answer, "— "+witness.name+" ") {
		t.Fatalf("%q is not one signature line", answer)
	}
	verifier, err := note.NewVerifier(log.vkey)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := note.Open(append(append([]byte{}, checkpoint...), answer...), note.VerifierList(verifier, witness))
	if err != nil {
		t.Fatal(err)
	}
	if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
		t.Fatalf("%d signatures hold", len(opened.Sigs))
	}
	if age := time.Since(time.Unix(int64(*witness.at), 0)); age < -5*time.Second || age > time.Minute {
		t.Fatalf("the cosignature is %v old", age)
	}
}

func TestTheRelayWitnessesLogs(t *testing.T) {
	folder := t.TempDir()
	log, other := newLog(t, "log.example/one"), newLog(t, "log.example/other")
	log.grow(t, 200)
	other.grow(t, 10)
	url, stop := relay(t, folder, log)
	witness := witnessOf(t, url)

	expect := func(what string, wanted int, old int64, proof string, checkpoint []byte) string {
		t.Helper()
		status, kind, answer := ask(t, url, old, proof, checkpoint)
		if status != wanted {
			t.Fatalf("%s: %d instead of %d: %s", what, status, wanted, answer)
		}
		if status == 409 && kind != "text/x.tlog.size" {
			t.Fatalf("%s: a size of type %q", what, kind)
		}
		return answer
	}
	accept := func(old, size int64) {
		t.Helper()
		checkpoint := log.signed(t, size, log.root(t, size))
		answer := expect(fmt.Sprintf("from %d to %d", old, size), 200, old, log.proof(t, old, size), checkpoint)
		cosigned(t, log, witness, checkpoint, answer)
	}
	refuseSize := func(old, size, known int64) {
		t.Helper()
		checkpoint := log.signed(t, size, log.root(t, size))
		what := fmt.Sprintf("from %d to %d", old, size)
		if answer := expect(what, 409, old, log.proof(t, old, size), checkpoint); answer != fmt.Sprintf("%d\n", known) {
			t.Fatalf("%s: %q is not what the witness knows", what, answer)
		}
	}

	// Nothing is known yet: only `old 0` does.
	refuseSize(3, 5, 0)
	accept(0, 5)
	// The same again, then on.
	accept(5, 5)
	for size := int64(6); size <= 40; size++ {
		accept(size-1, size)
	}
	accept(40, 100)
	refuseSize(0, 100, 100)
	refuseSize(40, 101, 100)
	refuseSize(101, 150, 100)
	refuseSize(40, 50, 100)

	// Proofs that do not hold.
	next := log.signed(t, 150, log.root(t, 150))
	good := log.proof(t, 100, 150)
	first, rest, _ := strings.Cut(good, "\n")
	hash := make([]byte, 32)
	for what, proof := range map[string]string{
		"no proof":      "",
		"a short proof": rest,
		"a long proof":  good + first + "\n",
		"another hash":  base64.StdEncoding.EncodeToString(hash) + "\n" + rest,
		"another proof": log.proof(t, 99, 150),
	} {
		expect(what, 422, 100, proof, next)
	}
	wrong := log.root(t, 150)
	wrong[7] ^= 1
	expect("another root", 422, 100, good, log.signed(t, 150, wrong))
	// A fork of what was cosigned.
	wrong = log.root(t, 100)
	wrong[7] ^= 1
	expect("a fork", 409, 100, "", log.signed(t, 100, wrong))

	// What is not signed by the log, or no log of the witness's, or not in the form.
	stranger := newLog(t, log.origin)
	expect("signed by another key", 403, 100, good, log.signed(t, 150, log.root(t, 150), stranger.signer))
	expect("an unknown log", 404, 0, "", other.signed(t, 10, other.root(t, 10)))
	expect("an old size above the new one", 400, 151, "", next)
	expect("no hash", 400, 100, "AAAA\n", next)
	expect("no note", 400, 100, good, []byte("x\n"))
	expect("too many hashes", 400, 100, strings.Repeat(first+"\n", 64), next)
	flipped := bytes.Replace(next, []byte("\n150\n"), []byte("\n151\n"), 1)
	expect("a changed size", 403, 100, good, flipped)

	// More signatures do not matter, and extension lines are signed too.
	second := note.Signer(stranger.signer)
	both := log.signed(t, 150, log.root(t, 150), second, log.signer)
	answer := expect("two signatures", 200, 100, good, both)
	cosigned(t, log, witness, log.signed(t, 150, log.root(t, 150)), answer)
	extended, err := note.Sign(&note.Note{
		Text: fmt.Sprintf("%s\n160\n%s\nan extension\n", log.origin, log.root(t, 160)),
	}, log.signer)
	if err != nil {
		t.Fatal(err)
	}
	cosigned(t, log, witness, extended, expect("an extension", 200, 150, log.proof(t, 150, 160), extended))

	// It knows after a restart, with the same key.
	stop()
	url, _ = relay(t, folder, log)
	if again := witnessOf(t, url); again.name != witness.name || !ed25519.PublicKey.Equal(again.key, witness.key) {
		t.Fatal("another witness")
	}
	refuseSize(0, 170, 160)
	accept(160, 200)
}

// Of many that go on from the same state in different ways, one is cosigned.
func TestTheRelayCosignsNoFork(t *testing.T) {
	log := newLog(t, "log.example/forked")
	log.grow(t, 8)
	url, _ := relay(t, t.TempDir(), log)
	if status, _, answer := ask(t, url, 0, "", log.signed(t, 8, log.root(t, 8))); status != 200 {
		t.Fatal(answer)
	}
	const forks = 16
	results := make([]int, forks)
	var all sync.WaitGroup
	for n := 0; n < forks; n++ {
		fork := &grown{origin: log.origin, signer: log.signer, hashes: append(stored{}, log.hashes...), size: 8}
		more, err := tlog.StoredHashes(8, fmt.Appendf(nil, "fork %d", n), fork.hashes)
		if err != nil {
			t.Fatal(err)
		}
		fork.hashes, fork.size = append(fork.hashes, more...), 9
		checkpoint, proof := fork.signed(t, 9, fork.root(t, 9)), fork.proof(t, 8, 9)
		all.Add(1)
		go func(n int) {
			defer all.Done()
			results[n], _, _ = ask(t, url, 8, proof, checkpoint)
		}(n)
	}
	all.Wait()
	cosigned := 0
	for _, status := range results {
		if status == 200 {
			cosigned++
		} else if status != 409 {
			t.Fatalf("answered %d", status)
		}
	}
	if cosigned != 1 {
		t.Fatalf("%d forks were cosigned", cosigned)
	}
}
