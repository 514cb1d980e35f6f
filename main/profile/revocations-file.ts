import { join } from 'node:path';
import { isSeq, parseDocument } from 'yaml';
import { z } from 'zod';
import { CountersignError } from '../errors.ts';
import { tryLock } from '../lock.ts';
import { printProblems, readYaml, type Problem } from '../policy/yaml-file.ts';
import { readOptional, writeConfiguration } from './configuration-file.ts';
import { OPTIONAL_FILES } from './directory.ts';

/** revocations.yaml: who and what counts no more, until its line is taken out again. */

export const REVOCABLE = ['person', 'device', 'agent', 'service', 'token', 'grant'] as const;
export type Revocable = (typeof REVOCABLE)[number];

export interface Revocation {
  readonly kind: Revocable;
  /** Of a person: e-mail address in lower case, or `issuer subject`. */
  readonly id: string;
  readonly reason?: string;
}

const id = z
  .string()
  .min(1)
  .max(2500)
  .regex(/^[^\p{Cc}\p{Cf}]+$/u, 'must be text without control or invisible characters');

/** What an id of each kind looks like: a line that could name nothing would look like a revocation, and revoke nobody. */
const FORMS: Readonly<Record<Revocable, readonly [form: RegExp, is: string]>> = {
  person: [/^\s*(\S+@\S+|\S+ \S.*)$/u, 'an e-mail address, or issuer and subject with a space between'],
  device: [/^\s*[A-Za-z0-9_-]{43}\s*$/, 'the thumbprint of a device key (RFC 7638), 43 characters'],
  agent: [/\S/u, 'the name of an agent in policy.yaml'],
  service: [/\S/u, 'the name of a service in policy.yaml'],
  token: [/^\s*[\w-]{8,100}\s*$/, 'the id of a token, never the token: countersign agent list'],
  grant: [/^\s*[0-9a-f]{64}\s*$/, 'the whole id of a grant, 64 characters: countersign grant list --json'],
};

const line = z
  .strictObject({
    ...Object.fromEntries(
      REVOCABLE.map((kind) => [kind, id.regex(FORMS[kind][0], `must be ${FORMS[kind][1]}`).optional()]),
    ),
    reason: z.string().max(500).optional(),
  })
  .refine((entry) => REVOCABLE.filter((kind) => entry[kind as keyof typeof entry] !== undefined).length === 1, {
    error: `a line names exactly one of ${REVOCABLE.join(', ')}`,
  });

const revocationsFile = z.strictObject({ version: z.literal(1), revoked: z.array(line).max(100_000).default([]) });

export type RevocationsResult =
  | { readonly ok: true; readonly revocations: readonly Revocation[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads revocations.yaml. */
export function readRevocations(text: string): RevocationsResult {
  const read = readYaml(text, revocationsFile);
  if (!read.ok) return read;
  return { ok: true, revocations: read.file.value.revoked.map((entry) => revocationOf(entry)) };
}

function revocationOf(entry: Readonly<Record<string, string | undefined>>): Revocation {
  const kind = REVOCABLE.find((name) => entry[name] !== undefined) ?? 'person';
  const named = (entry[kind] ?? '').trim();
  return {
    kind,
    // Addresses are compared without case; issuers and subjects as they are.
    id: kind === 'person' && !named.includes(' ') ? named.toLowerCase() : named,
    ...(entry['reason'] === undefined ? {} : { reason: entry['reason'] }),
  };
}

/**
 * Adds one line to revocations.yaml, which is made where absent and keeps its comments. The same line twice is one.
 * Throws CountersignError `profile-busy`, `profile-invalid`.
 */
export async function addRevocation(home: string, { kind, id: named, reason }: Revocation): Promise<void> {
  const lock = tryLock(join(home, 'revocations.lock'));
  if (lock === null) {
    throw new CountersignError('profile-busy', 'The revocations are being changed by another window or command.', {
      next: 'Try again in a moment.',
    });
  }
  try {
    const text = (await readOptional(home, OPTIONAL_FILES.revocations)) ?? 'version: 1\n';
    const before = readRevocations(text);
    if (!before.ok) throw invalidRevocations(before.problems);
    if (before.revocations.some((other) => other.kind === kind && other.id === named)) return;
    const document = parseDocument(text);
    if (!isSeq(document.get('revoked'))) document.set('revoked', document.createNode([]));
    document.addIn(['revoked'], document.createNode({ [kind]: named, ...(reason === undefined ? {} : { reason }) }));
    const after = readRevocations(String(document));
    if (!after.ok) throw invalidRevocations(after.problems);
    await writeConfiguration(home, OPTIONAL_FILES.revocations, String(document));
  } finally {
    lock.release();
  }
}

export function invalidRevocations(problems: readonly Problem[]): CountersignError {
  const name = OPTIONAL_FILES.revocations;
  return new CountersignError('profile-invalid', `${name} is not right:\n${printProblems(name, problems)}`, {
    next: `Correct ${name}, or remove it where nothing is revoked.`,
  });
}
