import { afterEach, describe, expect, it } from 'vitest';
import { addCheckpointBody, SIZE_TYPE } from './add-checkpoint.ts';
import { cosignedAt } from './cosignature.ts';
import { logList, type LogListEntry } from './log-list.ts';
import { parseNote, parseSignatureLine, signNote } from './signed-note.ts';
import { fakeLog, listed, sha, temporaryState, type FakeLog } from './testing.ts';
import { generateSignerKey, renamed, SIGNATURE_TYPE } from './verifier-key.ts';
import { addCheckpoint, type Answer, type WitnessNotice } from './witness.ts';

const key = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
const NOW = 1_790_000_000;
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

/** A witness of its own, with what people were told. */
function witness(entries: readonly LogListEntry[]) {
  const temporary = temporaryState(key.verifier);
  undo.push(() => temporary.remove());
  const { path, state } = temporary;
  const notices: WitnessNotice[] = [];
  let now = NOW;
  let list = logList(entries);
  const report = (notice: WitnessNotice): void => void notices.push(notice);
  return {
    path,
    state,
    notices,
    setClock: (seconds: number): void => void (now = seconds),
    setLogs: (changed: readonly LogListEntry[]): void => void (list = logList(changed)),
    ask: (body: string | Uint8Array): Answer =>
      addCheckpoint({ key, state, logs: () => list, report, now: () => now * 1000 }, Buffer.from(body)),
  };
}

const listing = (log: FakeLog, more: object = {}): readonly LogListEntry[] =>
  listed([{ key: log.key.verifier.text, ...more }]);

/** The log's key under the name of another origin. */
const keyNamed = (log: FakeLog, origin: string): FakeLog['key'] => ({
  ...log.key,
  verifier: renamed(log.key.verifier, origin),
});

/** The time of the cosignature in a 200. */
function cosigned(answer: Answer, text: string): number | null {
  expect([answer.status, answer.body]).toEqual([200, expect.stringMatching(/^\u2014 [^\n]+\n$/)]);
  const line = parseSignatureLine(answer.body);
  return line === null ? null : cosignedAt(line, key.verifier, text);
}

