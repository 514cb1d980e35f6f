import { createPublicKey, generateKeyPairSync, hash, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditLog, openAuditLog, type StatementIntent } from '../../audit/index.ts';
import { readEvent } from '../../audit/journal/reader.ts';
import { type ActivityStore, catchUp, openIndexHere } from '../../audit/search/index.ts';
import { ONLY_HERE } from '../../gate/record-level.ts';
import { type Session, type SessionId } from '../../identity/principal.ts';
import { type Activity, createActivity } from './activity.ts';

const blobKey = Buffer.alloc(32, 7);
const key = generateKeyPairSync('ed25519').privateKey;

let home: string;
let audit: AuditLog;
let store: ActivityStore;
let activity: Activity;
let broken = false;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'countersign-activity-'));
  broken = false;
  audit = await openAuditLog({
    directory: directory(),
    key,
    blobKey,
    origin: 'test.example/audit',
    app: { app: 'test', version: '0' },
  });
  store = await openIndexHere({ kind: 'sqlite', file: join(home, 'activity.sqlite') });
  activity = createActivity({
    store,
    directory: directory(),
    blobKey,
    audit: { ...audit, append: async (event) => (broken ? Promise.reject(new Error('disk')) : audit.append(event)) },
    anchors: ONLY_HERE,
    witnesses: [],
    actorOf: (who) => Promise.resolve(actorOf(who)),
    isReviewer: ({ principal }) => principal.groups.includes('security'),
    reviewers: () => ['security'],
  });
  await audit.append({ k: 'session.start', s: 's', actor: actorOf(ana) });
});
afterEach(async () => {
  await store.close();
  await audit.close();
  rmSync(home, { recursive: true, force: true });
});

const directory = (): string => join(home, 'audit');
const sessionOf = (subject: string, groups: readonly string[] | 'unknown'): Session => ({
  id: `session-${subject}` as SessionId,
  principal: {
    issuer: 'https://idp',
    subject,
    name: subject,
    groups,
    verified: true,
    authenticatedAt: '2026-01-01T00:00:00Z',
  },
  expiresAt: '2027-01-01T00:00:00Z',
});
const ana = sessionOf('ana', ['analysts']);
const eli = sessionOf('eli', 'unknown');
const sam = sessionOf('sam', ['security']);

const actorOf = ({ principal }: Session): StatementIntent['actor'] => ({
  user: { iss: principal.issuer, sub: principal.subject, name: principal.name, verified: true },
});
const statement = (session: Session, norm: string, more: Partial<StatementIntent['op']> = {}): StatementIntent => ({
  s: 's',
  actor: actorOf(session),
  db: { id: 'shop', engine: 'postgres', host: 'h', port: 1, database: 'd', role: 'r', env: 'production' },
  op: {
    class: 'read',
    title: 'SELECT',
    norm,
    objects: [{ name: 'public.customers', access: 'read' }],
    columns: [{ name: 'public.customers.email', place: 'output', class: 'email' }],
    text: { text: norm.replace('$1', "'literal'") },
    params: { text: '["one"]', n: 1 },
    ...more,
  },
  pol: { hash: 'ab'.repeat(32), decision: 'allow', rules: ['read-shop'], obligations: ['mask email'], approvals: [1] },
});

/** Records one statement that is done. Gives its index. */
async function done(session: Session, norm = 'select email from customers where name = $1'): Promise<number> {
  const { receipt, end } = await audit.recordIntent(statement(session, norm));
  await end({ status: 'done', rows: 2 });
  await taken();
  return receipt.index;
}
const taken = (): Promise<string | null> => catchUp({ directory: directory(), store, blobKey });
const page = { before: null, limit: 100 };

async function reviews(): Promise<readonly string[]> {
  await taken();
  const { events } = await store.events({ kinds: ['review.done'] }, { everything: true }, { limit: 100 });
  return events.map(({ personName, summary }) => `${personName ?? ''} ${summary}`).toReversed();
}
const all = async (pieces: AsyncIterable<string>): Promise<string> => (await Array.fromAsync(pieces)).join('');
const forever = new AbortController().signal;

