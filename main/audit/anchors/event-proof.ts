/** That one event is in its log, as a proof that anybody can check (C2SP tlog-proof). */
import { leafHash, nodeHash } from '../merkle.ts';
import { checkpointCovering, inclusionProof } from '../proofs.ts';
import { cosignedAt } from '../witness/cosignature.ts';
import { parseNote, parseSignatureLine } from '../witness/signed-note.ts';
import { type VerifierKey } from '../witness/verifier-key.ts';
import { cosignedSizes, readCosignature } from './late.ts';
import { openLocalLog, readSigned, type LocalLog, type Signed } from './local-log.ts';

export interface EventProof {
  /** RFC 6962 leaf hash, hex. */
  readonly leafHash: string;
  /** The checkpoint that the proof leads to; null until one that the log signed covers the event. */
  readonly checkpoint: { readonly size: number; readonly root: string; readonly note: string } | null;
  /** RFC 6962 §2.1.1 audit path, hex, from the leaf up. */
  readonly path: readonly string[];
  /** Does the path lead from the leaf to the root that was signed. */
  readonly holds: boolean;
  /** Names of the witnesses that cosigned that checkpoint. */
  readonly witnesses: readonly string[];
  /** The text of a tlog-proof; null where nothing is proven. */
  readonly file: string | null;
}

/**
 * @param witnesses keys of the witnesses whose cosignatures count; a checkpoint that they signed is preferred
 */
export function eventProof(
  logDirectory: string,
  index: number,
  leaf: Uint8Array,
  witnesses: readonly VerifierKey[],
): EventProof {
  const hash = leafHash(leaf);
  const unproven = {
    leafHash: hash.toString('hex'),
    checkpoint: null,
    path: [],
    holds: false,
    witnesses: [],
    file: null,
  };
  const log = openLocalLog(logDirectory);
  const chosen = log === null ? null : (cosigned(log, index, witnesses) ?? signed(log, index));
  if (chosen === null) return unproven;
  const { size, root, note } = chosen.checkpoint;
  const checkpoint = { size, root: root.toString('hex'), note };
  let path: readonly Buffer[];
  try {
    path = inclusionProof(logDirectory, index, size);
  } catch {
    // A log that lacks what it signed: the checkpoint is shown, and that nothing leads to it.
    return { ...unproven, checkpoint };
  }
  const holds = rootOf(hash, index, size, path)?.equals(root) === true;
  return {
    leafHash: unproven.leafHash,
    checkpoint,
    path: path.map((one) => one.toString('hex')),
    holds,
    witnesses: chosen.lines.map(({ name }) => name),
    file: holds
      ? proofText(
          index,
          path,
          note,
          chosen.lines.map(({ line }) => line),
        )
      : null,
  };
}

/** RFC 9162 §2.1.3.2: the root that a path leads to; null where its length does not fit. */
function rootOf(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | null {
  let [at, last, root] = [index, size - 1, leaf];
  for (const hash of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      root = nodeHash(hash, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else root = nodeHash(root, hash);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? root : null;
}

interface Chosen {
  readonly checkpoint: Signed;
  readonly lines: readonly { readonly name: string; readonly line: string }[];
}

/** The smallest checkpoint over the event that one of these witnesses cosigned. */
function cosigned(log: LocalLog, index: number, witnesses: readonly VerifierKey[]): Chosen | null {
  if (witnesses.length === 0) return null;
  const sizes = cosignedSizes(log.path).filter((size) => size > index);
  for (const size of sizes.toReversed()) {
    const checkpoint = readSigned(log, size);
    const text = checkpoint === null ? null : parseNote(checkpoint.note)?.text;
    if (checkpoint === null || text === null || text === undefined) continue;
    const lines = witnesses.flatMap((key) => {
      const line = readCosignature(log.path, size, key.id.toString('hex'));
      const signature = line === null ? null : parseSignatureLine(line);
      return line !== null && signature !== null && cosignedAt(signature, key, text) !== null
        ? [{ name: key.name, line }]
        : [];
    });
    if (lines.length > 0) return { checkpoint, lines };
  }
  return null;
}

function signed(log: LocalLog, index: number): Chosen | null {
  const size = checkpointCovering(log.path, index)?.size;
  const checkpoint = size === undefined ? null : readSigned(log, size);
  return checkpoint === null ? null : { checkpoint, lines: [] };
}

/** C2SP tlog-proof, "Format". */
const proofText = (index: number, path: readonly Buffer[], note: string, cosignatures: readonly string[]): string =>
  [
    'c2sp.org/tlog-proof@v1\n',
    `index ${String(index)}\n`,
    ...path.map((hash) => `${hash.toString('base64')}\n`),
    '\n',
    note,
    ...cosignatures,
  ].join('');