describe('a witness', () => {
  it('cosigns the first checkpoint of a listed log, then each that only grew', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    let size = 0;
    for (const next of [1, 2, 3, 7, 8, 64, 65]) {
      expect(cosigned(ask(log.request(size, next)), log.text(next))).toBe(NOW);
      size = next;
    }
  });

  it('cosigns the same checkpoint again, with the time of now', () => {
    const log = fakeLog();
    const { ask, setClock } = witness(listing(log));
    ask(log.request(0, 5));
    setClock(NOW + 90);
    expect(cosigned(ask(log.request(5, 5)), log.text(5))).toBe(NOW + 90);
  });

  it('cosigns an empty log, and what grows from it', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    expect(cosigned(ask(log.request(0, 0)), log.text(0))).toBe(NOW);
    expect(cosigned(ask(log.request(0, 0)), log.text(0))).toBe(NOW);
    expect(cosigned(ask(log.request(0, 3)), log.text(3))).toBe(NOW);
  });

  it('refuses an empty log with a root that is not of the empty tree', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    const text = `${log.origin}\n0\n${Buffer.alloc(32).toString('base64')}\n`;
    expect(ask(`old 0\n\n${signNote(text, log.key)}`).status).toBe(422);
  });

  it('says the size it knows when asked from another one, and keeps it', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    ask(log.request(0, 5));
    for (const [from, to] of [
      [0, 6],
      [4, 6],
      [6, 6],
      [6, 7],
    ] as const)
      expect(ask(log.request(from, to))).toEqual({ status: 409, type: SIZE_TYPE, body: '5\n' });
    expect(cosigned(ask(log.request(5, 7)), log.text(7))).toBe(NOW);
  });

  it('never goes back: an older checkpoint, good as it is, is answered with the size that is known', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    ask(log.request(0, 3));
    ask(log.request(3, 9));
    expect(ask(log.request(0, 3))).toMatchObject({ status: 409, body: '9\n' });
    expect(ask(log.request(3, 3))).toMatchObject({ status: 409, body: '9\n' });
    expect(ask(log.request(3, 8))).toMatchObject({ status: 409, body: '9\n' });
    expect(ask(log.request(3, 9))).toMatchObject({ status: 409, body: '9\n' });
    expect(ask(addCheckpointBody(9, [], log.checkpoint(8))).status).toBe(400);
  });

  it('never cosigns two roots at one size, and keeps both signed checkpoints as evidence', () => {
    const log = fakeLog();
    const other = log.forked(2, 'another story');
    const { ask, state, notices } = witness(listing(log));
    ask(log.request(0, 5));
    expect(ask(other.request(5, 5)).status).toBe(422);
    expect(ask(other.request(0, 5))).toMatchObject({ status: 409, body: '5\n' });
    expect(cosigned(ask(log.request(5, 5)), log.text(5))).toBe(NOW);
    const [evidence, ...more] = state.contradictions();
    expect(more).toEqual([]);
    expect(evidence).toMatchObject({ origin: log.origin, size: 5, refused: other.checkpoint(5) });
    expect(evidence?.cosigned.startsWith(log.checkpoint(5))).toBe(true);
    expect(notices.map(({ kind }) => kind)).toEqual(['contradiction', 'contradiction']);
  });

  it('refuses a history that parts from the one it knows, however its proof is made', () => {
    const log = fakeLog();
    const other = log.forked(2, 'another story');
    const { ask } = witness(listing(log));
    ask(log.request(0, 5));
    const proofs = [other.proof(5, 9), log.proof(5, 9), [], [log.root(5), ...log.proof(5, 9)], other.proof(2, 9)];
    for (const proof of proofs) expect(ask(addCheckpointBody(5, proof, other.checkpoint(9))).status).toBe(422);
    expect(cosigned(ask(log.request(5, 9)), log.text(9))).toBe(NOW);
  });

  it('refuses a proof where none is needed', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    expect(ask(addCheckpointBody(0, [sha()], log.checkpoint(5))).status).toBe(422);
    ask(log.request(0, 5));
    expect(ask(addCheckpointBody(5, [sha()], log.checkpoint(5))).status).toBe(422);
  });

  it('does not know a log that is not listed', () => {
    const { ask } = witness(listing(fakeLog()));
    expect(ask(fakeLog('log.example/stranger').request(0, 1)).status).toBe(404);
  });

  it('refuses a checkpoint that another key signed under the same name', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    expect(ask(fakeLog(log.origin).request(0, 1)).status).toBe(403);
  });

  it('refuses a checkpoint of one log under the signature of another', () => {
    const [log, other] = [fakeLog(), fakeLog('log.example/other')];
    const { ask } = witness([...listing(log), ...listing(other)]);
    const stolen = signNote(log.text(3), other.key);
    expect(ask(`old 0\n\n${stolen}`).status).toBe(403);
    // The name in the signature is not what counts, the origin is.
    const relabelled = `${other.text(3)}\n${log.checkpoint(3).split('\n\n')[1] ?? ''}`;
    expect(ask(`old 0\n\n${relabelled}`).status).toBe(403);
  });

  it('refuses a note with a good and a broken signature of the log', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    const [, broken = ''] = log.checkpoint(4).split('\n\n');
    expect(ask(`old 0\n\n${log.checkpoint(3)}${broken}`).status).toBe(403);
  });

  it('refuses a note with a good signature by one key of the log and a broken one by another', () => {
    const log = fakeLog();
    const second = fakeLog(log.origin);
    const { ask } = witness([...listing(log), ...listing(second)]);
    const [, broken = ''] = second.checkpoint(4).split('\n\n');
    const [, good = ''] = second.checkpoint(3).split('\n\n');
    expect(ask(`old 0\n\n${log.checkpoint(3)}${broken}`).status).toBe(403);
    expect(cosigned(ask(`old 0\n\n${log.checkpoint(3)}${good}`), log.text(3))).toBe(NOW);
  });

  it('takes a note with lines of strangers, and keeps none of theirs', () => {
    const log = fakeLog();
    const { ask, state } = witness(listing(log));
    const stranger = generateSignerKey('stranger.example', SIGNATURE_TYPE.note);
    const [, line = ''] = signNote(log.text(3), stranger).split('\n\n');
    expect(cosigned(ask(`old 0\n\n${log.checkpoint(3)}${line}`), log.text(3))).toBe(NOW);
    const kept = parseNote(state.byOriginHash(sha(Buffer.from(log.origin)).toString('hex')) ?? '');
    expect(kept?.signatures.map(({ name }) => name)).toEqual([log.origin, 'witness.example/w1']);
  });

  it('cosigns extension lines with the rest, without a meaning', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    const text = log.text(3, 'an extension\n');
    expect(cosigned(ask(`old 0\n\n${signNote(text, log.key)}`), text)).toBe(NOW);
  });

  it('keeps logs apart', () => {
    const [one, two] = [fakeLog('log.example/one'), fakeLog('log.example/two')];
    const { ask } = witness([...listing(one), ...listing(two)]);
    ask(one.request(0, 5));
    expect(cosigned(ask(two.request(0, 2)), two.text(2))).toBe(NOW);
    expect(ask(one.request(2, 6))).toMatchObject({ status: 409, body: '5\n' });
  });

  it('takes sizes up to 2^53 - 1, for a checkpoint needs no leaves', () => {
    const log = fakeLog();
    const { ask } = witness(listing(log));
    const at = (size: string): string =>
      signNote(`${log.origin}\n${size}\n${sha(Buffer.from(size)).toString('base64')}\n`, log.key);
    expect(ask(`old 0\n\n${at('1000000000000000')}`).status).toBe(200);
    expect(ask(`old 1000000000000000\n\n${at('1000000000000000')}`).status).toBe(200);
    expect(
      ask(`old 1000000000000000\n${`${sha().toString('base64')}\n`.repeat(63)}\n${at('9007199254740991')}`).status,
    ).toBe(422);
    expect(ask(`old 0\n\n${at('9007199254740992')}`).status).toBe(400);
    expect(ask(`old 9007199254740993\n\n${at('9007199254740993')}`).status).toBe(400);
  });
});

