/** The copy of a log in a store (docs/log-format.md, "In a store"): events in chunks, blobs as objects of their own. */
import { hash } from 'node:crypto';
import { splitEntries, type Blob } from './frames.ts';
import { LARGEST_TILE, SMALL } from './local-log.ts';
import { LogCheck, type CheckOptions, type LogResult } from './log-check.ts';
import { type Reporter } from './report.ts';
import { type Erasures } from './erasures.ts';
import { REFERENCE } from './sealed.ts';
import { forEach, loaded, type StoredObject, type StoreReader } from './store.ts';
import { type TileFiles } from './tiles.ts';

const LARGEST_CHUNK = 256 * 1024 * 1024;
const LARGEST_BLOB = 64 * 1024 * 1024;
/** Chunks read ahead of the one that is judged. */
const AHEAD = 4;

const NUMBER = /^\d{20}$/;
const COSIGNATURE = /^(\d{20})\/([^/]+)$/;
const ADDRESS = /^[0-9a-f]{64}$/;

/** The objects of one log by what they are. */
interface Listing {
  readonly chunks: StoredObject[];
  readonly notes: StoredObject[];
  readonly cosignatures: StoredObject[];
  readonly stamps: StoredObject[];
  readonly tiles: Map<string, StoredObject>;
  /** Addresses of blobs that no event has named yet. */
  readonly blobs: Set<string>;
  /** Blobs of which there are versions: what is read is the oldest. */
  readonly versions: Map<string, string>;
  identity: StoredObject | undefined;
}

export async function checkCopy(
  store: StoreReader,
  id: string,
  options: CheckOptions,
  erasures: Erasures,
  report: Reporter,
): Promise<LogResult> {
  const listing = await list(store, id, erasures, report);
  const illegible = (key: string): void =>
    report.finding('unreadable', 'It is listed and cannot be read, or is longer than such an object can be.', key);
  const numbered = async (objects: readonly StoredObject[]): Promise<ReadonlyMap<number, Buffer>> => {
    const found = new Map<number, Buffer>();
    await forEach(objects, async ({ key, version }) => {
      const bytes = await store.read(key, version, SMALL);
      if (bytes === null) illegible(key);
      else found.set(numberIn(key), bytes);
    });
    return new Map([...found].sort(([a], [b]) => a - b));
  };
  const notes = await numbered(listing.notes);
  // What came while the objects were listed is over checkpoints that were not listed.
  const newest = Math.max(0, ...notes.keys());
  const late = [...listing.cosignatures, ...listing.stamps].filter((object) => sizeOf(object) > newest);
  await forEach(late, async (object) => {
    const checkpoint = `${id}/checkpoint/${String(sizeOf(object)).padStart(20, '0')}`;
    if ((await store.read(checkpoint, null, SMALL)) === null)
      report.finding('anchor', 'There is no checkpoint of this size that it could be a signature over.', object.key);
  });
  const cosignatures = new Map<number, { readonly name: string; readonly bytes: Buffer }[]>();
  await forEach(listing.cosignatures, async (object) => {
    const { key, version } = object;
    const size = sizeOf(object);
    const bytes = size > newest ? null : await store.read(key, version, SMALL);
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (bytes !== null) cosignatures.set(size, [...(cosignatures.get(size) ?? []), { name, bytes }]);
    else if (size <= newest) illegible(key);
  });
  const tiles = new StoredTiles(store, listing.tiles);
  const check = new LogCheck(
    {
      id,
      source: store.name,
      lookAgain: null,
      logJson:
        listing.identity === undefined ? null : await store.read(listing.identity.key, listing.identity.version, SMALL),
      notes,
      notesBelow: 'checkpoint',
      published: null,
      cosignatures,
      stamps: await numbered(listing.stamps.filter((object) => sizeOf(object) <= newest)),
      tiles,
    },
    options,
    null,
    erasures,
    report,
  );
  const whole = await readChunks(store, id, listing, check, tiles, report);
  const result = check.end(whole, false);
  if (listing.blobs.size > 0)
    report.notChecked(
      `What ${listing.blobs.size} blobs of ${id} in the store are for: no event there names them. They come before their events, so an upload was interrupted or goes on.`,
    );
  return result;
}

/** Size of the checkpoint that a cosignature or time stamp is over. */
const sizeOf = ({ key }: StoredObject): number => Number(/\/(?:cosig|stamp)\/(\d{20})/.exec(key)?.[1]);
const numberIn = (key: string): number => Number(key.slice(key.lastIndexOf('/') + 1));

