import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runPolicyTests } from '../policy/policy-tests.ts';
import { readProfile, type ProfileTexts } from './load.ts';

interface Example {
  readonly page: string;
  readonly line: number;
  /** What the page says the block is: a file of the profile, or a part of policy.yaml. */
  readonly kind: string;
  readonly text: string;
}

function examplesOf(page: string): readonly Example[] {
  const source = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  return [...source.matchAll(/^```yaml(?: (\S+))?\n(.*?)^```$/gms)].map((match) => ({
    page,
    line: source.slice(0, match.index).split('\n').length,
    kind: match[1] ?? 'unnamed',
    text: match[2] ?? '',
  }));
}

const configuration = examplesOf('configuration.md');
const examples = [...configuration, ...examplesOf('policy.md')];

const first = (kind: string) => configuration.find((example) => example.kind === kind)?.text ?? '';
const documented: ProfileTexts = {
  organisation: first('organisation.yaml'),
  connections: first('connections.yaml'),
  classification: first('classification.yaml'),
  policy: first('policy.yaml'),
};

const GROUPS = 'version: 1\ngroups: { analysts: [a], engineers: [e], security: [s] }\n';
const indented = (text: string, by: string) => text.replaceAll(/^(?=.)/gm, by);

/** The documented profile with the example in its place. */
const inPlace: Readonly<Record<string, (text: string) => Partial<ProfileTexts>>> = {
  'organisation.yaml': (organisation) => ({ organisation }),
  'connections.yaml': (connections) => ({ connections }),
  'classification.yaml': (classification) => ({ classification }),
  'policy.yaml': (policy) => ({ policy }),
  'revocations.yaml': (revocations) => ({ revocations }),
  rules: (rules) => ({ policy: `${GROUPS}rules:\n${rules}` }),
  require: (obligations) => ({
    policy: `${GROUPS}rules:\n  - id: a\n    require:\n${indented(obligations, '      ')}`,
  }),
};

describe('the documentation', () => {
  it('shows every file of a profile', () => {
    expect(Object.values(documented).filter((text) => text === '')).toEqual([]);
    expect(examples.length).toBeGreaterThanOrEqual(9);
  });

  it.each(examples.map((example) => [`${example.page}:${example.line} (${example.kind})`, example] as const))(
    'loads %s',
    (_title, { kind, text }) => {
      const place = inPlace[kind];
      expect(place, `a yaml block says what it is: ${Object.keys(inPlace).join(', ')}`).toBeDefined();
      const profile = readProfile('/documented', { ...documented, ...place?.(text) });
      expect(runPolicyTests(profile.policy).filter((result) => !result.passed)).toEqual([]);
    },
  );
});
