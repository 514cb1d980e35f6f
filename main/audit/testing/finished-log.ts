/** A small log that was written and closed, its copy as a store has it, and signatures of others over it. For tests. */
import { generateKeyPairSync, sign, createHash, type KeyObject } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packEntries } from '../journal/frame.ts';
import { nodeIo } from '../journal/io.ts';
import { openJournalReader } from '../journal/reader.ts';
import { Writer, type Receipt, type WriterOptions } from '../writer.ts';
import { type RecordedEvent } from '../events.ts';
import { LOG, simulatedOptions, statement } from './lives.ts';

const actor = { user: { iss: 'https://idp.example', sub: 'ana', verified: false } };

export function appended(writer: Writer, events: readonly RecordedEvent[]): Receipt[] {
  return writer.append(events).map((reply) => {
    if ('problem' in reply) throw new Error(reply.problem.code);
    return reply;
  });
}

/**
 * Writes a log of `5 + 2 * statements` events into `directory` and closes it. Gives its own directory.
 * @param text of statement `i`
 */
export function writeLog(
  directory: string,
  statements: number,
  more: Partial<WriterOptions> = {},
  text = (i: number): string => `select ${i}`,
): string {
  const log = join(directory, more.id ?? LOG);
  const writer = new Writer(simulatedOptions(nodeIo(log), { segmentBytes: 64 * 1024, ...more }));
  appended(writer, [{ k: 'session.start', s: 's', actor }]);
  for (let i = 0; i < statements; i++) {
    const [intent] = appended(writer, [{ k: 'stmt.intent', ...statement('s', text(i)) }]);
    if (intent !== undefined)
      appended(writer, [
        { k: 'stmt.outcome', s: 's', ref: { i: intent.index, h: intent.hash }, out: { status: 'done' } },
      ]);
    writer.maintain();
  }
  appended(writer, [{ k: 'session.end', s: 's', why: { reason: 'signed out' } }]);
  appended(writer, [{ k: 'config.change', change: { what: 'policy.yaml', to: '00' } }]);
  writer.close();
  return log;
}

/** Every file below a directory, relative to it. */
export function filesOf(path: string, below = ''): readonly string[] {
  return readdirSync(join(path, below), { withFileTypes: true }).flatMap((entry) => {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? filesOf(path, name) : [name];
  });
}

const digits = (n: number): string => String(n).padStart(20, '0');

/** Copies a log as an upload leaves it (docs/log-format.md, "In a store"), `chunk` entries in each chunk. */
export function copyLog(log: string, store: string, chunk: number): void {
  const put = (key: string, bytes: Uint8Array): void => {
    const file = join(store, LOG, key);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  };
  put('log.json', readFileSync(join(log, 'log.json')));
  const reader = openJournalReader(log, 0);
  const entries: Buffer[] = [];
  for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 })) {
    entries.push(...run.entries.map((entry) => Buffer.from(entry)));
    for (const { address, bytes, erased } of run.blobs) if (!erased) put(`blob/${address}`, bytes);
  }
  reader.close();
  for (let first = 0; first < entries.length; first += chunk)
    put(`chunk/${digits(first)}`, packEntries(entries.slice(first, first + chunk)));
  for (const path of filesOf(log).filter((name) => name.startsWith('tile/') && !name.includes('.p/')))
    put(path, readFileSync(join(log, path)));
  for (const name of readdirSync(join(log, 'checkpoints')))
    put(`checkpoint/${name}`, readFileSync(join(log, 'checkpoints', name)));
  for (const folder of readdirSync(log).filter((name) => name === 'cosig' || name === 'stamp'))
    cpSync(join(log, folder), join(store, LOG, folder), { recursive: true });
}

/** Sizes of the checkpoints of a log, smallest first. */
export const checkpointSizes = (log: string): readonly number[] =>
  readdirSync(join(log, 'checkpoints'))
    .map(Number)
    .sort((a, b) => a - b);

export const noteOf = (log: string, size: number): Buffer => readFileSync(join(log, 'checkpoints', digits(size)));

export interface TestWitness {
  readonly vkey: string;
  /** Key id, hex: the name of its files. */
  readonly id: string;
  /** A signature line over the note's text (C2SP tlog-cosignature), of `seconds` since 1970. */
  line(note: Buffer, seconds: number): string;
  /** Lays its cosignature beside the checkpoint of that size. */
  cosigns(log: string, size: number, seconds?: number): void;
}

/** A witness by the text of the specification alone: it shares nothing with main/audit/witness or verify. */
export function testWitness(name: string, key: KeyObject = generateKeyPairSync('ed25519').privateKey): TestWitness {
  const typed = Buffer.concat([Buffer.of(4), Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')]);
  const id = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);
  const line: TestWitness['line'] = (note, seconds) => {
    const body = note.toString().split('\n\n')[0] ?? '';
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(seconds));
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${body}\n`), key);
    return `\u2014 ${name} ${Buffer.concat([id, time, signature]).toString('base64')}\n`;
  };
  return {
    vkey: `${name}+${id.toString('hex')}+${typed.toString('base64')}`,
    id: id.toString('hex'),
    line,
    cosigns(log, size, seconds = 1_790_000_100) {
      const folder = join(log, 'cosig', digits(size));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, id.toString('hex')), line(noteOf(log, size), seconds));
    },
  };
}