describe('a request that is malformed', () => {
  const log = fakeLog();
  const good = log.request(3, 5);
  const hash = `${sha().toString('base64')}\n`;
  const bad: readonly (readonly [string, string | Uint8Array])[] = [
    ['empty', ''],
    ['without an old size', good.slice(good.indexOf('\n') + 1)],
    ['with an old size that has a leading zero', good.replace('old 3', 'old 03')],
    ['with an old size that is negative', good.replace('old 3', 'old -3')],
    ['with two spaces in its first line', good.replace('old 3', 'old  3')],
    ['with an old size of 10^16', good.replace('old 3', 'old 10000000000000000')],
    ['with 64 hashes', good.replace('old 3\n', `old 3\n${hash.repeat(64)}`)],
    ['with a hash of 31 bytes', good.replace('old 3\n', `old 3\n${Buffer.alloc(31).toString('base64')}\n`)],
    ['with a hash in base64url', good.replace('old 3\n', `old 3\n${hash.replace(/[+/A-Z]/, '_')}`)],
    ['with carriage returns', good.replaceAll('\n', '\r\n')],
    ['without the empty line', good.replace('\n\n', '\n')],
    ['with the checkpoint twice', `${good}${log.checkpoint(5)}`],
    ['without its last newline', good.slice(0, -1)],
    ['that begins with a byte order mark', `\ufeff${good}`],
    ['that is not UTF-8', Buffer.concat([Buffer.from(good), Buffer.of(0xff, 0x0a)])],
    ['of random bytes', sha(Buffer.from('random'))],
    ['whose old size is greater than that of its checkpoint', good.replace('old 3', 'old 6')],
  ];
  it.each(bad)('is refused as such: %s', (_case, body) => {
    const { ask, state } = witness(listing(log));
    expect(ask(body).status).toBe(400);
    expect(state.logs()).toEqual([]);
  });

  it('is refused when it is larger than any good one', () => {
    const { ask } = witness(listing(log));
    expect(ask(Buffer.alloc(200_000, 'a')).status).toBe(413);
  });

  it('is refused whatever single byte of a good one is changed', () => {
    const { ask, state } = witness(listing(log));
    const body = Buffer.from(log.request(0, 3));
    for (const i of body.keys()) {
      const status = ask(Buffer.from(body.map((byte, at) => (at === i ? byte ^ 1 : byte)))).status;
      // The first line is not signed: another old size is a conflict.
      expect([i, status]).toEqual([i, expect.toBeOneOf([400, 403, 404, 409])]);
    }
    expect(state.logs()).toEqual([]);
  });
});

