/** The same notes, cosignatures and proofs as the Go checksum database's own packages read and write them. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isConsistent } from './consistency.ts';
import { cosign } from './cosignature.ts';
import { parseNote, signedBy } from './signed-note.ts';
import { fakeLog, temporaryDirectory } from './testing.ts';
import { generateSignerKey, parseSignerKey, parseVerifierKey, SIGNATURE_TYPE } from './verifier-key.ts';

const GOPATH = '/usr/share/gocode';
const missing =
  spawnSync('go', ['version']).error !== undefined
    ? 'Go is not installed'
    : existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/note'))
      ? undefined
      : 'golang-golang-x-mod-dev is not installed';

/**
 * Reads what the witness made, and makes what the witness reads. The cosignature is checked by a verifier of the program's
 * own over crypto/ed25519, as a client of the `note` package brings one.
 */
const PROGRAM = String.raw`
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type input struct {
	Note, Log, Witness string
	Signer, Text       string
	Entries            int
	Proofs             []struct {
		From, To int64
		Proof    [][]byte
	}
}

func main() {
	var in input
	must(json.NewDecoder(os.Stdin).Decode(&in))
	out := map[string]interface{}{}

	log, err := note.NewVerifier(in.Log)
	must(err)
	parts := strings.SplitN(in.Witness, "+", 3)
	typed, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	var hash uint32
	fmt.Sscanf(parts[1], "%x", &hash)
	opened, err := note.Open([]byte(in.Note), note.VerifierList(log, cosigner{parts[0], hash, typed[1:]}))
	must(err)
	names := []string{}
	for _, sig := range opened.Sigs {
		names = append(names, sig.Name)
	}
	out["signed"] = names
	out["unverified"] = len(opened.UnverifiedSigs)

	signer, err := note.NewSigner(in.Signer)
	must(err)
	signed, err := note.Sign(&note.Note{Text: in.Text}, signer)
	must(err)
	out["note"] = string(signed)
	skey, vkey, err := note.GenerateKey(bytes.NewReader(make([]byte, 64)), "go.example/log")
	must(err)
	out["skey"], out["vkey"] = skey, vkey

	hashes := []tlog.Hash{}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := []tlog.Hash{}
		for _, i := range indexes {
			found = append(found, hashes[i])
		}
		return found, nil
	})
	for i := 0; i < in.Entries; i++ {
		added, err := tlog.StoredHashes(int64(i), []byte(fmt.Sprintf("entry %d", i)), reader)
		must(err)
		hashes = append(hashes, added...)
	}
	root := func(n int64) tlog.Hash {
		h, err := tlog.TreeHash(n, reader)
		must(err)
		return h
	}
	refused := 0
	for _, p := range in.Proofs {
		proof := tlog.TreeProof{}
		for _, h := range p.Proof {
			var hash tlog.Hash
			copy(hash[:], h)
			proof = append(proof, hash)
		}
		if tlog.CheckTree(proof, p.To, root(p.To), p.From, root(p.From)) != nil {
			refused++
		}
	}
	out["refused"] = refused
	made := []map[string]interface{}{}
	for _, p := range in.Proofs {
		proof, err := tlog.ProveTree(p.To, p.From, reader)
		must(err)
		list := [][]byte{}
		for _, h := range proof {
			list = append(list, append([]byte{}, h[:]...))
		}
		from, to := root(p.From), root(p.To)
		made = append(made, map[string]interface{}{"from": p.From, "to": p.To, "fromRoot": from[:], "toRoot": to[:], "proof": list})
	}
	out["made"] = made
	must(json.NewEncoder(os.Stdout).Encode(out))
}
`;

interface Answered {
  readonly signed: readonly string[];
  readonly unverified: number;
  readonly note: string;
  readonly skey: string;
  readonly vkey: string;
  readonly refused: number;
  readonly made: readonly {
    readonly from: number;
    readonly to: number;
    readonly fromRoot: string;
    readonly toRoot: string;
    readonly proof: readonly string[];
  }[];
}

async function go(input: object): Promise<Answered> {
  const { path, remove } = temporaryDirectory();
  try {
    await writeFile(join(path, 'main.go'), PROGRAM);
    const run = promisify(execFile)('go', ['run', 'main.go'], {
      cwd: path,
      env: { ...process.env, GO111MODULE: 'off', GOFLAGS: '', GOPATH },
      maxBuffer: 64 * 1024 * 1024,
    });
    run.child.stdin?.end(JSON.stringify(input));
    return JSON.parse((await run).stdout) as Answered;
  } finally {
    remove();
  }
}

describe.skipIf(missing !== undefined)(
  `Go's checksum database packages${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    it(
      'read the checkpoints, cosignatures and proofs made here, and theirs are read here',
      { timeout: 120_000 },
      async () => {
        const log = fakeLog('log.example/go');
        const witness = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
        const sizes = Array.from({ length: 40 }, (_, i) => i + 1);
        const proofs = sizes.flatMap((to) =>
          sizes.slice(0, to).map((from) => ({
            from,
            to,
            proof: log.proof(from, to).map((hash) => hash.toString('base64')),
          })),
        );
        const broken = { from: 3, to: 7, proof: log.proof(3, 8).map((hash) => hash.toString('base64')) };
        const answered = await go({
          Note: `${log.checkpoint(5)}${cosign(witness, log.text(5), 1_790_000_000)}`,
          Log: log.key.verifier.text,
          Witness: witness.verifier.text,
          Signer: log.key.text,
          Text: log.text(7),
          Entries: 40,
          Proofs: [...proofs, broken],
        });

        expect(answered.signed).toEqual(['log.example/go', 'witness.example/w1']);
        expect(answered.unverified).toBe(0);
        // Ed25519 signs the same text with the same key to the same bytes.
        expect(answered.note).toBe(log.checkpoint(7));
        const note = parseNote(answered.note);
        expect(note === null ? null : signedBy(note, log.key.verifier)).toHaveLength(1);
        expect(parseVerifierKey(answered.vkey, SIGNATURE_TYPE.note)?.text).toBe(answered.vkey);
        expect(parseSignerKey(answered.skey, SIGNATURE_TYPE.note)?.verifier.text).toBe(answered.vkey);

        expect(answered.refused).toBe(1);
        const hash = (text: string): Buffer => Buffer.from(text, 'base64');
        expect(answered.made).toHaveLength(proofs.length + 1);
        for (const { from, to, fromRoot, toRoot, proof } of answered.made) {
          expect(hash(toRoot)).toEqual(log.root(to));
          const heads = [
            { size: from, root: hash(fromRoot) },
            { size: to, root: hash(toRoot) },
          ] as const;
          expect([from, to, isConsistent(...heads, proof.map(hash))]).toEqual([from, to, true]);
        }
      },
    );
  },
);
