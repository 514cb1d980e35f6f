import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { walkJournal } from './journal.ts';
import { CompactRange, hashLeaf } from './merkle.ts';
import { openCheckpoint, parseVerifierKey, type Checkpoint, type VerifierKey } from './note.ts';
import { CannotVerify, Reporter, type Report } from './report.ts';
import { isObject, parseObject, Rules } from './rules.ts';
import { readOrNull, readPublished, TileCheck } from './tiles.ts';

export interface VerifyOptions {
  /** Verifier keys (signed-note vkeys) you got by another way than this directory; a log of another key is a finding. */
  readonly trustedKeys?: readonly string[];
  /** 32 bytes: decrypts blobs, to compare them with their commitments. */
  readonly blobKey?: Uint8Array;
}

const LOG_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const CHECKPOINT = /^\d{20}$/;

/**
 * Verifies one log, or every log below a directory. The logs may be in use: what is appended meanwhile may or may not be
 * looked at, and is never a finding.
 * @throws CannotVerify when there is no log to check.
 */
export function verifyDirectory(directory: string, options: VerifyOptions = {}): Report {
  // Marks of dead logs first: the successor of each was there before its mark, so the list read after has it.
  const dead = new Map(findLogs(directory).map(({ id, path }) => [id, readOrNull(join(path, 'dead.json'))]));
  const logs = findLogs(directory);
  if (logs.length === 0) throw new CannotVerify(`There is no audit log in ${directory}.`);
  const trusted = options.trustedKeys?.map((vkey) => {
    const key = parseVerifierKey(vkey);
    if (key === null) throw new CannotVerify(`This is not an Ed25519 verifier key: ${vkey}`);
    return key;
  });
  const report = new Reporter();
  const successors: { readonly id: string; readonly after: unknown }[] = [];
  for (const { id, path } of logs) {
    try {
      successors.push({ id, after: verifyLog(path, id, options.blobKey, trusted, report) });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      report.finding('unreadable', `A part of the log cannot be read (${String(error.code)}).`, id);
    }
  }
  checkDead(dead, logs, successors, report);
  if (trusted === undefined)
    report.notChecked(
      'That the keys are those of the people you trust: compare them with what you know from elsewhere.',
    );
  report.notChecked(
    'That the newest events before a copy was taken have not been dropped, as far as no signature covers them.',
  );
  report.notChecked('That nobody reached the database around this program: compare with the log of the database.');
  return report.report();
}

function findLogs(directory: string): readonly { readonly id: string; readonly path: string }[] {
  const isLog = (path: string): boolean =>
    statSync(join(path, 'journal'), { throwIfNoEntry: false })?.isDirectory() ?? false;
  let names: string[];
  try {
    names = readdirSync(directory)
      .filter((name) => LOG_ID.test(name))
      .sort();
  } catch (cause) {
    throw new CannotVerify(`The directory ${directory} cannot be read.`, { cause });
  }
  const own = directory.split(/[/\\]/).findLast((part) => part !== '') ?? '';
  if (LOG_ID.test(own) && isLog(directory)) return [{ id: own, path: directory }];
  // A folder without a segment is a log that is being made this moment.
  return names
    .map((id) => ({ id, path: join(directory, id) }))
    .filter(({ path }) => isLog(path) && readdirSync(join(path, 'journal')).some((name) => name.endsWith('.seg')));
}

