import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TemporaryServer } from '../../../databases/embedded/index.ts';
import { serversAtHand } from '../../../databases/embedded/testing/installed.ts';
import { builtinRelation, BUILTIN_MAJORS, builtinSignatures, isBuiltinType, judgeCall } from './builtins.ts';
import { effectsOf } from './testing/effects.ts';
import { NEWER_WORDS } from './testing/newer-words.ts';
import { builtinsText, formOf, readReview, signatureOf } from './testing/review.ts';
import { readBuiltins, type ServerBuiltins } from './testing/server-builtins.ts';
import { MAJORS } from './testing/versions.ts';

const review = readReview();
const reviewed = new Map(review.functions.map((one) => [formOf(one.signature, one.identity), one]));

/** Reviewed forms that a version has, by their key; the versions are written as in builtins.json. */
function formsOf(major: number): ReadonlySet<string> {
  const within = (versions: string): boolean => {
    if (versions === '') return true;
    const [since = '', until = ''] = versions.split('-');
    return (since === '' || Number(since) <= major) && (until === '' || major <= Number(until));
  };
  return new Set(
    review.functions.filter((one) => within(one.versions)).map((one) => formOf(one.signature, one.identity)),
  );
}

const read = new Map<number, ServerBuiltins>();

for (const { major, name, missing, start } of serversAtHand) {
  describe.skipIf(missing)(`what ${name} itself brings`, () => {
    let server: TemporaryServer;
    let builtins: ServerBuiltins;
    beforeAll(async () => {
      server = await start();
      builtins = await readBuiltins(server, major);
      read.set(major, builtins);
    });
    afterAll(() => server.stop());

    it('is reviewed: every function in the very form that the server has, and none that it has not', () => {
      const forms = builtins.functions.map((one) => formOf(signatureOf(one), one.identity));
      expect(new Set(forms)).toEqual(formsOf(major));
    });

    it('is allowed to nobody where the review does not say what it is', () => {
      const unknown = builtins.functions.filter((one) => {
        const row = reviewed.get(formOf(signatureOf(one), one.identity));
        return row === undefined || (row.class === 'unknown' && row.allow !== 'no');
      });
      expect(unknown).toEqual([]);
    });

    it('has the catalog relations with the columns, and the types, that are listed for the version', () => {
      expect(builtins.relations.filter(({ name: relation }) => review.relations.get(relation) === undefined)).toEqual(
        [],
      );
      const listed = builtins.relations.map(({ name: relation }) => {
        const [schema = '', bare = ''] = relation.split('.');
        return { name: relation, columns: builtinRelation(schema, bare, major)?.columns };
      });
      expect(listed).toEqual(builtins.relations);
      expect(builtins.types.filter((type) => !isBuiltinType(type, major))).toEqual([]);
    });

    it('takes no transaction id and changes no setting, lock or channel in a function that readers may call', async () => {
      const allowed = builtins.functions.filter(
        (one) => one.plain && (reviewed.get(formOf(signatureOf(one), one.identity))?.allow ?? 'no') !== 'no',
      );
      const { called, effects } = await effectsOf(server, allowed);
      expect(effects).toEqual([]);
      expect(called, 'enough of them take plain values').toBeGreaterThan(1_700);
    });

    it('would show in that test if it did', async () => {
      const known = new Set(['pg_advisory_lock(bigint)', 'txid_current()', 'pg_advisory_xact_lock_shared(bigint)']);
      const { effects } = await effectsOf(
        server,
        builtins.functions.filter((one) => known.has(signatureOf(one))),
      );
      expect(effects).toHaveLength(known.size);
    });
  });
}

describe('builtins.json', () => {
  const missing = serversAtHand.filter((one) => one.missing).map(({ name }) => name);
  it.skipIf(missing.length > 0)(
    `is what scripts/postgres-builtins.ts makes of the servers and the review ${missing.join(', ')}`.trim(),
    () => {
      const file = readFileSync(new URL('./builtins.json', import.meta.url), 'utf8');
      expect(builtinsText([...read.values()], review)).toEqual(file);
    },
  );

  it('speaks of the supported versions', () => {
    expect(BUILTIN_MAJORS).toEqual([MAJORS[0], MAJORS.at(-1)]);
  });
});

describe.skipIf(serversAtHand.some(({ missing }) => missing))('keywords of the newest version', () => {
  it('are keywords or refused on the older ones, where they would be names, and none has become a name since', () => {
    const newest = read.get(BUILTIN_MAJORS[1])?.keywords ?? [];
    for (const [major, { keywords }] of read) {
      const refused = Object.entries(NEWER_WORDS).filter(([, { since }]) => major < since);
      const added = newest.filter((word) => !keywords.includes(word));
      expect([major, added]).toEqual([major, refused.map(([word]) => word)]);
      expect(keywords.filter((word) => !newest.includes(word))).toEqual([]);
    }
  });
});

describe('a built-in of one version only', () => {
  it('is judged on every version, because the text is judged before the server is known', () => {
    const verdict = judgeCall({ name: ['pg_read_file_old'], count: 3, span: undefined });
    expect(verdict).toMatchObject({ allowed: false, hazard: { code: 'refused-function' } });
    expect(judgeCall({ name: ['numeric_fac'], count: 1, span: undefined }).allowed).toBe(true);
  });

  it('is no overload on a version that has it not', () => {
    const call = { name: ['numeric_fac'], count: 1, span: undefined };
    expect(builtinSignatures(call, 13)).toHaveLength(1);
    expect(builtinSignatures(call, 14)).toHaveLength(0);
    expect(builtinSignatures(call, 19), 'a version that was not reviewed may have anything').toHaveLength(1);
  });

  it('is no relation, type or column on a version that has it not', () => {
    expect(builtinRelation('pg_catalog', 'pg_stat_io', 15)).toBeUndefined();
    expect(builtinRelation('pg_catalog', 'pg_stat_io', 16)?.columns).toContain('op_bytes');
    expect(builtinRelation('pg_catalog', 'pg_stat_io', 18)?.columns).not.toContain('op_bytes');
    expect([13, 14].map((major) => isBuiltinType('int4multirange', major))).toEqual([false, true]);
  });
});
