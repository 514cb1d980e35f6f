/**
 * A disk that forgets, for tests of the journal. What was written and not synced survives a power cut sector by sector, by
 * chance, torn or not, in any order; names survive as a prefix of what was done to directories; a failed sync drops
 * what it did not write and calls it clean. Everything is decided by the seed.
 */
import { basename, dirname } from 'node:path';
import { type Io, type JournalFile } from '../journal/io.ts';

const SECTOR = 512;

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The files below one folder of a disk. */
export function folder(io: Io, name: string): Io {
  const at = (path: string): string => (path === '.' ? name : `${name}/${path}`);
  return {
    list: (directory) => io.list(at(directory)),
    size: (path) => io.size(at(path)),
    read: (path, position, length) => io.read(at(path), position, length),
    open: (path, how) => io.open(at(path), how),
    rename: (from, to) => io.rename(at(from), at(to)),
    remove: (path) => io.remove(at(path)),
    makeDirectory: (path) => io.makeDirectory(at(path)),
    syncDirectory: (path) => io.syncDirectory(at(path)),
  };
}

/** The process or the machine stopped here. */
export class Stopped extends Error {}

const diskError = (code: string): Error => Object.assign(new Error(code), { code });

interface Inode {
  /** What a running system reads. */
  cache: Buffer;
  /** What is on the platter. */
  durable: Buffer;
  readonly dirty: Set<number>;
}

interface NameChange {
  readonly directories: readonly string[];
  readonly apply: (names: Map<string, Inode>) => void;
}

export class SimulatedDisk {
  readonly #random: () => number;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #changes: NameChange[] = [];
  #stopped = false;
  /** Operations that change something until everything stops. */
  stopAfter = Infinity;
  /** Syncs until one fails. */
  failSyncAfter = Infinity;
  /** Bytes that files may hold together. */
  capacity = Infinity;
  /** What happened, in order: `write PATH`, `sync PATH`, ... */
  readonly trace: string[] = [];

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** All files as a running system reads them. */
  files(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#names].map(([path, inode]) => [path, inode.cache]));
  }

  /** Changes a file behind the journal's back. */
  tamper(path: string, change: (bytes: Buffer) => void): void {
    const inode = this.#inode(path);
    change(inode.cache);
    change(inode.durable);
  }

  /** Puts all files back to how they were. */
  restore(files: ReadonlyMap<string, Buffer>, which: (path: string) => boolean): void {
    for (const path of [...this.#names.keys()].filter(which)) this.#names.delete(path);
    for (const [path, bytes] of files)
      if (which(path))
        this.#names.set(path, { cache: Buffer.from(bytes), durable: Buffer.from(bytes), dirty: new Set() });
    this.#durableNames = new Map(this.#names);
    this.#changes = [];
  }

  /** Starts again after the process was killed (`kill`: the cache stays) or the power was cut. */
  restart(how: 'kill' | 'power'): void {
    this.#stopped = false;
    this.stopAfter = Infinity;
    this.failSyncAfter = Infinity;
    if (how === 'kill') return;
    const names = new Map(this.#durableNames);
    const kept = Math.floor(this.#random() * (this.#changes.length + 1));
    for (const change of this.#changes.slice(0, kept)) change.apply(names);
    for (const inode of new Set([...names.values(), ...this.#names.values()])) {
      if (inode.durable.length !== inode.cache.length && this.#random() < 0.5)
        inode.durable = resize(inode.durable, inode.cache.length);
      this.#writeBack(inode, 0.5);
      inode.cache = Buffer.from(inode.durable);
    }
    this.#names = names;
    this.#durableNames = new Map(names);
    this.#changes = [];
  }

  io(): Io {
    return {
      list: (directory) =>
        [...this.#names.keys()]
          .filter((path) => dirname(path) === directory)
          .map((path) => basename(path))
          .sort(),
      size: (path) => this.#names.get(path)?.cache.length ?? null,
      read: (path, position = 0, length = Infinity) => {
        const bytes = this.#names.get(path)?.cache;
        return bytes === undefined
          ? null
          : Buffer.from(bytes.subarray(position, position + Math.min(length, bytes.length)));
      },
      open: (path, how) => this.#open(path, how),
      rename: (from, to) => {
        this.#step(`rename ${from} ${to}`);
        this.#change([dirname(from), dirname(to)], (names) => {
          const inode = names.get(from);
          if (inode === undefined) return;
          names.delete(from);
          names.set(to, inode);
        });
      },
      remove: (path) => {
        this.#step(`remove ${path}`);
        this.#change([dirname(path)], (names) => void names.delete(path));
      },
      makeDirectory: () => this.#step('makeDirectory'),
      syncDirectory: (path) => {
        this.#step(`syncDirectory ${path}`);
        const last = this.#changes.findLastIndex((change) => change.directories.includes(path));
        for (const change of this.#changes.splice(0, last + 1)) change.apply(this.#durableNames);
      },
    };
  }

  #open(path: string, how: 'create' | 'write'): JournalFile {
    this.#step(`open ${path}`);
    if (how === 'create') {
      const known = this.#names.get(path);
      if (known === undefined) {
        const inode: Inode = { cache: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: new Set() };
        this.#change([dirname(path)], (names) => void names.set(path, inode));
      } else known.cache = Buffer.alloc(0);
    }
    const inode = this.#inode(path);
    return {
      write: (bytes, position) => {
        this.#step(`write ${path}`);
        const end = position + bytes.length;
        if (end > inode.cache.length) {
          if (this.#used() + end - inode.cache.length > this.capacity) throw diskError('ENOSPC');
          inode.cache = resize(inode.cache, end);
        }
        inode.cache.set(bytes, position);
        for (let sector = Math.floor(position / SECTOR); sector * SECTOR < end; sector++) inode.dirty.add(sector);
      },
      sync: () => {
        this.#step(`sync ${path}`);
        inode.durable = resize(inode.durable, inode.cache.length);
        const fails = --this.failSyncAfter <= 0;
        this.#writeBack(inode, fails ? 0.5 : 1);
        if (!fails) return;
        this.failSyncAfter = Infinity;
        throw diskError('EIO');
      },
      hasName: () => [...this.#names.values()].includes(inode),
      close: () => undefined,
    };
  }

  /** Writes each dirty sector with this chance, some of them in part, and calls all of them clean. */
  #writeBack(inode: Inode, chance: number): void {
    for (const sector of inode.dirty) {
      if (this.#random() >= chance) continue;
      const torn = chance < 1 && this.#random() < 0.2 ? Math.floor(this.#random() * SECTOR) : SECTOR;
      const from = sector * SECTOR;
      const to = Math.min(from + torn, inode.durable.length, inode.cache.length);
      if (from < to) inode.cache.copy(inode.durable, from, from, to);
    }
    inode.dirty.clear();
  }

  #change(directories: readonly string[], apply: (names: Map<string, Inode>) => void): void {
    apply(this.#names);
    this.#changes.push({ directories, apply });
  }

  #step(what: string): void {
    if (this.#stopped || --this.stopAfter <= 0) {
      this.#stopped = true;
      throw new Stopped();
    }
    this.trace.push(what);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw diskError('ENOENT');
    return inode;
  }

  #used(): number {
    return [...this.#names.values()].reduce((sum, inode) => sum + inode.cache.length, 0);
  }
}

function resize(bytes: Buffer, length: number): Buffer {
  if (length <= bytes.length) return bytes.subarray(0, length);
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
}
