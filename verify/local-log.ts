/** A log in the directory of its writer (docs/log-format.md, "The log on disk"). The log may be in use meanwhile. */
import { join } from 'node:path';
import { filesBelow, isAbsent, isDirectory, listDirectory, readFile, readIfThere, Unreadable } from './files.ts';
import { walkJournal, wholeBlobs } from './journal.ts';
import { type LogFiles, LogCheck, type CheckOptions, type LogResult } from './log-check.ts';
import { type Reporter } from './report.ts';
import { type Erasures } from './erasures.ts';
import { type DeadMark } from './succession.ts';
import { type TileFiles } from './tiles.ts';

/** More than any note, identity, cosignature or time stamp holds. */
export const SMALL = 1024 * 1024;
/** A bundle of 256 entries of 65,535 bytes. */
export const LARGEST_TILE = 256 * (2 + 65_535);

const NUMBER = /^\d{20}$/;
/** What a log's directory holds besides the folders read here. */
const OWN = new Set(['log.json', 'checkpoint', 'dead.json', 'upload.json', 'LOCK', 'tmp']);
const FOLDERS = new Set(['journal', 'checkpoints', 'tile', 'cosig', 'stamp']);

/** Checks one log. */
export function checkLocalLog(
  path: string,
  id: string,
  dead: DeadMark | null,
  options: CheckOptions,
  erasures: Erasures,
  report: Reporter,
): LogResult {
  const state = { dead: dead !== null, atRest: options.atRest };
  // Signatures and derived files first: the journal, read last, has at least what they cover.
  const files = {
    ...readFiles(path, id, report),
    lookAgain: (wanted: ReadonlySet<string>) => wholeBlobs(path, id, state, wanted),
  };
  const check = new LogCheck(files, options, dead, erasures, report);
  const whole = walkJournal(
    path,
    id,
    state,
    {
      segment: (segment) => check.segment(segment),
      frame(frame) {
        const named = check.run(frame);
        for (const address of frame.blobs.keys())
          if (!named.has(address))
            report.finding('blob-unnamed', `No event of its frame names the blob ${address}.`, frame.where);
      },
    },
    report,
  );
  return check.end(whole, true);
}

function readFiles(path: string, id: string, report: Reporter): Omit<LogFiles, 'lookAgain'> {
  const strange = (name: string): void =>
    report.finding('unknown-file', 'This file does not belong to the log.', `${id}/${name}`);
  for (const { name, ...entry } of listDirectory(path).map((each) => ({
    name: each.name,
    folder: each.isDirectory(),
    file: each.isFile(),
  })))
    if (!(FOLDERS.has(name) ? entry.folder : OWN.has(name) ? entry.file || name === 'tmp' : name.startsWith('.')))
      strange(name);
  const published = readPublished(path, report, id);
  const cosignatures = new Map<number, { readonly name: string; readonly bytes: Buffer }[]>();
  for (const { path: name, bytes } of smallFiles(path, 'cosig', strange)) {
    const [size = '', witness = '', ...more] = name.split('/');
    if (!NUMBER.test(size) || more.length > 0) strange(`cosig/${name}`);
    else cosignatures.set(Number(size), [...(cosignatures.get(Number(size)) ?? []), { name: witness, bytes }]);
  }
  const numbered = (folder: string): ReadonlyMap<number, Buffer> => {
    const found = new Map<number, Buffer>();
    for (const { path: name, bytes } of smallFiles(path, folder, strange))
      if (NUMBER.test(name)) found.set(Number(name), bytes);
      else strange(`${folder}/${name}`);
    return found;
  };
  const stamps = numbered('stamp');
  return {
    id,
    source: path,
    ...published,
    cosignatures,
    stamps,
    notes: numbered('checkpoints'),
    notesBelow: 'checkpoints',
    logJson: readIfThere(join(path, 'log.json'), SMALL),
  };
}

/** Every file of a folder with what it holds; names that begin with a dot are being written. */
function* smallFiles(
  log: string,
  folder: string,
  strange: (name: string) => void,
): Generator<{ readonly path: string; readonly bytes: Buffer }> {
  for (const { path, regular } of filesBelow(join(log, folder))) {
    if (/(?:^|\/)\./.test(path)) continue;
    const bytes = regular ? readIfThere(join(log, folder, path), SMALL) : null;
    if (bytes !== null) yield { path, bytes };
    else if (!regular) strange(`${folder}/${path}`);
  }
}

/** Reads the published view so that its parts belong together although a writer may be publishing. */
function readPublished(
  log: string,
  report: Reporter,
  id: string,
): { readonly published: Buffer | null; readonly tiles: TileFiles } {
  for (;;) {
    const published = readIfThere(join(log, 'checkpoint'), SMALL);
    const found = isDirectory(join(log, 'tile')) ? [...filesBelow(log, 'tile')] : [];
    const paths = new Set(found.filter(({ regular }) => regular).map(({ path }) => path));
    try {
      // Partial tiles go away when a later checkpoint is published.
      const partial = new Map(
        [...paths]
          .filter((path) => path.includes('.p/'))
          .map((path) => [path, readFile(join(log, path), { limit: LARGEST_TILE })]),
      );
      const after = readIfThere(join(log, 'checkpoint'), SMALL);
      if (published === null ? after !== null : !after?.equals(published)) continue;
      for (const { path, regular } of found)
        if (!regular) report.finding('unknown-file', 'This file does not belong to the log.', `${id}/${path}`);
      return { published, tiles: localTiles(log, paths, partial) };
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}

function localTiles(log: string, paths: ReadonlySet<string>, partial: ReadonlyMap<string, Buffer>): TileFiles {
  return {
    has: (path) => paths.has(path),
    paths: () => paths,
    compare(path, expected, differs) {
      const found = partial.get(path) ?? readTile(join(log, path));
      if (!found?.equals(expected)) differs();
    },
  };
}

function readTile(path: string): Buffer | null {
  try {
    return readIfThere(path, LARGEST_TILE);
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}
