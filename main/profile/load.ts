import { CountersignError } from '../errors.ts';
import { policyClasses, readClassification, type Classification } from '../policy/classification.ts';
import { compilePolicy } from '../policy/compile.ts';
import { type CompiledPolicy } from '../policy/compiled-policy.ts';
import { printProblems, type Problem } from '../policy/yaml-file.ts';
import { readConfiguration, readOptional } from './configuration-file.ts';
import { readConnections } from './connections-file.ts';
import { OPTIONAL_FILES, PROFILE_FILES } from './directory.ts';
import { readOrganisation } from './organisation-file.ts';
import { invalidRevocations, readRevocations, type Revocation } from './revocations-file.ts';
import { type Connection, type Organisation } from './types.ts';

/** A profile whose four files are all good. There is no other kind: nothing runs under a part of one. */
export interface Profile {
  /** Absolute path of the profile directory. */
  readonly home: string;
  readonly organisation: Organisation;
  readonly connections: readonly Connection[];
  readonly classification: Classification;
  readonly policy: CompiledPolicy;
  readonly revocations: readonly Revocation[];
  /** directory.json as it stands there: whether its signature is good is looked at where it is used. */
  readonly directory?: string;
}

/** The texts of the four files, and of those that a profile may have besides. */
export type ProfileTexts = Readonly<Record<keyof typeof PROFILE_FILES, string>> &
  Readonly<Partial<Record<keyof typeof OPTIONAL_FILES, string>>>;

/**
 * Reads the profile. Throws CountersignError `profile-file-missing`, `profile-file-refused`, or `profile-invalid`, whose
 * message has one line per problem: file:line:column, what is wrong, the choices.
 */
export async function loadProfile(home: string): Promise<Profile> {
  return readProfile(home, await readTexts(home));
}

/** The files of a profile as they stand there. Throws as `loadProfile` does where one cannot be read. */
export async function readTexts(home: string): Promise<ProfileTexts> {
  // One after the other, so that a directory that is no profile is always told by the same file.
  const organisation = await readConfiguration(home, PROFILE_FILES.organisation);
  const connections = await readConfiguration(home, PROFILE_FILES.connections);
  const classification = await readConfiguration(home, PROFILE_FILES.classification);
  const policy = await readConfiguration(home, PROFILE_FILES.policy);
  const revocations = await readOptional(home, OPTIONAL_FILES.revocations);
  const directory = await readOptional(home, OPTIONAL_FILES.directory, MAX_DIRECTORY_BYTES);
  return {
    organisation,
    connections,
    classification,
    policy,
    ...(revocations === undefined ? {} : { revocations }),
    ...(directory === undefined ? {} : { directory }),
  };
}

/** `loadProfile` for texts already read: what is about to be written is checked with it. */
export function readProfile(home: string, texts: ProfileTexts): Profile {
  const organisation = readOrganisation(texts.organisation);
  if (!organisation.ok) throw invalid('organisation', organisation.problems);
  const connections = readConnections(texts.connections);
  if (!connections.ok) throw invalid('connections', connections.problems);
  const names = connections.connections.map((connection) => connection.name);
  const classification = readClassification(texts.classification, names);
  if (!classification.ok) throw invalid('classification', classification.problems);
  const policy = compilePolicy(texts.policy, {
    classes: policyClasses(classification.classification),
    connections: connections.connections,
  });
  if (!policy.ok) throw invalid('policy', policy.problems);
  const revocations = texts.revocations === undefined ? NOTHING_REVOKED : readRevocations(texts.revocations);
  if (!revocations.ok) throw invalidRevocations(revocations.problems);
  return {
    home,
    organisation: organisation.organisation,
    connections: connections.connections,
    classification: classification.classification,
    policy: policy.policy,
    revocations: revocations.revocations,
    ...(texts.directory === undefined ? {} : { directory: texts.directory }),
  };
}

/** directory.json names everybody of an organisation: about 100,000 people. */
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024;

const NOTHING_REVOKED = { ok: true, revocations: [] } as const;

function invalid(file: keyof typeof PROFILE_FILES, problems: readonly Problem[]): CountersignError {
  const name = PROFILE_FILES[file];
  const message = `${name} is not right:\n${printProblems(name, problems)}`;
  return new CountersignError('profile-invalid', message, {
    next: `Correct ${name}: nothing can run without it. docs/configuration.md has an example of every key.`,
  });
}
