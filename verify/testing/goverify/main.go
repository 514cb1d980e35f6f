// Command goverify checks a log that Countersign wrote with the packages of the Go checksum database, which know nothing of
// Countersign: the signature of its checkpoint, the root over all entries, every tile against them, proofs of
// inclusion, and the consistency with an older checkpoint.
//
//	goverify LOG-DIRECTORY VERIFIER-KEY [OLDER-CHECKPOINT]
//
// Exit codes: 0 good, 1 not good (what is wrong is named on standard error), 2 wrong use.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Tiles of C2SP tlog-tiles hold the hashes of 2^8 subtrees; bundles as many entries.
const (
	height = 8
	width  = 1 << height
)

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fmt.Fprintln(os.Stderr, "usage: goverify LOG-DIRECTORY VERIFIER-KEY [OLDER-CHECKPOINT]")
		os.Exit(2)
	}
	older := ""
	if len(os.Args) == 4 {
		older = os.Args[3]
	}
	if err := verify(os.Args[1], os.Args[2], older); err != nil {
		fmt.Fprintln(os.Stderr, "not good:", err)
		os.Exit(1)
	}
}

func verify(directory, vkey, older string) error {
	tree, err := openCheckpoint(filepath.Join(directory, "checkpoint"), vkey)
	if err != nil {
		return err
	}
	// Hashes of all perfect subtrees, recomputed from the entries.
	var stored []tlog.Hash
	own := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for first := int64(0); first < tree.N; first += width {
		entries, err := bundle(directory, first, min(width, tree.N-first))
		if err != nil {
			return err
		}
		for i, entry := range entries {
			hashes, err := tlog.StoredHashes(first+int64(i), entry, own)
			if err != nil {
				return err
			}
			stored = append(stored, hashes...)
		}
	}
	root, err := tlog.TreeHash(tree.N, own)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the root over the %d events is %v, and signed is %v", tree.N, root, tree.Hash)
	}
	for _, tile := range tilesOf(tree.N) {
		expected, err := tlog.ReadTileData(tile, own)
		if err != nil {
			return err
		}
		found, err := os.ReadFile(filepath.Join(directory, tilePath(tile)))
		if err != nil {
			return err
		}
		if !bytes.Equal(found, expected) {
			return fmt.Errorf("%s is not the tile of the entries", tilePath(tile))
		}
	}
	// What a client does that has only the checkpoint and the tiles.
	tiles := tlog.TileHashReader(tree, files(directory))
	for n := int64(0); n < tree.N; n += 1 + tree.N/16 {
		proof, err := tlog.ProveRecord(tree.N, n, tiles)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, stored[tlog.StoredHashIndex(0, n)]); err != nil {
			return fmt.Errorf("inclusion of event %d: %w", n, err)
		}
	}
	fmt.Printf("%d events under the signed root %v\n", tree.N, tree.Hash)
	if older == "" {
		return nil
	}
	before, err := openCheckpoint(older, vkey)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, before.N, tiles)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
		return fmt.Errorf("the log did not grow out of its first %d events: %w", before.N, err)
	}
	fmt.Printf("grown from %d events\n", before.N)
	return nil
}

// openCheckpoint checks the signature of a note and reads origin, size and root out of it.
func openCheckpoint(path, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("%s: %w", path, err)
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("%s is not a checkpoint of %s", path, verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return tlog.Tree{}, fmt.Errorf("%s: the size %q", path, lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("%s: the root %q", path, lines[2])
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// tilesOf lists the tiles of a tree of n entries: the last one of each level may not be full.
func tilesOf(n int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; n > 0; level, n = level+1, n/width {
		for first := int64(0); first < n; first += width {
			tiles = append(tiles, tlog.Tile{H: height, L: level, N: first / width, W: int(min(width, n-first))})
		}
	}
	return tiles
}

// tilePath is where C2SP tlog-tiles has a tile: without the height.
func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
}

type files string

func (files) Height() int { return height }

func (directory files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		read, err := os.ReadFile(filepath.Join(string(directory), tilePath(tile)))
		if err != nil {
			return nil, err
		}
		data[i] = read
	}
	return data, nil
}

func (files) SaveTiles([]tlog.Tile, [][]byte) {}

// bundle reads the entries from first on, count of them, each behind two bytes of its length.
func bundle(directory string, first, count int64) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: 0, N: first / width, W: int(count)}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", height), "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(directory, path))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New(path + " ends within an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if int64(len(entries)) != count {
		return nil, fmt.Errorf("%s holds %d entries and not %d", path, len(entries), count)
	}
	return entries, nil
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
