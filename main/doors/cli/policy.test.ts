import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MatrixView, type PolicyCheckView, type PolicyDiffView } from '../../../shared/policy-views.ts';
import { temporaryProfile } from '../../profile/testing.ts';
import { run } from './testing/terminal.ts';

const organisation = new URL('../../demonstration/organisation/', import.meta.url);
const CONNECTIONS = `version: 1
connections:
  staging: { title: Shop staging, environment: staging, host: 127.0.0.1, port: 1, database: shop_staging, user: app, tls: disable, team: shop }
  production: { title: Shop production, environment: production, host: 127.0.0.1, port: 1, database: shop_production, user: app, tls: disable, team: shop }
`;

let profile: Awaited<ReturnType<typeof temporaryProfile>>;
let policy: string;
beforeAll(async () => {
  policy = await readFile(new URL('policy.yaml', organisation), 'utf8');
  const classification = await readFile(new URL('classification.yaml', organisation), 'utf8');
  profile = await temporaryProfile({ policy, classification, connections: CONNECTIONS });
});
afterAll(() => profile.remove());

const cli = (...argv: readonly string[]) => run(['policy', ...argv, '--home', profile.home]);

async function file(name: string, text: string): Promise<string> {
  const path = join(profile.home, name);
  await writeFile(path, text);
  return path;
}

/** Another policy, made from the demonstration's. */
async function changed(name: string, from: string | RegExp, to: string): Promise<string> {
  const text = policy.replace(from, to);
  if (text === policy) throw new Error(`the policy does not hold ${String(from)}`);
  return file(name, text);
}

