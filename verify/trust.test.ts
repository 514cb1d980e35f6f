import { generateKeyPairSync, hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { identityOf, parseTrustPolicy, trustKeys } from './trust.ts';

function vkey(name: string, type: number): string {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const typed = Buffer.concat([Buffer.of(type), Buffer.from(x, 'base64url')]);
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'hex').slice(0, 8);
  return `${name}+${id}+${typed.toString('base64')}`;
}

const log = vkey('log.example/1', 1);
const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((name) => vkey(`${name}.example`, 4));
const witnesses = `witness A ${a}\nwitness B ${b} https://b.example/\n\twitness C ${c}\n`;

/** Which sets of witnesses are a quorum, as words like `AB`. */
function quorums(policy: string): readonly string[] {
  const trust = parseTrustPolicy(Buffer.from(policy));
  return ['', 'A', 'B', 'C', 'AB', 'AC', 'BC', 'ABC'].filter((set) =>
    trust.quorum(new Set(trust.witnesses.filter(({ name }) => set.includes(name)).map(({ key }) => identityOf(key)))),
  );
}

describe('a trust policy', () => {
  it.each<readonly [string, string, readonly string[]]>([
    ['a witness', 'quorum B\n', ['B', 'AB', 'BC', 'ABC']],
    ['nobody', 'quorum none\n', ['', 'A', 'B', 'C', 'AB', 'AC', 'BC', 'ABC']],
    ['any', 'group g any A B C\nquorum g\n', ['A', 'B', 'C', 'AB', 'AC', 'BC', 'ABC']],
    ['all', 'group g all A B C\nquorum g\n', ['ABC']],
    ['two of three', 'group g 2 A B C\nquorum g\n', ['AB', 'AC', 'BC', 'ABC']],
    ['groups of groups', 'group g any A B\ngroup h all g C\nquorum h\n', ['AC', 'BC', 'ABC']],
  ])('takes %s', (_what, lines, expected) => {
    expect(quorums(`# comment\n \t\nlog ${log}\n${witnesses}${lines}`)).toEqual(expected);
  });

  it('without a log takes any', () => {
    expect(parseTrustPolicy(Buffer.from('quorum none\n')).logs).toBeUndefined();
    expect(parseTrustPolicy(Buffer.from(`log ${log}\nquorum none\n`)).logs).toHaveLength(1);
  });

  it.each([
    ['no quorum', witnesses],
    ['two quorums', `${witnesses}quorum A\nquorum B\n`],
    ['a quorum of nobody it knows', `${witnesses}quorum D\n`],
    ['a group used before it is defined', `${witnesses}group h all g C\ngroup g any A B\nquorum h\n`],
    ['a member twice', `${witnesses}group g any A B\ngroup h any A C\nquorum h\n`],
    ['a group of none', `${witnesses}group g none\nquorum g\n`],
    ['no members', `${witnesses}group g any\nquorum g\n`],
    ['a threshold of 0', `${witnesses}group g 0 A\nquorum g\n`],
    ['a threshold above its members', `${witnesses}group g 2 A\nquorum g\n`],
    ['a threshold that is no number', `${witnesses}group g 1x A\nquorum g\n`],
    ['a name twice', `${witnesses}witness A ${vkey('d.example', 4)}\nquorum A\n`],
    ['a key twice', `witness A ${a}\nwitness B ${a}\nquorum A\n`],
    ['a log twice', `log ${log}\nlog ${log}\nquorum none\n`],
    ['the key of a log as a witness', `witness A ${log}\nquorum A\n`],
    ['the key of a witness as a log', `log ${a}\nquorum none\n`],
    ['an unknown line', `${witnesses}trust A\nquorum A\n`],
    ['a form feed between words', `${witnesses}quorum\fA\n`],
    ['a carriage return', `${witnesses}quorum A\r\n`],
    ['nothing', ''],
  ])('with %s is refused', (_what, policy) => {
    expect(() => parseTrustPolicy(Buffer.from(policy))).toThrow(/policy/);
  });
});

describe('keys given one by one', () => {
  it('take all witnesses, or as many as are asked for', () => {
    const all = trustKeys(undefined, [a, b], undefined);
    const [first] = all.witnesses;
    const one = new Set(first === undefined ? [] : [identityOf(first.key)]);
    expect(all.quorum(one)).toBe(false);
    expect(trustKeys(undefined, [a, b], 1).quorum(one)).toBe(true);
  });

  it('that cannot be reached, are given twice or are none are refused', () => {
    expect(() => trustKeys(undefined, [a], 2)).toThrow(/quorum of 2/);
    expect(() => trustKeys(undefined, [a, a], 1)).toThrow(/twice/);
    expect(() => trustKeys(undefined, [log], 1)).toThrow(/witness key/);
    expect(() => trustKeys([a], [], undefined)).toThrow(/verifier key/);
  });
});
