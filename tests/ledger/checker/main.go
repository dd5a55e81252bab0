// Checks a receipt bundle with somebody else's code: Go's own transparency log packages know nothing of us.
//
//	go run . FOLDER [VERIFIER-KEY]
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(why string, args ...any) {
	fmt.Fprintf(os.Stderr, why+"\n", args...)
	os.Exit(1)
}

func read(folder, name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		fail("%v", err)
	}
	return data
}

func parseHash(line string) tlog.Hash {
	data, err := base64.StdEncoding.DecodeString(line)
	if err != nil || len(data) != tlog.HashSize {
		fail("not a hash: %q", line)
	}
	return tlog.Hash(data)
}

func main() {
	folder := os.Args[1]
	vkey := strings.TrimSpace(string(read(folder, "ledger.vkey")))
	if len(os.Args) > 2 {
		vkey = os.Args[2]
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		fail("the key: %v", err)
	}

	// 1. The receipt is what the leaf commits to.
	leaf := read(folder, "leaf.json")
	var told struct{ Commitment string }
	if err := json.Unmarshal(leaf, &told); err != nil {
		fail("leaf.json: %v", err)
	}
	salt, err := hex.DecodeString(string(read(folder, "salt.txt")))
	if err != nil {
		fail("salt.txt: %v", err)
	}
	sum := sha256.Sum256(append(salt, read(folder, "receipt.json")...))
	if hex.EncodeToString(sum[:]) != told.Commitment {
		fail("the receipt is not what the leaf commits to")
	}

	// 2. The checkpoint is signed.
	head, signed, ok := strings.Cut(string(read(folder, "leaf.tlog-proof")), "\n\n")
	if !ok {
		fail("leaf.tlog-proof: no checkpoint")
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		fail("the checkpoint: %v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || lines[0] != verifier.Name() {
		fail("the checkpoint is malformed, or of another ledger")
	}

	// 3. The leaf stands in that tree.
	steps := strings.Split(head, "\n")
	if steps[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(steps[1], "index ") {
		fail("leaf.tlog-proof: malformed")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(steps[1], "index "), 10, 64)
	if err != nil {
		fail("leaf.tlog-proof: %v", err)
	}
	proof := tlog.RecordProof{}
	for _, line := range steps[2:] {
		proof = append(proof, parseHash(line))
	}
	if err := tlog.CheckRecord(proof, size, parseHash(lines[2]), index, tlog.RecordHash(leaf)); err != nil {
		fail("the leaf is not in the ledger: %v", err)
	}
	fmt.Printf("leaf %d of %d in %s\n", index, size, verifier.Name())
}
