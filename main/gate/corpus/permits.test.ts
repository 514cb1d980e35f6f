import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { newDecisionCheck } from '../../../verify/decision-check.ts';
import { logsBelow } from '../../audit/journal/reader.ts';
import { openSecretStore } from '../../credentials/index.ts';
import { openInstallation } from '../../installation.ts';
import { auditDirectory } from '../../recording.ts';
import { checkedLog } from '../testing/recorded.ts';
import { OTHER, startPermitTwins } from './testing/permit-database.ts';
import { runOutside } from './testing/outside.ts';
import { randomPermitQueries } from './testing/random-permit-queries.ts';
import { comparable, databaseOf, type Twins } from './testing/twins.ts';

const row = z.strictObject({
  id: z.string(),
  permit: z.string(),
  sql: z.string(),
  verdict: z.enum(['allow', 'refuse']),
  why: z.string(),
  params: z.array(z.string()).optional(),
  /** The rows that come back. */
  gives: z.array(z.array(z.string().nullable())).optional(),
  /** Code of the error that an allowed statement ends with. */
  ending: z.string().optional(),
  /** Why a statement that is refused gives the same on all of these databases even without a gate. */
  same: z.string().optional(),
});
const corpus = z.object({ about: z.string(), rows: z.array(row) });
const { rows } = corpus.parse(JSON.parse(readFileSync(new URL('./permits.json', import.meta.url), 'utf8')));

let twins: Twins;
beforeAll(async () => {
  twins = await startPermitTwins();
}, 120_000);
afterAll(() => twins.close());

/** What comes back to the analyst where no gate stands before the server. */
async function outside(database: string, sql: string, params: readonly string[] = []): Promise<readonly string[]> {
  const { heard } = await runOutside(twins.server, [sql], {
    user: 'analyst',
    password: twins.password,
    database,
    transaction: 'read write',
    params,
  });
  return heard;
}

for (const permit of new Set(rows.map((one) => one.permit))) {
  describe(permit === 'derived' ? 'no permit, but a short list of functions,' : `a permit of ${permit}`, () => {
    for (const { verdict, why, sql, params, gives, ending, same } of rows.filter((one) => one.permit === permit)) {
      it(`${verdict === 'allow' ? 'lets through' : 'does not let through'} ${why}: ${sql}`, async () => {
        const [a, b] = [await twins.run('a', sql, params), await twins.run('b', sql, params)];
        expect(comparable(a), 'what is seen of twins').toEqual(comparable(b));
        expect({ refused: a.verdict === 'refuse', reasons: a.output.reasons }).toEqual({
          refused: verdict === 'refuse',
          reasons: verdict === 'refuse' ? a.output.reasons : [],
        });
        if (verdict === 'refuse') {
          const heard: string[] = [];
          for (const database of [databaseOf('a'), databaseOf('b'), OTHER])
            heard.push(JSON.stringify(await outside(database, sql, params)));
          const told = new Set(heard).size > 1;
          expect({ sql, told }, 'what the server itself tells').toEqual({ sql, told: same === undefined });
          return;
        }
        expect(a.failed ? a.output.ending[0] : undefined).toBe(ending);
        if (ending !== undefined) expect(a.output.columns).toEqual([]);
        if (gives !== undefined) expect(a.output.rows).toEqual(gives);
      });
    }
  });
}

describe('a permit with a budget', () => {
  const CANARY = 'canary-that-is-compared';
  const text = `select id from letters where addressee = '${CANARY}'`;

  it('is spent for good, for one person and connection, also by statements that fail', async () => {
    const failing = 'select id, 1 / (id - 5) from letters where addressee = $1 or id = 5';
    expect((await twins.run('a', failing, ['x'])).verdict, 'no form, nothing spent').toBe('refuse');
    expect(await twins.run('a', 'select 1 / (id - id) from letters where addressee = $1', ['x'])).toMatchObject({
      verdict: 'allow',
    });
    expect(await twins.run('a', text)).toMatchObject({ verdict: 'allow' });
    expect(await twins.run('a', text)).toMatchObject({ verdict: 'refuse', because: ['budget-spent'] });
    expect(await twins.run('b', text)).toMatchObject({ verdict: 'allow' });
  });

  it('says so before the statement is run, and after the program starts again', async () => {
    const request = { session: twins.session, connection: 'twin-a', text, params: [], origin: 'cli' } as const;
    const signal = new AbortController().signal;
    const explained = await twins.installation.gate.explain(request, signal);
    expect(explained.verdict).toMatchObject({ verdict: 'refuse', reasons: [{ code: 'budget-spent' }] });
    const again = await openInstallation(twins.home, 'cli');
    const codes: string[] = [];
    for await (const event of again.gate.run(request, signal))
      if (event.kind === 'verdict' && event.judgement.verdict.verdict === 'refuse')
        codes.push(...event.judgement.verdict.reasons.map(({ code }) => code));
    await again.close();
    expect(codes).toEqual(['budget-spent']);
  });

  it('leaves in the record a keyed hash of the value, and the value nowhere in clear', () => {
    const files = readdirSync(twins.home, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .flatMap((entry) => contentOf(join(entry.parentPath, entry.name)));
    expect(files.filter((content) => content.includes(CANARY))).toEqual([]);
    const recorded = files.flatMap((content) =>
      [
        ...content.matchAll(
          /"permits":\[\{"form":"equality","class":"person","columns":\["public.letters.addressee"\],"rules":\["few"\],"value":"([0-9a-f]{64})"/g,
        ),
      ].map(([, hash]) => hash),
    );
    expect(new Set(recorded).size, 'two values were compared').toBe(2);
    expect(recorded).not.toContain(createHash('sha256').update(CANARY).digest('hex'));
  });
});

/** Of a file that is still there: the log replaces its partial tiles by whole ones meanwhile. */
function contentOf(path: string): readonly string[] {
  try {
    return [readFileSync(path, 'latin1')];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** More for whoever has the time: COUNTERSIGN_RANDOM_QUERIES=20000 COUNTERSIGN_RANDOM_SEED=7. */
const COUNT = Number(process.env['COUNTERSIGN_RANDOM_QUERIES'] ?? 300);
const SEED = Number(process.env['COUNTERSIGN_RANDOM_SEED'] ?? 1);

describe('random statements near what permits allow', () => {
  it('give the same on twins', { timeout: 30_000 + COUNT * 200 }, async () => {
    const told: string[] = [];
    let ran = 0;
    let left = COUNT;
    for (const text of randomPermitQueries(SEED)) {
      if (left-- <= 0) break;
      const [a, b] = [await twins.run('a', text), await twins.run('b', text)];
      if (JSON.stringify(comparable(a)) !== JSON.stringify(comparable(b))) told.push(text);
      if (a.verdict !== 'refuse' && !a.failed) ran++;
    }
    expect(told).toEqual([]);
    expect(ran, 'enough of them run to show something').toBeGreaterThan(COUNT / 25);
  });
});

it('decides each of these for the verifier as it did here', { timeout: 120_000 }, async () => {
  const blobKey = await (await openSecretStore('file', twins.home)).get('audit-blob-key');
  if (blobKey === undefined) throw new Error('no blob key');
  const check = newDecisionCheck();
  const reports = logsBelow(auditDirectory(twins.home)).map(({ path, id }) => checkedLog(check, path, id, blobKey));
  expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
  const again = reports.flatMap(({ checked }) => checked.filter(({ what }) => what === 'decisions made again'));
  expect(again.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(rows.length);
});