describe('who sees what', () => {
  it('shows everything to a reviewer, and to everybody else what they did themselves', async () => {
    await done(ana);
    await done(eli);
    const people = async (who: Session): Promise<readonly (string | null)[]> => [
      ...new Set(
        (await activity.events(who, { query: { kinds: ['stmt.intent'] }, ...page })).events.map(
          ({ personName }) => personName,
        ),
      ),
    ];
    expect(await people(sam)).toEqual(['eli', 'ana']);
    expect(await people(ana)).toEqual(['ana']);
    expect(await people(eli)).toEqual(['eli']);
    expect((await activity.facets(eli, { query: {} })).people.map(({ name }) => name)).toEqual(['eli']);
    const chart = await activity.chart(ana, { query: {}, from: 0, to: Date.now(), bucket: 'day' });
    expect(chart.points).toMatchObject([{ allowed: 1 }]);
  });

  it('does not tell an event of somebody else from one that is not there', async () => {
    const index = await done(ana);
    const of = (at: number) =>
      activity
        .event(eli, { log: audit.id, index: at })
        .catch((error: unknown) => String(error).replaceAll(/\d+ of/g, 'N of'));
    expect(await of(index)).toEqual(await of(9_999));
    expect(await of(index)).toContain('no event');
  });

  it('shows nothing to an agent: what the person did without it is not its own, nor is what others did', async () => {
    const index = await done(ana);
    for (const person of [ana, sam]) {
      const agent = { ...person, principal: { ...person.principal, agent: { id: 'scout', name: 'Scout' } } };
      const refused = { code: 'agent-may-not' };
      await expect(activity.events(agent, { query: {}, ...page })).rejects.toMatchObject(refused);
      await expect(activity.facets(agent, { query: {} })).rejects.toMatchObject(refused);
      await expect(activity.chart(agent, { query: {}, from: 0, to: Date.now(), bucket: 'day' })).rejects.toMatchObject(
        refused,
      );
      await expect(activity.event(agent, { log: audit.id, index })).rejects.toMatchObject(refused);
      await expect(all(activity.export(agent, { query: {}, format: 'csv' }, forever))).rejects.toMatchObject(refused);
    }
    expect(await reviews()).toEqual([]);
  });

  it('tells how far the index is, and whether everything is seen', async () => {
    const end = new AbortController();
    for await (const progress of activity.progress(ana, end.signal)) {
      expect(progress).toEqual({ indexed: 0, recorded: 2, everything: false, reviewers: ['security'], trouble: null });
      end.abort();
    }
  });
});

describe('looking is recorded', () => {
  it('once for each search through what others did, not for each page, nor as time goes on', async () => {
    await done(ana);
    for (const from of [1, 2, 3]) await activity.events(sam, { query: { text: 'email', from }, ...page });
    await activity.facets(sam, { query: { text: 'email', from: 9 } });
    await activity.chart(sam, { query: { text: 'email' }, from: 0, to: 1, bucket: 'day' });
    await activity.events(sam, { query: { text: 'email', from: 1, to: 2 }, ...page });
    await activity.events(sam, { query: {}, ...page });
    await activity.events(sam, { query: { person: 'https://idp sam' }, ...page });
    await activity.events(ana, { query: { text: 'email' }, ...page });
    expect(await reviews()).toEqual([
      'sam searched for from=1970-01-01T00:00:00.001Z text=email',
      'sam searched for from=1970-01-01T00:00:00.001Z text=email to=1970-01-01T00:00:00.002Z',
      'sam searched for everything',
    ]);
  });

  it('before the text of somebody else is shown, and not for one’s own', async () => {
    const index = await done(ana);
    const own = await activity.event(ana, { log: audit.id, index });
    expect(own).toMatchObject({
      text: "select email from customers where name = 'literal'",
      params: '["one"]',
      textHidden: null,
    });
    expect(await reviews()).toEqual([]);
    for (const _ of [1, 2]) expect((await activity.event(sam, { log: audit.id, index })).text).toBe(own.text);
    expect(await reviews()).toEqual([`sam read the text of event ${String(index)} of ${audit.id}`]);
  });

  it('before the first byte of an export, whoever exports', async () => {
    await done(ana);
    await all(activity.export(ana, { query: { text: 'email' }, format: 'csv' }, forever));
    await all(activity.export(sam, { query: {}, format: 'jsonl' }, forever));
    expect(await reviews()).toEqual(['ana exported csv: text=email', 'sam exported jsonl: everything']);
  });

  it('or nothing is shown', async () => {
    const index = await done(ana);
    broken = true;
    await expect(activity.events(sam, { query: {}, ...page })).rejects.toThrow('disk');
    await expect(activity.event(sam, { log: audit.id, index })).rejects.toThrow('disk');
    await expect(all(activity.export(ana, { query: {}, format: 'csv' }, forever))).rejects.toThrow('disk');
    broken = false;
    expect((await activity.events(sam, { query: {}, ...page })).events.length).toBeGreaterThan(0);
  });
});

