/** Whom the person who checks trusts: logs, witnesses and how many of them it takes, in C2SP tlog-policy syntax. */
import { parseVerifierKey, parseWitnessKey, type VerifierKey } from './note.ts';
import { CannotVerify } from './report.ts';

/** Is a checkpoint witnessed, given the keys (`identityOf`) that cosigned it. */
type Quorum = (cosigned: ReadonlySet<string>) => boolean;

export interface Trust {
  /** Absent: any log is taken, and the report says that nobody vouches for its key. */
  readonly logs?: readonly VerifierKey[];
  readonly witnesses: readonly { readonly name: string; readonly key: VerifierKey }[];
  readonly quorum: Quorum;
  /** False where nothing was asked of witnesses. */
  readonly witnessed: boolean;
}

/** The whole key: the 4 bytes of a key id can be made to collide. */
export const identityOf = (key: VerifierKey): string => key.typed.toString('hex');

export const NOBODY: Trust = { witnesses: [], quorum: () => true, witnessed: false };

/** Keys given one by one: any of the logs, and at least `quorum` of the witnesses (all where absent). */
export function trustKeys(
  logs: readonly string[] | undefined,
  witnesses: readonly string[],
  quorum: number | undefined,
): Trust {
  const keys = witnesses.map((vkey) => {
    const key = parseWitnessKey(vkey);
    if (key === null) throw new CannotVerify(`This is not a witness key (an Ed25519 cosignature vkey): ${vkey}`);
    return { name: key.name, key };
  });
  const needed = quorum ?? keys.length;
  if (!Number.isInteger(needed) || needed < 0 || needed > keys.length)
    throw new CannotVerify(`A quorum of ${needed} cannot be reached: ${keys.length} witness keys were given.`);
  if (new Set(keys.map(({ key }) => key.typed.toString('hex'))).size !== keys.length)
    throw new CannotVerify('One witness key was given twice.');
  return {
    ...(logs === undefined ? {} : { logs: logs.map(logKey) }),
    witnesses: keys,
    quorum: (cosigned) => keys.filter(({ key }) => cosigned.has(identityOf(key))).length >= needed,
    witnessed: needed > 0,
  };
}

function logKey(vkey: string): VerifierKey {
  const key = parseVerifierKey(vkey);
  if (key === null) throw new CannotVerify(`This is not an Ed25519 verifier key: ${vkey}`);
  return key;
}

/** Reads a tlog-policy file (https://c2sp.org/tlog-policy). @throws CannotVerify with the line that is wrong. */
export function parseTrustPolicy(bytes: Buffer): Trust {
  const logs: VerifierKey[] = [];
  const witnesses: { readonly name: string; readonly key: VerifierKey }[] = [];
  const rules = new Map<string, Quorum>();
  const members = new Set<string>();
  const known = new Set<string>();
  let quorum: { readonly name: string; readonly rule: Quorum } | undefined;
  const text = bytes.toString('latin1');
  // Names are opaque bytes there: latin1 keeps each byte a character. Only tab and newline are allowed below space.
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) throw new CannotVerify('The trust policy holds control characters.');

  for (const [i, line] of text.split('\n').entries()) {
    const fail = (what: string): CannotVerify => new CannotVerify(`Line ${i + 1} of the trust policy: ${what}.`);
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    const [verb, name = '', ...rest] = words;
    if (verb === undefined || verb.startsWith('#')) continue;
    const once = (key: VerifierKey): void => {
      const bare = key.typed.subarray(1).toString('hex');
      if (known.has(`${verb} ${bare}`)) throw fail('this key was named before');
      known.add(`${verb} ${bare}`);
    };
    const define = (rule: Quorum): void => {
      if (name === '' || name === 'none' || rules.has(name)) throw fail(`the name ${name} cannot be given here`);
      rules.set(name, rule);
    };
    if (verb === 'log') {
      const key = parseVerifierKey(Buffer.from(name, 'latin1').toString());
      if (key === null || rest.length > 1) throw fail('log VKEY [URL] with an Ed25519 key');
      once(key);
      logs.push(key);
    } else if (verb === 'witness') {
      const key = parseWitnessKey(Buffer.from(rest[0] ?? '', 'latin1').toString());
      if (key === null || rest.length > 2) throw fail('witness NAME VKEY [URL] with an Ed25519 cosignature key');
      once(key);
      define((cosigned) => cosigned.has(identityOf(key)));
      witnesses.push({ name: Buffer.from(name, 'latin1').toString(), key });
    } else if (verb === 'group') {
      const [threshold = '', ...names] = rest;
      const rulesOf = names.map((member) => {
        const rule = rules.get(member);
        if (rule === undefined || members.has(member))
          throw fail(`${member} is not defined before, or in a group already`);
        members.add(member);
        return rule;
      });
      const k =
        threshold === 'all' ? names.length : threshold === 'any' ? 1 : /^\d+$/.test(threshold) ? Number(threshold) : 0;
      if (k < 1 || k > names.length)
        throw fail('group NAME all|any|K MEMBER..., with K between 1 and the number of members');
      define((cosigned) => rulesOf.filter((rule) => rule(cosigned)).length >= k);
    } else if (verb === 'quorum') {
      const rule: Quorum | undefined = name === 'none' ? () => true : rules.get(name);
      if (quorum !== undefined || rule === undefined || rest.length > 0)
        throw fail('one line, quorum NAME, of a name defined before');
      quorum = { name, rule };
    } else throw fail(`${verb} is not log, witness, group or quorum`);
  }
  if (quorum === undefined) throw new CannotVerify('The trust policy has no quorum line.');
  return {
    ...(logs.length === 0 ? {} : { logs }),
    witnesses,
    quorum: quorum.rule,
    witnessed: quorum.name !== 'none',
  };
}