async function list(store: StoreReader, id: string, erasures: Erasures, report: Reporter): Promise<Listing> {
  const listing: Listing = {
    chunks: [],
    notes: [],
    cosignatures: [],
    stamps: [],
    tiles: new Map(),
    blobs: new Set(),
    versions: new Map(),
    identity: undefined,
  };
  for await (const object of store.list(`${id}/`)) {
    const { key, version, overlaid, hidden, readable } = object;
    const [folder = '', ...names] = key.slice(id.length + 1).split('/');
    const name = names.join('/');
    if (folder.startsWith('.') || names.some((part) => part.startsWith('.'))) continue;
    if (overlaid > 0)
      report.finding(
        'overlaid',
        'Something was laid over this object later; the first version is what is judged.',
        key,
      );
    if (hidden && folder === 'blob') erasures.gone(id, name, 'hidden', key);
    else if (hidden)
      report.finding('delete-marker', 'Somebody deleted this object, so that it seems not to be there.', key);
    if (folder === 'blob' && ADDRESS.test(name)) {
      if (!readable) continue;
      listing.blobs.add(name);
      if (version !== null && (overlaid > 0 || hidden)) listing.versions.set(name, version);
    } else if (!readable) {
      if (!hidden)
        report.finding('unknown-file', 'It cannot be read as an object of the log: it is a link, or no file.', key);
    } else if (folder === 'chunk' && NUMBER.test(name)) listing.chunks.push(object);
    else if (folder === 'checkpoint' && NUMBER.test(name)) listing.notes.push(object);
    else if (folder === 'stamp' && NUMBER.test(name)) listing.stamps.push(object);
    else if (folder === 'cosig' && COSIGNATURE.test(name)) listing.cosignatures.push(object);
    else if (folder === 'tile') listing.tiles.set(`tile/${name}`, object);
    else if (folder === 'log.json' && name === '') listing.identity = object;
    else report.finding('unknown-file', 'This object does not belong to the log.', key);
  }
  return listing;
}

/** Takes the chunks in the order of their first index. Gives false when one is missing or does not read. */
async function readChunks(
  store: StoreReader,
  id: string,
  listing: Listing,
  check: LogCheck,
  tiles: StoredTiles,
  report: Reporter,
): Promise<boolean> {
  const stop = (code: string, sentence: string, where: string): false => {
    report.finding(code, sentence, where);
    report.notChecked(`What lies behind the first unreadable chunk of ${id}.`);
    return false;
  };
  const load = async ({
    key,
    version,
  }: StoredObject): Promise<{ key: string; packed: Buffer | null; blobs: Map<string, Blob> }> => {
    const packed = await store.read(key, version, LARGEST_CHUNK);
    return { key, packed, blobs: packed === null ? new Map() : await blobsOf(store, id, packed, listing) };
  };
  let chunks = 0;
  for await (const { key, packed, blobs } of loaded(listing.chunks, load, AHEAD)) {
    const first = numberIn(key);
    if (first !== check.size)
      return stop('chunk-missing', `It begins at event ${first}, but ${check.size} come before it.`, key);
    const entries = packed === null ? null : splitEntries(packed);
    if (packed === null || entries === null || entries.length === 0)
      return stop('chunk', 'It does not read as entries of a log.', key);
    check.run({ where: key, first, entries, packed, blobs });
    await tiles.settled();
    chunks++;
  }
  report.checked('chunks of events in a store', chunks, 'the Merkle root over their entries');
  return true;
}

/** The blobs that the entries of a chunk name, as far as they are there. */
async function blobsOf(store: StoreReader, id: string, packed: Buffer, listing: Listing): Promise<Map<string, Blob>> {
  const blobs = new Map<string, Blob>();
  const named = new Set(Array.from(packed.toString('latin1').matchAll(REFERENCE), ([, address = '']) => address));
  await forEach(named, async (address) => {
    // Also when it was not listed: it may have come while the objects were.
    const bytes = await store.read(`${id}/blob/${address}`, listing.versions.get(address) ?? null, LARGEST_BLOB);
    listing.blobs.delete(address);
    if (bytes !== null)
      blobs.set(address, { bytes, state: hash('sha256', bytes, 'hex') === address ? 'whole' : 'broken' });
  });
  return blobs;
}

class StoredTiles implements TileFiles {
  readonly #store: StoreReader;
  readonly #objects: ReadonlyMap<string, StoredObject>;
  #waiting: { readonly object: StoredObject; readonly expected: Buffer; readonly differs: () => void }[] = [];

  constructor(store: StoreReader, objects: ReadonlyMap<string, StoredObject>) {
    this.#store = store;
    this.#objects = objects;
  }

  has(path: string): boolean {
    return this.#objects.has(path);
  }

  paths(): Iterable<string> {
    return this.#objects.keys();
  }

  compare(path: string, expected: Buffer, differs: () => void): void {
    const object = this.#objects.get(path);
    if (object !== undefined) this.#waiting.push({ object, expected, differs });
  }

  /** Compares what waits: tiles are read from the store after the chunk that completes them. */
  async settled(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await forEach(waiting, async ({ object: { key, version }, expected, differs }) => {
      const bytes = await this.#store.read(key, version, LARGEST_TILE);
      if (!bytes?.equals(expected)) differs();
    });
  }
}