describe('the list of logs', () => {
  it('revokes a key from one request to the next', () => {
    const log = fakeLog();
    const { ask, setLogs } = witness(listing(log));
    ask(log.request(0, 3));
    setLogs(listing(log, { revoked: true }));
    expect(ask(log.request(3, 5))).toMatchObject({ status: 403, body: 'The key of the log is revoked.\n' });
    expect(ask(log.request(3, 3)).status).toBe(403);
    setLogs([]);
    expect(ask(log.request(3, 5)).status).toBe(404);
  });

  it('revokes a key wherever it is listed', () => {
    const log = fakeLog('log.example/a/1');
    const list = logList(
      listed([
        { key: log.key.verifier.text, below: 'log.example/a/' },
        { key: renamed(log.key.verifier, 'log.example/b/1').text, revoked: true },
      ]),
    );
    expect(list.keysFor('log.example/a/2').map(({ revoked }) => revoked)).toEqual([true]);
    expect(list.keysFor(log.origin).map(({ revoked }) => revoked)).toEqual([true]);
  });

  it('lets the key of an installation sign every log below its name, and no other', () => {
    const first = fakeLog('log.example/desk-7/0001');
    const { ask } = witness(listing(first, { below: 'log.example/desk-7/' }));
    const under = (origin: string): FakeLog => fakeLog(origin, keyNamed(first, origin));
    expect(ask(first.request(0, 1)).status).toBe(200);
    expect(ask(under('log.example/desk-7/0002').request(0, 1)).status).toBe(200);
    expect(ask(under('log.example/desk-70/0002').request(0, 1)).status).toBe(404);
    expect(ask(under('log.example/desk-7').request(0, 1)).status).toBe(404);
    expect(ask(fakeLog('log.example/desk-7/0003').request(0, 1)).status).toBe(403);
  });

  it('lets no key below a shared name go on with a log that another one began', () => {
    const [mine, theirs] = [fakeLog('log.example/desk/0001'), fakeLog('log.example/desk/0002')];
    const { ask } = witness([
      ...listing(mine, { below: 'log.example/desk/' }),
      ...listing(theirs, { below: 'log.example/desk/' }),
    ]);
    expect(ask(mine.request(0, 3)).status).toBe(200);
    const intruder = fakeLog(mine.origin, keyNamed(theirs, mine.origin));
    expect(ask(intruder.request(3, 5))).toMatchObject({ status: 403, body: 'Another key began this log.\n' });
    expect(ask(mine.request(3, 5)).status).toBe(200);
  });

  it('takes a log over to a new key that is listed with its very name', () => {
    const log = fakeLog();
    const successor = fakeLog(log.origin);
    const { ask, setLogs } = witness(listing(log));
    ask(log.request(0, 3));
    setLogs([...listing(log, { revoked: true }), ...listing(successor)]);
    expect(ask(log.request(3, 5)).status).toBe(403);
    expect(ask(successor.request(3, 5)).status).toBe(200);
  });

  it.each([
    ['a key of another type', { key: key.verifier.text }],
    ['a key that is cut', { key: fakeLog().key.verifier.text.slice(0, -1) }],
    ['a name without its slash', { key: fakeLog().key.verifier.text, below: 'log.example' }],
    ['a key it does not know what to do with', { key: fakeLog().key.verifier.text, revoke: true }],
    ['no key', { revoked: true }],
  ])('is refused with %s', (_case, entry) => {
    expect(() => listed([entry])).toThrow();
  });
});

describe('the clock of a witness', () => {
  it('may be set back a little: the time it signs stands still meanwhile', () => {
    const log = fakeLog();
    const { ask, setClock } = witness(listing(log));
    ask(log.request(0, 1));
    setClock(NOW - 30);
    expect(cosigned(ask(log.request(1, 2)), log.text(2))).toBe(NOW);
  });

  it('set back a year stops it before it signs anything, for every log', () => {
    const [log, other] = [fakeLog('log.example/one'), fakeLog('log.example/two')];
    const { ask, setClock, state } = witness([...listing(log), ...listing(other)]);
    ask(log.request(0, 1));
    setClock(NOW - 365 * 86_400);
    expect(() => ask(log.request(1, 2))).toThrow(expect.objectContaining({ code: 'witness-clock-behind' }));
    expect(() => ask(other.request(0, 2))).toThrow(expect.objectContaining({ code: 'witness-clock-behind' }));
    setClock(NOW + 1);
    expect(cosigned(ask(log.request(1, 2)), log.text(2))).toBe(NOW + 1);
    expect(state.logs().map(({ checkpoint }) => checkpoint.size)).toEqual([2]);
  });
});