/** Checks one log; gives what its leaf 0 says it follows. */
function verifyLog(
  path: string,
  id: string,
  blobKey: Uint8Array | undefined,
  trusted: readonly VerifierKey[] | undefined,
  report: Reporter,
): unknown {
  // Signatures and derived files first: the journal, read last, has at least what they cover.
  const published = readPublished(path);
  const notes = new Map<number, Buffer>();
  for (const name of readdirSync(join(path, 'checkpoints')).sort()) {
    const note = readOrNull(join(path, 'checkpoints', name));
    if (!CHECKPOINT.test(name) || note === null)
      report.finding('unknown-file', 'This file does not belong to the log.', `checkpoints/${name}`);
    else notes.set(Number(name), note);
  }
  const logJson = readOrNull(join(path, 'log.json'));

  const checkpoints = new Map<number, Checkpoint>();
  let signed = 0;
  let key: VerifierKey | null = null;
  let identity: unknown;
  let shown: Checkpoint | null = null;

  const begin = (leaf0: Buffer): void => {
    identity = parseObject(leaf0)?.log;
    const vkey = isObject(identity) ? identity.key : undefined;
    key = typeof vkey === 'string' ? parseVerifierKey(vkey) : null;
    if (!isObject(identity) || key === null || identity.id !== id || identity.origin !== key.name)
      return report.finding(
        'identity',
        'Its first event does not say which log this is and whose key signs it.',
        `${id} event 0`,
      );
    if (!logJson?.equals(Buffer.from(`${JSON.stringify(identity, null, 2)}\n`)))
      report.finding('identity', 'log.json is not what the first event says.', `${id}/log.json`);
    const typed = key.typed;
    if (trusted !== undefined && !trusted.some((other) => other.typed.equals(typed)))
      report.finding('key', 'It is signed by a key that you did not name as trusted.', id);
    for (const [size, note] of notes) {
      const checkpoint = openCheckpoint(note, key);
      if (checkpoint?.size !== size)
        report.finding(
          'checkpoint',
          'It is not a checkpoint that this log signed.',
          `${id}/checkpoints/${String(size).padStart(20, '0')}`,
        );
      else checkpoints.set(size, checkpoint);
    }
    if (published.checkpoint === null) return;
    shown = openCheckpoint(published.checkpoint, key);
    if (shown === null || !notes.get(shown.size)?.equals(published.checkpoint))
      report.finding(
        'checkpoint',
        'The published checkpoint is not one that this log signed and kept.',
        `${id}/checkpoint`,
      );
  };

  const rules = new Rules(report, id, blobKey);
  const tiles = new TileCheck(path, published, report);
  const tree = new CompactRange((height, position, hash) => tiles.node(height, position, hash));
  const compare = (): void => {
    const checkpoint = checkpoints.get(tree.size);
    if (checkpoint === undefined) return;
    if (checkpoint.root.equals(tree.root())) signed = tree.size;
    else
      report.finding(
        'root',
        `The first ${tree.size} events are not those that were signed.`,
        `${id}/checkpoints/${String(tree.size).padStart(20, '0')}`,
      );
  };

  const whole = walkJournal(
    path,
    id,
    {
      segment({ where, root, state }) {
        const known = parseObject(Buffer.from(state));
        if (!root.equals(tree.root()) || !sameState(known, tiles.state(), rules.openState()))
          report.finding('segment-state', 'Its header does not describe the events before it.', `${id}/${where}`);
      },
      frame(frame) {
        if (frame.first === 0 && frame.entries[0] !== undefined) begin(frame.entries[0]);
        const hashes = frame.entries.map((entry) => hashLeaf(entry));
        rules.frame(frame, hashes);
        hashes.forEach((hash, i) => {
          tiles.entry(frame.first + i, frame.entries[i] ?? Buffer.alloc(0));
          tree.push(hash);
          compare();
        });
      },
    },
    report,
  );
  if (whole) rules.end();
  for (const [size] of checkpoints)
    if (size > tree.size) report.finding('cut', `${size} events were signed, but only ${tree.size} can be read.`, id);
  if (tree.size === 0 && notes.size === 0) report.notChecked(`The log ${id}: it has no event yet.`);
  else if (tree.size === 0) report.finding('cut', 'Events were signed, but not one can be read.', id);
  tiles.end((shown as Checkpoint | null)?.size ?? 0);
  report.checked('checkpoints', checkpoints.size, "the log's Ed25519 key");
  report.checked('events under a signed Merkle root', signed, 'RFC 6962 tree hash, recomputed');
  if (signed < tree.size)
    report.notChecked(`A signature over the newest ${tree.size - signed} events of ${id}: none has been made yet.`);
  const vkey = isObject(identity) && typeof identity.key === 'string' ? identity.key : '';
  report.log({ id, size: tree.size, root: tree.root().toString('hex'), signed, key: vkey });
  return isObject(identity) ? identity.after : undefined;
}

function sameState(state: unknown, tiles: readonly string[], open: unknown): boolean {
  return isObject(state) && JSON.stringify([state.tiles, state.open]) === JSON.stringify([tiles, open]);
}

/** A dead log stays a finding; its successor must name it with the same words, and every log that is named must be there. */
function checkDead(
  marks: ReadonlyMap<string, Buffer | null>,
  logs: readonly { readonly id: string; readonly path: string }[],
  successors: readonly { readonly id: string; readonly after: unknown }[],
  report: Reporter,
): void {
  const text = (after: unknown): string => `${JSON.stringify(after, null, 2)}\n`;
  for (const [id, dead] of marks) {
    if (dead === null) continue;
    const reason = parseObject(dead)?.reason;
    report.finding(
      'log-dead',
      `The log was given up: ${typeof reason === 'string' ? reason : 'for a reason that cannot be read'}.`,
      id,
    );
    if (
      logs.length > 1 &&
      !successors.some(({ after }) => isObject(after) && after.log === id && text(after) === dead.toString())
    )
      report.finding('successor', 'No log follows it that names it as it was given up.', `${id}/dead.json`);
  }
  for (const { id, after } of successors) {
    if (!isObject(after)) continue;
    if (logs.length === 1)
      report.notChecked(`The log ${String(after.log)}, which ${id} follows: only one log was given.`);
    else if (!logs.some((log) => log.id === after.log))
      report.finding('predecessor', `It follows the log ${String(after.log)}, which is not here.`, id);
  }
}