describe('one event', () => {
  it('has its decision, its columns and what refers to it', async () => {
    const index = await done(ana);
    expect(await activity.event(ana, { log: audit.id, index })).toMatchObject({
      decision: {
        policy: 'ab'.repeat(32),
        rules: ['read-shop'],
        obligations: ['mask email'],
        reasons: [],
        approvals: [1],
      },
      objects: [{ name: 'public.customers', access: 'read', via: null }],
      columns: [{ name: 'public.customers.email', place: 'output', class: 'email' }],
      related: [{ kind: 'stmt.outcome', status: 'done' }],
    });
  });

  it('shows the parts that a long event keeps beside itself', async () => {
    const columns = Array.from({ length: 300 }, (_, i) => ({
      name: `public.a_wide_table_with_a_long_name.and_a_column_with_one_${String(i)}`,
      place: 'output',
    }));
    const { receipt } = await audit.recordIntent(statement(ana, 'select * from a_wide_table', { columns }));
    await taken();
    const view = await activity.event(ana, { log: audit.id, index: receipt.index });
    expect(JSON.parse(view.leaf)).toHaveProperty('long');
    expect(view.columns).toHaveLength(300);
  });

  it('belongs to whom its leaf names, whatever a changed index says', async () => {
    const index = await done(ana);
    await store.close();
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(join(home, 'activity.sqlite'));
    database.exec("UPDATE terms SET term = 'person:https://idp eli' WHERE term = 'person:https://idp ana'");
    database.close();
    const forged = await openIndexHere({ kind: 'sqlite', file: join(home, 'activity.sqlite') });
    const misled = createActivity({ ...ports(), store: forged });
    await expect(misled.event(eli, { log: audit.id, index })).rejects.toMatchObject({ code: 'no-such-event' });
    await forged.close();
    store = await openIndexHere({ kind: 'sqlite', file: join(home, 'activity.sqlite') });
  });

  it('tells an erased text from one that is hidden, and from one that does not open', async () => {
    const index = await done(ana);
    const other = createActivity({ ...ports(), blobKey: Buffer.alloc(32, 8) });
    expect(await other.event(ana, { log: audit.id, index })).toMatchObject({ text: null, textState: 'missing' });
    const leaf = JSON.parse(readEvent(audit.path, index)?.leaf.toString() ?? '') as {
      readonly op: { readonly text: { readonly ref: string } };
    };
    await audit.eraseBlob(audit.id, leaf.op.text.ref, actorOf(sam), 'asked for by the person');
    await taken();
    const view = await activity.event(ana, { log: audit.id, index });
    expect(view).toMatchObject({ text: null, params: '["one"]', textState: 'erased' });
    expect(view.proof.leafHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('of a log that is not here is shown as far as the index knows it', async () => {
    const index = await done(ana);
    const elsewhere = createActivity({ ...ports(), directory: join(home, 'nowhere') });
    expect(await elsewhere.event(ana, { log: audit.id, index })).toMatchObject({
      event: { index },
      leaf: '',
      textState: 'missing',
      proof: { holds: false, checkpoint: null, file: null },
    });
  });

  const ports = () => ({
    store,
    directory: directory(),
    blobKey,
    audit,
    anchors: {
      state: () => ({
        store: null,
        uploaded: null,
        witnessed: null,
        pressure: 'none' as const,
        waitingSince: null,
        trouble: null,
        weaknesses: [],
      }),
    },
    witnesses: [],
    actorOf: (who: Session) => Promise.resolve(actorOf(who)),
    isReviewer: () => false,
    reviewers: () => [],
  });
});

describe('the proof of an event', () => {
  it('is checked by what stands in its file, the leaf and the key of the log alone', async () => {
    for (let i = 0; i < 5; i++) await done(ana);
    const index = await done(ana);
    await done(eli);
    expect((await activity.event(ana, { log: audit.id, index })).proof.holds).toBe(false);
    await audit.checkpoint();
    const { proof, leaf } = await activity.event(ana, { log: audit.id, index });
    expect(proof.holds).toBe(true);
    expect(verifyProof(proof.file ?? '', Buffer.from(leaf))).toBe(true);
    expect(verifyProof(proof.file ?? '', Buffer.from(`${leaf} `))).toBe(false);
    expect(
      verifyProof(
        (proof.file ?? '').replace(`index ${String(index)}`, `index ${String(index - 1)}`),
        Buffer.from(leaf),
      ),
    ).toBe(false);
  });

  it('is not shown as holding where the log has been changed behind its signature', async () => {
    const index = await done(ana);
    await audit.checkpoint();
    const segment = join(audit.path, 'journal', '00000000.seg');
    const good = readFileSync(segment);
    const { proof } = await activity.event(ana, { log: audit.id, index });
    const other = Buffer.from(good);
    const at = other.indexOf('"k":"log.open"');
    other.write('"k":"log.OPEN"', at);
    writeFileSync(segment, other);
    const changed = await activity.event(ana, { log: audit.id, index });
    expect(proof.holds).toBe(true);
    expect(changed.proof).toMatchObject({ holds: false, file: null });
    writeFileSync(segment, good);
  });
});

describe('an export', () => {
  it('is CSV that no spreadsheet takes for a formula, whatever was recorded', async () => {
    const norm = '=HYPERLINK("http://x","y")';
    await done(ana, norm);
    await done(ana, 'a\r\n"b",\u202e');
    const csv = await all(activity.export(ana, { query: { kinds: ['stmt.intent'] }, format: 'csv' }, forever));
    expect(csv.split('\r\n')[0]).toContain('time,person,person_name,agent,connection');
    expect(csv).toContain(`"'=HYPERLINK(""http://x"",""y"")"`);
    expect(csv).toContain('"a\r\n""b"",\u202e"');
  });

  it('is JSON lines with everything that the window is told', async () => {
    const index = await done(ana);
    const lines = (await all(activity.export(ana, { query: { kinds: ['stmt.intent'] }, format: 'jsonl' }, forever)))
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { time: expect.stringMatching(/^20.*Z$/), index, log: audit.id, status: 'done', classes: ['email'] },
    ]);
  });

  it('says in its last line where more events match than it holds, and only then', async () => {
    for (let i = 0; i < 3; i++) await done(ana);
    const query = { kinds: ['stmt.intent'] };
    const lines = async (format: 'csv' | 'jsonl', limit: number): Promise<readonly string[]> =>
      (await all(activity.export(ana, { query, format, limit }, forever))).trimEnd().split(/\r?\n/);

    const [, oldest = '', last = '', ...beyond] = await lines('jsonl', 2);
    const { cut } = JSON.parse(last) as { readonly cut: { readonly oldest: string; readonly next: string } };
    expect(beyond).toEqual([]);
    expect(cut).toMatchObject({ events: 2, oldest: (JSON.parse(oldest) as { readonly time: string }).time });
    const rows = (await lines('csv', 2)).map((line) => line.split(','));
    expect(rows.at(-1)).toEqual([
      ...[cut.oldest, '', '', '', '', '', 'export.cut', 'Not everything', cut.next, ...Array<string>(9).fill('')],
    ]);
    expect(rows.at(-1)).toHaveLength(rows[0]?.length ?? 0);

    for (const limit of [3, 4]) {
      expect(await lines('jsonl', limit)).toHaveLength(3);
      expect((await lines('csv', limit)).join()).not.toContain('export.cut');
    }
    const none = { query: { kinds: ['none'] }, format: 'jsonl', limit: 1 } as const;
    expect(await all(activity.export(ana, none, forever))).toBe('');
  });

  it('ends when nobody reads it any more', async () => {
    for (let i = 0; i < 3; i++) await done(ana);
    const end = new AbortController();
    const pieces = activity.export(ana, { query: {}, format: 'csv' }, end.signal);
    await pieces.next();
    end.abort();
    await expect(pieces.next()).rejects.toThrow();
  });
});

/** A stranger's check of a tlog-proof (C2SP), written from the specification alone. */
function verifyProof(text: string, leaf: Buffer): boolean {
  const [head = '', ...rest] = text.split('\n\n');
  const note = rest.join('\n\n');
  const [magic, indexLine = '', ...hashes] = head.split('\n');
  if (magic !== 'c2sp.org/tlog-proof@v1' || !indexLine.startsWith('index ')) return false;
  const [body = '', signatures = ''] = note.split('\n\n');
  const signature = Buffer.from(signatures.split('\n')[0]?.split(' ')[2] ?? '', 'base64').subarray(4);
  if (!verify(null, Buffer.from(`${body}\n`), createPublicKey(key), signature)) return false;
  const [, size = '', root = ''] = body.split('\n');
  const sha = (...parts: readonly Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');
  const climb = (at: number, count: number, left: string[]): Buffer | null => {
    if (count === 1) return sha(Buffer.of(0), leaf);
    const half = 2 ** Math.ceil(Math.log2(count) - 1);
    const beside = Buffer.from(left.pop() ?? '', 'base64');
    const inner = at < half ? climb(at, half, left) : climb(at - half, count - half, left);
    if (inner === null) return null;
    return at < half ? sha(Buffer.of(1), inner, beside) : sha(Buffer.of(1), beside, inner);
  };
  const left = [...hashes];
  const climbed = climb(Number(indexLine.slice(6)), Number(size), left);
  return left.length === 0 && climbed?.toString('base64') === root;
}
