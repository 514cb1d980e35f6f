/**
 * The C2SP tlog-tiles view of a log: every tile and bundle that is there must be what the entries give, and every one that
 * a reader of the published checkpoint needs must be there.
 */
import { type Digest } from './merkle.ts';
import { type Reporter } from './report.ts';

const WIDTH = 256;
const TILE = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** The files below tile/ of one log, wherever they lie. */
export interface TileFiles {
  has(path: string): boolean;
  paths(): Iterable<string>;
  /** Tells `differs` when the file does not hold just these bytes, at once or later. */
  compare(path: string, expected: Buffer, differs: () => void): void;
}

function pathOf(level: number | 'entries', index: number, width: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const groups = digits.match(/\d{3}/g) ?? [];
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${name}${width === WIDTH ? '' : `.p/${width}`}`;
}

/** Takes the tree as it grows and compares it with the files. */
export class TileCheck {
  readonly #logId: string;
  readonly #files: TileFiles;
  readonly #report: Reporter;
  readonly #seen = new Set<string>();
  /** Hashes of the newest, not full tile of each level. */
  readonly #newest: Digest[][] = [];
  #bundle = Buffer.allocUnsafe(WIDTH * 1024);
  #bundled = { entries: 0, bytes: 0 };
  /** Widths of the partial tiles that are there, by level and index. */
  readonly #partial = new Map<number | 'entries', Map<number, Set<number>>>();

  constructor(logId: string, files: TileFiles, report: Reporter) {
    this.#logId = logId;
    this.#files = files;
    this.#report = report;
    for (const path of files.paths()) {
      const [, level = '', name = '', width] = TILE.exec(path) ?? [];
      if (width === undefined) continue;
      const of = level === 'entries' ? level : Number(level);
      const tiles = this.#partial.get(of) ?? new Map<number, Set<number>>();
      const index = Number(name.replaceAll(/[x/]/g, ''));
      this.#partial.set(of, tiles.set(index, (tiles.get(index) ?? new Set()).add(Number(width))));
    }
  }

  /** The next entry: bytes `from` to before `to` of `packed`, the u16 of its length included. */
  entry(index: number, packed: Buffer, from: number, to: number): void {
    const { bytes, entries } = this.#bundled;
    const end = bytes + to - from;
    if (end > this.#bundle.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, 2 * this.#bundle.length));
      this.#bundle.copy(larger, 0, 0, bytes);
      this.#bundle = larger;
    }
    packed.copy(this.#bundle, bytes, from, to);
    this.#bundled = entries + 1 === WIDTH ? { entries: 0, bytes: 0 } : { entries: entries + 1, bytes: end };
    this.#compare('entries', index, entries + 1, () => Buffer.from(this.#bundle.subarray(0, end)));
  }

  /** The next perfect subtree, by height; tiles hold those of every eighth. */
  node(height: number, position: number, hash: Digest): void {
    if (height % 8 !== 0) return;
    const level = height / 8;
    const parts = (this.#newest[level] ??= []);
    parts.push(hash);
    this.#compare(level, position, parts.length, () => Buffer.from(parts.join(''), 'latin1'));
    if (parts.length === WIDTH) this.#newest[level] = [];
  }

  /** Hashes of the newest, not full tile of each level, joined, hex: the form a segment's state has them in. */
  state(): readonly string[] {
    return this.#newest.map((parts) => Buffer.from(parts.join(''), 'latin1').toString('hex'));
  }

  /** @param published size of the checkpoint whose readers need the tiles; `partial`: those that are not full, too. */
  end(published: number, partial: boolean): void {
    for (let level = 0, nodes = published; nodes > 0; level++, nodes = Math.floor(nodes / WIDTH)) {
      for (const of of level === 0 ? (['entries', 0] as const) : [level])
        for (let index = 0; index * WIDTH < nodes; index++) {
          const width = Math.min(WIDTH, nodes - index * WIDTH);
          const path = pathOf(of, index, width);
          if ((partial || width === WIDTH) && !this.#files.has(path))
            this.#finding('tile-missing', 'The published checkpoint needs this file.', path);
        }
    }
    for (const path of this.#files.paths())
      if (!TILE.test(path)) this.#finding('unknown-file', 'This file does not belong to the log.', path);
      else if (!this.#seen.has(path)) this.#finding('tile', 'It covers events that the log does not have.', path);
    this.#report.checked('tiles and entry bundles for outside readers', this.#seen.size, 'comparison with the events');
  }

  /** The next part of a tile: compares the tile where one of this width is there. */
  #compare(level: number | 'entries', position: number, width: number, expected: () => Buffer): void {
    const index = Math.floor(position / WIDTH);
    if (width < WIDTH && this.#partial.get(level)?.get(index)?.has(width) !== true) return;
    const path = pathOf(level, index, width);
    if (!this.#files.has(path)) return;
    this.#seen.add(path);
    this.#files.compare(path, expected(), () => this.#finding('tile', 'It differs from the events.', path));
  }

  #finding(code: string, sentence: string, path: string): void {
    this.#report.finding(code, sentence, `${this.#logId}/${path}`);
  }
}