describe('countersign policy check', () => {
  it('is content with the demonstration’s policy, without a login and without a database', async () => {
    const { code, stdout, stderr } = await cli('check');
    expect(stdout).toMatch(/policy\.yaml is good: \d+ rules, \d+ tests pass\. [0-9a-f]{12}\n$/);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('prints each problem as file:line:column with the choices', async () => {
    const path = await changed('misspelt.yaml', 'allow: read, to: group:security', 'allow: raed, to: group:secrity');
    const { code, stdout } = await cli('check', path);
    expect(stdout).toMatch(
      /misspelt\.yaml:\d+:\d+: rules\.allow is not one of its choices \(choices: read, write, all/,
    );
    expect(stdout).toContain('misspelt.yaml is not right: 1 problem.');
    expect(code).toBe(1);
  });

  it('knows the connections and classes of the profile', async () => {
    const path = await changed('elsewhere.yaml', 'in: { env: staging }', 'in: { connection: stageing }');
    const { stdout } = await cli('check', path, '--json');
    const view = JSON.parse(stdout) as PolicyCheckView;
    expect(view.problems[0]).toMatchObject({
      message: 'no connection is called "stageing"',
      choices: ['staging', 'production'],
    });
  });

  it('fails where a test of the policy does', async () => {
    const path = await changed(
      'wrong.yaml',
      '{ as: group:analysts, do: update, on: { connection: staging }, expect: deny }',
      '{ as: group:analysts, do: update, on: { connection: staging }, expect: allow }',
    );
    const { code, stdout } = await cli('check', path);
    expect(stdout).toMatch(/wrong\.yaml:\d+: test fails: group:analysts: update on staging: expected allow, got deny/);
    expect(code).toBe(1);
  });

  it.each([
    ['a file that is not there', ['check', '/nowhere/policy.yaml'], /cannot be read/],
    ['a file without an end', ['check', '/dev/zero'], /is larger than 1048576 bytes/],
    ['a directory', ['check', '/tmp'], /cannot be read/],
    ['a profile that is not there', ['check', '--home', '/nowhere'], /There is no connections\.yaml/],
  ])('cannot look at %s', async (_what, argv, message) => {
    const { code, stderr } = await run([
      'policy',
      ...argv,
      ...(argv.includes('--home') ? [] : ['--home', profile.home]),
    ]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('countersign policy test', () => {
  it('has a line for each test, and those of other files', async () => {
    const more = await file(
      'more.yaml',
      '# More\ntests:\n  - { as: group:analysts, do: drop, on: { env: production }, expect: deny }\n  - { as: everyone, do: select, expect: allow }\n',
    );
    const { code, stdout } = await cli('test', '--tests', more);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ok {3}policy\.yaml:\d+: group:analysts: select on staging$/);
    expect(lines.at(-4)).toMatch(/^ok {3}.*more\.yaml:3: group:analysts: drop on production$/);
    expect(lines.at(-3)).toMatch(/^FAIL .*more\.yaml:4: everyone: select$/);
    expect(lines.at(-2)).toBe('       expected allow, got deny (no rule applies)');
    expect(lines.at(-1)).toMatch(/^\d+ tests, 1 fails\.$/);
    expect(code).toBe(1);
  });

  it('says the same as JSON', async () => {
    const { code, stdout } = await cli('test', '--json');
    const view = JSON.parse(stdout) as { passed: number; failed: number; tests: { passed: boolean; file: string }[] };
    expect(view.tests).toHaveLength(view.passed);
    expect([view.failed, view.tests[0]?.file, code]).toEqual([0, 'policy.yaml', 0]);
  });
});

describe('countersign policy matrix', () => {
  it('shows who may do what, as a table', async () => {
    const { code, stdout } = await cli('matrix');
    expect(stdout).toMatch(
      /group:engineers +\| production +\| insert, update, delete, merge +\| approval +\| approval of/,
    );
    expect(stdout).toMatch(/group:analysts +\| staging +\| select, explain, show\b/);
    expect(stdout).not.toMatch(/group:analysts +\| production +\| update/);
    expect(stdout).toMatch(/What is not listed is not allowed\.\n$/);
    expect(code).toBe(0);
  });

  it('has every cell as JSON', async () => {
    const view = JSON.parse((await cli('matrix', '--json')).stdout) as MatrixView;
    expect(view.places.map(({ title }) => title)).toEqual(['Shop staging', 'Shop production']);
    expect(view.cells).toHaveLength(view.who.length * view.places.length * view.actions.length);
  });
});

describe('countersign policy diff', () => {
  it('is nothing for another layout', async () => {
    const { code, stdout } = await cli('diff', await file('same.yaml', `# The same\n${policy}`));
    expect([code, stdout]).toEqual([0, 'The two are the same policy.\n']);
  });

  it('says who may do more, first, and what it was before', async () => {
    const path = await changed('wider.yaml', 'deny: [drop, truncate]', 'deny: truncate');
    const { code, stdout } = await cli('diff', path);
    expect(stdout).toMatch(/^~ no-drop-in-production\n/);
    expect(code).toBe(1);
    const opened = await changed(
      'opened.yaml',
      '{ id: agents-change-nothing, deny: [write, ddl, admin], to: agent }',
      '{ id: agents-change-nothing, allow: insert, to: agent, in: { env: staging } }',
    );
    const wider = await cli('diff', opened);
    expect(wider.stdout).toMatch(
      /WIDER {4}agent:scout on staging: insert\n {11}before: deny: .*\n {11}after: {2}allow: /,
    );
  });

  it('compares two files', async () => {
    const [one, other] = [await file('one.yaml', policy), await changed('two.yaml', 'rows: 10000,', 'rows: 100,')];
    const view = JSON.parse((await cli('diff', one, other, '--json')).stdout) as PolicyDiffView;
    expect(view.changes.map(({ direction, who }) => `${direction} ${who}`)).toContain('narrower agent:scout');
    const back = JSON.parse((await cli('diff', other, one, '--json')).stdout) as PolicyDiffView;
    expect(back.changes.map(({ direction, who }) => `${direction} ${who}`)).toContain('wider agent:scout');
  });

  it.each([
    ['a narrower limit', 'rows: 10000,', 'rows: 100,', 0],
    ['a wider limit', 'rows: 10000,', 'rows: 20000,', 1],
    ['a longer grant, which no cell shows', /maxMinutes: 15/, 'maxMinutes: 600', 1],
    ['a group with more names', 'security: [security]', 'security: [security, staff]', 1],
  ])('with --fail-on wider ends %s as CI wants it', async (what, from, to, code) => {
    const path = await changed(`ci-${String(what.length)}.yaml`, from, to);
    expect((await cli('diff', path)).code).toBe(1);
    expect((await cli('diff', path, '--fail-on', 'wider')).code).toBe(code);
  });
});
