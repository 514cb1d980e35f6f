import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GrantView } from '../../../shared/views.ts';
import { temporaryProfile } from '../../profile/testing.ts';
import { theOne, untilWords } from './grant.ts';
import { run } from './testing/terminal.ts';

const POLICY = `version: 1
rules: [{ id: read, allow: read }]
agents: { scout: { title: Scout, for: [everyone], maxMinutes: 60 } }
grants:
  unmask: { for: [everyone], maxMinutes: 60, reason: false, text: Names in clear }
  breakglass: { for: [everyone], maxMinutes: 30, reason: true, alert: [security] }
  write: { for: [everyone], maxMinutes: 30, approval: { from: [group:dba], count: 1 } }
groups: { dba: [dba], security: [security] }
`;
const CONNECTIONS = `version: 1
connections:
  shop: { title: Shop, engine: postgres, environment: development, host: 127.0.0.1, port: 1, database: shop, user: app, tls: disable }
  staging: { title: Staging, engine: postgres, environment: staging, host: 127.0.0.1, port: 1, database: shop, user: app, tls: disable }
`;

let profile: Awaited<ReturnType<typeof temporaryProfile>>;
beforeAll(async () => {
  profile = await temporaryProfile({ policy: POLICY, connections: CONNECTIONS });
});
afterAll(() => profile.remove());

const cli = (...argv: readonly string[]) => run([...argv, '--home', profile.home]);
async function json<T>(...argv: readonly string[]): Promise<T> {
  const { stdout, stderr, code } = await cli(...argv, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as T;
}
const held = (): Promise<readonly GrantView[]> => json('grant', 'list');
const recorded = async (
  ...kinds: readonly string[]
): Promise<readonly { title: string; summary: string; connection: string | null }[]> =>
  (await cli('activity', '--json', '--kind', ...kinds)).stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { title: string; summary: string; connection: string | null });

describe('countersign grant', { timeout: 60_000 }, () => {
  it('offers what the policy gives, and says what it takes', async () => {
    expect(await json('grant', 'offers')).toMatchObject([
      { name: 'unmask', maxMinutes: 60, text: 'Names in clear', approval: null },
      { name: 'breakglass', connections: ['shop', 'staging'], reason: true, alert: ['security'] },
      { name: 'write', approval: expect.stringContaining('dba') },
    ]);
    const { stdout } = await cli('grant', 'offers');
    expect(stdout).toMatch(/breakglass +\| shop, staging +\| 30 min +\| a reason; security will be told/);
    expect(stdout).toMatch(/write .*approval of .*dba/);
  });

  it('takes one, lists it with what is left, ends it by the beginning of its id, and all of it is in the record', async () => {
    const { code, stdout, stderr } = await cli(
      'grant',
      'take',
      'breakglass',
      'shop',
      '--reason',
      'payments are stuck',
      '--minutes',
      '10',
    );
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}\n$/)]);
    expect(stderr).toMatch(/You hold breakglass for shop until 20\S+Z \(9 min left\)/);
    const [grant] = await held();
    expect(grant).toMatchObject({ name: 'breakglass', connection: 'shop', mine: true, reason: 'payments are stuck' });
    const id = grant?.id ?? '';
    expect((await cli('grant', 'list', '--all')).stdout).toMatch(
      new RegExp(`${id.slice(0, 16)} \\| breakglass \\| shop +\\| 20.*min left\\) \\| payments are stuck`),
    );
    expect(await cli('grant', 'end', id.slice(0, 8), '--why', 'they flow again')).toMatchObject({
      code: 0,
      stderr: 'breakglass for shop is ended.\n',
    });
    expect(await held()).toEqual([]);
    expect((await cli('grant', 'list')).stderr).toBe('No grant is in force.\n');
    expect(await recorded('grant.start', 'grant.end')).toMatchObject([
      { title: 'Grant ended', connection: 'shop', summary: expect.stringContaining('they flow again') },
      {
        title: 'Grant taken',
        connection: 'shop',
        summary: expect.stringMatching(/payments are stuck · to be told: security/),
      },
    ]);
  });

  it.each([
    [
      ['grant', 'take', 'breakglass', 'shop'],
      /The grant breakglass needs a reason\.\nSay in a few words why: --reason/,
    ],
    [['grant', 'take', 'write', 'shop'], /needs approval of/],
    [['grant', 'take', 'root', 'shop'], /no grant of that name\.\nIt offers you unmask, breakglass, write/],
    [['grant', 'take', 'unmask', 'nowhere'], /You may take it for shop, staging/],
    [['grant', 'take', 'unmask', 'shop', '--minutes', '61'], /lasts at most 60 minutes/],
    [['grant', 'take', 'unmask', 'shop', '--minutes', '0'], /whole number of minutes/],
    [['grant', 'end', 'ffffffff'], /No grant of that id/],
    [['grant', 'end', ''], /No grant of that id/],
    [['revoke'], /what is revoked/],
    [['revoke', 'planet', 'earth', '--reason', 'because'], /countersign revoke person\|device/],
    [['revoke', 'agent', 'scout'], /needs a reason/],
    [['revoke', 'agent', 'scuot', '--reason', 'lost control'], /The policy names scout/],
    [['revoke', 'service', 'nightly', '--reason', 'lost control'], /The policy names no service/],
    [['revoke', 'person', 'Eli', '--reason', 'has left'], /e-mail address/],
    [['revoke', 'device', 'laptop', '--reason', 'was lost'], /thumbprint/],
    [['revoke', 'token', 'ey.J9', '--reason', 'was lost'], /never the token/],
  ])('refuses, and says what to do: %j', async (argv, words) => {
    const { code, stdout, stderr } = await cli(...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(words);
  });

  it('is for people: what holds the token of an agent takes none', async () => {
    const { code, stderr } = await run(['grant', 'take', 'unmask', 'shop', '--home', profile.home], {
      environment: { COUNTERSIGN_AGENT_TOKEN: 'not a token' },
    });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/agent/i)]);
    expect(await held()).toEqual([]);
  });
});

