import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LeafHashes } from './leaf-hashes.ts';
import { Reporter } from './report.ts';
import { checkSuccession, deadMark, type Link } from './succession.ts';

const A = '01a1fe84-7000-7000-8000-00000000000a';
const B = '01a1fe84-7000-7000-8000-00000000000b';
const C = '01a1fe84-7000-7000-8000-00000000000c';
const hash = createHash('sha256').update('intent').digest('hex');

const after = (more: object): object => ({ log: A, size: 1, root: 'ab', reason: 'it was put back', ...more });

function link(id: string, parts: Partial<Link> = {}): Link {
  const hashes = new LeafHashes();
  hashes.push(Buffer.from(hash, 'hex').toString('latin1'));
  const open = { intents: new Set<number>(), sessions: 0 };
  return { id, dead: null, after: undefined, hashes, open, late: [], rootWhenDead: null, ...parts };
}

function findings(links: readonly Link[], complete = false): readonly (readonly [string, string | null])[] {
  const report = new Reporter();
  checkSuccession(links, complete, report);
  return report.report('test').findings.map(({ code, where }) => [code, where]);
}

describe('succession of logs', () => {
  it('takes a log for given up when only its successor says so, as in a store', () => {
    expect(findings([link(A), link(B, { after: after({}) })])).toEqual([['log-dead', A]]);
  });

  it('says once that a log was given up where its mark is there, too', () => {
    const mark = after({});
    const dead = deadMark(Buffer.from(`${JSON.stringify(mark, null, 2)}\n`));
    expect(findings([link(A, { dead }), link(B, { after: mark })], true)).toEqual([['log-dead', A]]);
  });

  it('lets a log have as many copies as there are, each with a log of its own', () => {
    const copied = after({ copied: true });
    expect(findings([link(A), link(B, { after: copied }), link(C, { after: copied })])).toEqual([]);
  });

  it('finds two logs that both go on in place of one', () => {
    const both = [link(A), link(B, { after: after({}) }), link(C, { after: after({}) })];
    expect(findings(both)).toContainEqual(['successor', C]);
  });

  it('takes a late end of a statement whose log was given up, also where no mark says so', () => {
    const open = { intents: new Set([0]), sessions: 0 };
    const late = [{ where: `${B} event 1`, of: { log: A, i: 0, h: hash } }];
    expect(findings([link(A, { open }), link(B, { after: after({}), late })])).toEqual([['log-dead', A]]);
    expect(findings([link(A, { open }), link(B, { late })])).toEqual([['late-outcome', `${B} event 1`]]);
  });
});
