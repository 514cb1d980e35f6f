import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PolicyExplanationView, type SimulationView } from '../../../shared/policy-views.ts';
import { startWorkplace, type Workplace } from '../testing/workplace.ts';
import { run, signIn } from './testing/terminal.ts';

const SHOWS = 'SELECT email, country FROM customers';
const CHANGES = "UPDATE customers SET name = 'x' WHERE id = 1";

describe('a policy put to statements', { timeout: 120_000 }, () => {
  let workplace: Workplace;
  let home: string;
  let policy: string;
  beforeAll(async () => {
    workplace = await startWorkplace();
    ({ home } = workplace);
    policy = readFileSync(join(home, 'policy.yaml'), 'utf8');
    await signIn(home, 'ana');
    for (const [connection, sql] of [
      ['production', SHOWS],
      ['staging', 'SELECT id FROM orders'],
      ['production', CHANGES],
      ['production', 'SELECT nothing_like_it()'],
    ] as const)
      await run(['query', connection, '--sql', sql, '--home', home]);
  });
  afterAll(() => workplace.stop());

  const cli = (...argv: readonly string[]) => run(['policy', ...argv, '--home', home]);

  function changed(name: string, from: string | RegExp, to: string): string {
    const text = policy.replace(from, to);
    if (text === policy) throw new Error(`the policy does not hold ${String(from)}`);
    const path = join(home, name);
    writeFileSync(path, text);
    return path;
  }

  async function explained(...argv: readonly string[]): Promise<PolicyExplanationView & { readonly code: number }> {
    const { code, stdout, stderr } = await cli('explain', ...argv, '--json');
    expect(stderr).toBe('');
    return { ...(JSON.parse(stdout) as PolicyExplanationView), code };
  }

  async function simulated(...argv: readonly string[]): Promise<SimulationView> {
    const { stdout, stderr } = await cli('simulate', ...argv, '--json');
    expect(stderr).toBe('');
    return JSON.parse(stdout) as SimulationView;
  }

  it('explains one’s own verdict, with every rule and its line', async () => {
    const { code, stdout } = await cli('explain', 'production', '--sql', SHOWS);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^As ana@shop\.example\nAllowed: SELECT\n/);
    expect(stdout).toContain('select on public.customers: allow\n');
    const line = policy.split('\n').findIndex((text) => text.includes('id: analysts-read')) + 1;
    expect(stdout).toContain(`+ analysts-read (allow, line ${String(line)}): it is for group analysts\n`);
    expect(stdout).toMatch(/- no-drop-in-production|- agents-see-no-personal-data .*: it is for any agent/);
  });

  it.each([
    ['an engineer', ['group:engineers'], CHANGES, 'refuse', ['approval-needed', 'reason-needed']],
    ['an analyst’s agent', ['group:analysts', 'agent:scout'], SHOWS, 'allow', []],
    ['an agent of somebody it is not for', ['group:security', 'agent:scout'], SHOWS, 'refuse', ['not-allowed']],
    ['a service', ['service:nightly-report'], SHOWS, 'allow', []],
    ['nobody in particular', ['everyone'], SHOWS, 'refuse', ['not-allowed']],
  ])('explains the verdict that %s would get', async (_who, as, sql, verdict, codes) => {
    const view = await explained('production', '--sql', sql, '--as', ...as);
    expect(view.as).toBe(as.join(', '));
    expect(view.verdict.verdict).toBe(verdict);
    expect(view.verdict.reasons.map(({ code }) => code)).toEqual(expect.arrayContaining(codes));
    expect(view.code).toBe(verdict === 'allow' ? 0 : 1);
  });

  it('explains what a grant would lift, and what another policy would say', async () => {
    const lifted = await explained('production', '--sql', CHANGES, '--as', 'group:engineers', '--grant', 'break-glass');
    expect(lifted.questions[0]?.rules).toContainEqual(
      expect.objectContaining({
        id: 'production-writes-approved',
        applies: false,
        why: 'the grant break-glass lifts it',
      }),
    );
    const other = changed('closed.yaml', 'env: [staging, production] } }', 'env: staging } }');
    const view = await explained('production', '--sql', SHOWS, '--policy', other);
    expect(view.verdict.reasons.map(({ code }) => code)).toEqual(['not-allowed']);
  });

  it.each([
    [
      'a group that is not there',
      ['--as', 'group:nobody'],
      /no group is called "nobody".*\n.*analysts, engineers, security/,
    ],
    ['two people at once', ['--as', 'person:a@b.c', 'person:d@e.f'], /one person, one agent or one service/],
    ['a service as somebody', ['--as', 'service:nightly-report', 'group:engineers'], /asks by itself/],
    ['a grant that is not there', ['--grant', 'all'], /no grant called all/],
    ['a time that is none', ['--at', 'noon'], /--at noon is not a time/],
    ['a policy that is malformed', ['--policy', '/dev/null'], /is not right/],
  ])('cannot explain %s', async (_what, argv, message) => {
    const { code, stderr } = await cli('explain', 'production', '--sql', SHOWS, ...argv);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('records no statement and sends none', async () => {
    const seen = async () =>
      (await run(['activity', '--kind', 'stmt.intent', 'stmt.denied', '--json', '--home', home])).stdout.split('\n')
        .length;
    const before = await seen();
    await explained('production', '--sql', 'SELECT pg_sleep(1000)', '--as', 'group:engineers');
    expect(await seen()).toBe(before);
  });

  it('makes nothing else of recorded statements under the same policy', async () => {
    expect(await simulated()).toMatchObject({ examined: 4, same: 4, skipped: [], changed: [], done: true });
  });

  it('says what another policy would refuse and mask', async () => {
    const closed = changed('staging-only.yaml', 'env: [staging, production] } }', 'env: staging } }').replace(
      /\n$/,
      '',
    );
    const refused = await simulated(closed);
    expect(refused).toMatchObject({ examined: 4, nowRefused: 1, nowAllowed: 0 });
    expect(refused.changed[0]).toMatchObject({
      person: 'ana@shop.example',
      connection: 'production',
      before: 'allow',
      after: 'refuse',
      changes: ['no rule allows select on public.customers'],
    });
    const redacted = changed(
      'redacted.yaml',
      /(id: production-masked\s+require: \{ mask: \{ pii: )partial/,
      '$1redact',
    );
    const masked = await simulated(redacted);
    expect(masked.changed.map(({ changes }) => changes)).toEqual([['public.customers.email: partial -> redact']]);
    const { code, stdout } = await cli('simulate', redacted);
    expect(stdout).toContain(
      '4 statements: 3 are as before, 0 are now allowed, 0 are now refused, 1 is bound otherwise.',
    );
    expect(code).toBe(1);
  });

  it('looks at what was recorded since then only', async () => {
    expect(await simulated('--since', '2100-01-01')).toMatchObject({ examined: 0, skipped: [] });
  });

  it('shows a reviewer everybody’s statements, recorded as a review, and others their own', async () => {
    await signIn(home, 'eli');
    expect(await simulated('--as', 'eli@shop.example')).toMatchObject({ examined: 0 });
    await signIn(home, 'sam');
    expect(await simulated('--as', 'sam@shop.example')).toMatchObject({ examined: 4 });
    const { stdout } = await run([
      'activity',
      '--kind',
      'review.done',
      '--as',
      'sam@shop.example',
      '--json',
      '--home',
      home,
    ]);
    expect(stdout).toMatch(/policy simulate [0-9a-f]{64} from=/);
  });
});
