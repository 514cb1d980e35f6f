/**
 * The C2SP tlog-tiles view beside the journal: every tile and bundle that is there must be what the journal gives, and
 * every one that the published checkpoint needs must be there.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Reporter } from './report.ts';

const WIDTH = 256;
const TILE = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Every file below a directory, paths with `/`. */
function filesBelow(root: string, directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(root, `${directory}/${entry.name}`) : [`${directory}/${entry.name}`],
  );
}

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

export function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

export interface PublishedView {
  /** Bytes of the published checkpoint; null before the first publication. */
  readonly checkpoint: Buffer | null;
  /** Paths of all files below tile/. */
  readonly paths: ReadonlySet<string>;
  /** Partial tiles by path: they go away when a later checkpoint is published. */
  readonly partial: ReadonlyMap<string, Buffer>;
}

/** Reads the published view so that its parts belong together although a writer may be publishing. */
export function readPublished(log: string): PublishedView {
  for (;;) {
    const checkpoint = readOrNull(join(log, 'checkpoint'));
    try {
      const paths = statSync(join(log, 'tile'), { throwIfNoEntry: false }) === undefined ? [] : filesBelow(log, 'tile');
      const partial = new Map(
        paths.filter((path) => path.includes('.p/')).map((path) => [path, readFileSync(join(log, path))]),
      );
      const after = readOrNull(join(log, 'checkpoint'));
      if (checkpoint === null ? after === null : after?.equals(checkpoint))
        return { checkpoint, paths: new Set(paths), partial };
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}

function pathOf(level: number | 'entries', index: number, width: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const groups = digits.match(/\d{3}/g) ?? [];
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${name}${width === WIDTH ? '' : `.p/${width}`}`;
}

/** Takes the tree as it grows and compares it with the files. */
export class TileCheck {
  readonly #log: string;
  readonly #view: PublishedView;
  readonly #report: Reporter;
  readonly #seen = new Set<string>();
  /** Newest tile of each level and the newest bundle: parts so far. */
  readonly #newest = new Map<number | 'entries', Buffer[]>();
  /** Levels that have partial tiles: only there every width must be looked at. */
  readonly #partialLevels: ReadonlySet<string>;

  constructor(log: string, view: PublishedView, report: Reporter) {
    this.#log = log;
    this.#view = view;
    this.#report = report;
    this.#partialLevels = new Set([...view.partial.keys()].map((path) => path.split('/')[1] ?? ''));
  }

  /** The next entry. */
  entry(index: number, entry: Buffer): void {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    this.#add('entries', index, Buffer.concat([length, entry]));
  }

  /** The next perfect subtree, by height; tiles hold those of every eighth. */
  node(height: number, position: number, hash: Buffer): void {
    if (height % 8 === 0) this.#add(height / 8, position, hash);
  }

  /** Hashes of the newest, not full tile of each level, joined, hex: the form a segment's state has them in. */
  state(): readonly string[] {
    const levels = [...this.#newest.keys()].filter((level) => level !== 'entries');
    return levels.map((level) => Buffer.concat(this.#newest.get(level) ?? []).toString('hex'));
  }

  /** @param published size of the published checkpoint. */
  end(published: number): void {
    const needed: string[] = [];
    for (let level = 0, nodes = published; nodes > 0; level++, nodes = Math.floor(nodes / WIDTH)) {
      const both = level === 0 ? (['entries', 0] as const) : [level];
      for (let index = 0; index * WIDTH < nodes; index++)
        for (const of of both) needed.push(pathOf(of, index, Math.min(WIDTH, nodes - index * WIDTH)));
    }
    for (const path of needed)
      if (!this.#view.paths.has(path))
        this.#report.finding('tile-missing', 'The published checkpoint needs this file.', path);
    for (const path of this.#view.paths)
      if (!TILE.test(path)) this.#report.finding('unknown-file', 'This file does not belong to the log.', path);
      else if (!this.#seen.has(path))
        this.#report.finding('tile', 'It covers events that the journal does not have.', path);
    this.#report.checked('tiles and entry bundles for outside readers', this.#seen.size, 'comparison with the journal');
  }

  #add(level: number | 'entries', index: number, part: Buffer): void {
    const parts = this.#newest.get(level) ?? [];
    parts.push(part);
    this.#newest.set(level, parts.length === WIDTH ? [] : parts);
    if (parts.length < WIDTH && !this.#partialLevels.has(String(level))) return;
    const path = pathOf(level, Math.floor(index / WIDTH), parts.length);
    if (!this.#view.paths.has(path)) return;
    this.#seen.add(path);
    const found = this.#view.partial.get(path) ?? readOrNull(join(this.#log, path));
    if (found === null || !found.equals(Buffer.concat(parts)))
      this.#report.finding('tile', 'It differs from the journal.', path);
  }
}
