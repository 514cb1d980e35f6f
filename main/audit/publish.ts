/**
 * The C2SP tlog-tiles view of a log, derived from the journal and off the hot path: full tiles and entry bundles as they
 * fill; checkpoints; and the partial tiles of the newest published checkpoint, so that the directory can be read by any
 * tlog-tiles client.
 */
import { packEntries } from './journal/frame.ts';
import { putFile, type Io } from './journal/io.ts';
import { TILE_WIDTH, type FullTile, type Tree } from './merkle.ts';
import { checkpointText, type Signer } from './note.ts';
import { checkpointPath, tilePath } from './paths.ts';
import { type Shelf } from './shelf.ts';

/** A checkpoint of a log. */
export interface SignedTree {
  /** Entries. */
  readonly size: number;
  /** Merkle tree hash over them, hex. */
  readonly root: string;
  /** The signed note. */
  readonly note: string;
}

/** The partial tiles of a tree of this size. */
function partialPaths(size: number): readonly string[] {
  const paths: string[] = [];
  for (let level = 0, nodes = size; nodes > 0; level++, nodes = Math.floor(nodes / TILE_WIDTH)) {
    const width = nodes % TILE_WIDTH;
    if (width === 0) continue;
    const index = Math.floor(nodes / TILE_WIDTH);
    paths.push(tilePath(level, index, width));
    if (level === 0) paths.push(tilePath('entries', index, width));
  }
  return paths;
}

export class Publisher {
  readonly #io: Io;
  readonly #signer: Signer;
  /** Entries of the newest bundle that is not yet full; undefined until a bundle's first entry comes by. */
  #bundle: Buffer[] | undefined;
  readonly #pending: { readonly path: string; readonly bytes: () => Buffer }[] = [];
  /** Written, not yet on stable storage. */
  #unsynced: string[] = [];
  #durable = 0;
  readonly #shelf: Shelf;
  #checkpointed: number;
  #published: number;

  /** @param durable entries below this have their tiles on stable storage; @param published size of the published checkpoint. */
  constructor(io: Io, signer: Signer, durable: number, shelf: Shelf, published: number) {
    this.#io = io;
    this.#signer = signer;
    this.#durable = durable;
    this.#shelf = shelf;
    this.#checkpointed = shelf.newest;
    this.#published = published;
  }

  /** Entries below this have all their full tiles on stable storage. */
  get durable(): number {
    return this.#durable;
  }

  /** Size of the newest checkpoint signed. */
  get checkpointed(): number {
    return this.#checkpointed;
  }

  /** Takes the entry at `index` and the tiles it filled, in order of index. */
  add(index: number, entry: Buffer, tiles: readonly FullTile[]): void {
    if (index % TILE_WIDTH === 0) this.#bundle = [];
    this.#bundle?.push(entry);
    if (index < this.#durable || (index + 1) % TILE_WIDTH !== 0) return;
    const bundle = this.#bundle;
    if (bundle === undefined) return;
    this.#pending.push({ path: tilePath('entries', (index + 1) / TILE_WIDTH - 1), bytes: () => packEntries(bundle) });
    for (const { level, index: at, hashes } of tiles)
      this.#pending.push({ path: tilePath(level, at), bytes: () => Buffer.concat(hashes) });
  }

  /** The log was closed and published at this size: every tile is known to be in place. */
  trust(size: number): void {
    this.#pending.length = 0;
    this.#durable = size - (size % TILE_WIDTH);
  }

  /** Writes the tiles that have become full. */
  flush(): void {
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      putFile(this.#io, next.path, next.bytes(), { durable: false });
      this.#unsynced.push(next.path);
      this.#pending.shift();
    }
  }

  /** Brings every full tile to stable storage, each with the directories that lead to it. */
  sync(size: number): void {
    this.flush();
    const directories = new Set<string>();
    for (const path of this.#unsynced) {
      const file = this.#io.open(path, 'write');
      try {
        file.sync();
      } finally {
        file.close();
      }
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
        directories.add(path.slice(0, at));
    }
    for (const directory of directories) this.#io.syncDirectory(directory);
    this.#unsynced = [];
    this.#durable = size - (size % TILE_WIDTH);
  }

  /** Signs the tree as it is, which must be on stable storage, and stores the note durably. Once for each size. */
  checkpoint(tree: Tree): SignedTree {
    const root = tree.root();
    const signed = { size: tree.size, root: root.toString('hex') };
    const known = tree.size === this.#checkpointed ? this.#io.read(checkpointPath(tree.size)) : null;
    if (known !== null) return { ...signed, note: known.toString() };
    const note = this.#signer.signNote(checkpointText(this.#signer.name, tree.size, root));
    putFile(this.#io, checkpointPath(tree.size), Buffer.from(note), { durable: true });
    this.#checkpointed = tree.size;
    this.#shelf.add(tree.size);
    this.#shelf.clear(this.#published);
    return { ...signed, note };
  }

  /** Makes the directory a complete tlog-tiles log of the tree as it is. */
  publish(tree: Tree): void {
    this.checkpoint(tree);
    if (tree.size === this.#published || this.#bundle === undefined) return;
    this.sync(tree.size);
    const before = partialPaths(this.#published);
    const now = partialPaths(tree.size);
    for (const path of now) {
      const level = path.split('/')[1] ?? '';
      const bytes = level === 'entries' ? packEntries(this.#bundle) : Buffer.concat(tree.levels[Number(level)] ?? []);
      putFile(this.#io, path, bytes, { durable: true });
    }
    const note = this.#io.read(checkpointPath(tree.size));
    if (note !== null) putFile(this.#io, 'checkpoint', note, { durable: true });
    this.#published = tree.size;
    for (const path of before) if (!now.includes(path)) this.#io.remove(path);
  }
}