describe('countersign revoke', { timeout: 60_000 }, () => {
  it('ends a grant for good, keeps what stands in the file, and is in the record', async () => {
    const grant = await json<GrantView>('grant', 'take', 'unmask', 'shop');
    expect(await cli('revoke', 'grant', grant.id.slice(0, 12), '--reason', 'taken by mistake')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`The grant ${grant.id} counts no more.`),
    });
    expect(await held()).toEqual([]);
    expect((await cli('revoke', 'person', 'Eli@Shop.Example', '--reason', 'has left')).code).toBe(0);
    expect(readFileSync(join(profile.home, 'revocations.yaml'), 'utf8')).toContain('taken by mistake');
    expect(await json('revoke', '--list')).toEqual([
      { kind: 'grant', id: grant.id, reason: 'taken by mistake' },
      { kind: 'person', id: 'eli@shop.example', reason: 'has left' },
    ]);
    expect((await cli('revoke', '--list')).stdout).toMatch(/person +\| eli@shop.example +\| has left/);
    expect(await recorded('config.change')).toMatchObject([
      { summary: 'person revoked · eli@shop.example · has left' },
      { summary: `grant revoked · ${grant.id} · taken by mistake` },
    ]);
  });
});

describe('an id and a time in words', () => {
  const view = (id: string): GrantView => ({
    ...{ id, name: 'unmask', person: 'ana', mine: true, connection: 'shop', reason: null },
    ...{ from: '2026-03-02T10:00:00.000Z', until: '2026-03-02T11:00:00.000Z' },
  });

  it.each([
    ['abcdef12', 'abcdef1234'],
    ['ABCDEF12', 'abcdef1234'],
    ['abcdef1234', 'abcdef1234'],
  ])('is of the one grant that begins so: %s', (given, id) => {
    expect(theOne([view('abcdef1234'), view('fedcba4321')], given).id).toBe(id);
  });

  it('is of none where several begin so, or it is too short to tell', () => {
    expect(() => theOne([view('abcdef1234'), view('abcdef1255')], 'abcdef12')).toThrow(/Several/);
    expect(() => theOne([view('abcdef1234')], 'abcdef1')).toThrow(/No grant/);
  });

  it.each([
    ['2026-03-02T10:30:30.000Z', '29 min'],
    ['2026-03-02T10:59:30.000Z', 'less than a minute'],
  ])('says what is left at %s', (at, left) => {
    expect(untilWords(view('x'), Date.parse(at))).toBe(`2026-03-02T11:00:00.000Z (${left} left)`);
  });
});
