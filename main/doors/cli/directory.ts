import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import {
  createMemorySecretStore,
  openSecretStore,
  readPrivateFile,
  resolveSecret,
  writePrivateFile,
} from '../../credentials/index.ts';
import { CountersignError } from '../../errors.ts';
import {
  directoryKeyOf,
  directoryPeople,
  type DirectoryPeople,
  readDirectory,
  signDirectory,
} from '../../identity/directory.ts';
import { printProblems, readYaml } from '../../policy/yaml-file.ts';
import { OPTIONAL_FILES } from '../../profile/directory.ts';
import { loadProfile } from '../../profile/load.ts';
import { type CliIo, DONE, type ExitCode, tell, write } from './io.ts';

export interface SignOptions {
  readonly keyFile?: string;
  /** keyring:NAME of the profile's secret store, or env:NAME. */
  readonly key?: string;
  readonly days: number;
  readonly out?: string;
}

/** Makes the key that signs directories: the private one into a new file for its owner only, the public one printed. */
export async function directoryKey(io: CliIo, path: string): Promise<ExitCode> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  try {
    await writeFile(path, pem, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new CountersignError('file-not-written', `The key could not be written to ${path}.`, {
      next: 'Name a file that is not there yet, in a directory where this account may write.',
      cause,
    });
  }
  tell(io, `The private key is in ${path}. Into organisation.yaml, below identity:\n`);
  await write(io.stdout, `directoryKey: ${JSON.stringify(directoryKeyOf(pem))}\n`);
  return DONE;
}

/** Signs a list of people and their groups into the text of directory.json. `home` is asked for only where the key is in a profile. */
export async function directorySign(
  io: CliIo,
  home: () => string,
  path: string,
  options: SignOptions,
): Promise<ExitCode> {
  const key = await privateKeyOf(io, home, options);
  const people = readPeople(path, await readList(path));
  const text = signDirectory(people, key, Date.now(), options.days);
  if (options.out === undefined) await write(io.stdout, text);
  else await writePrivateFile(options.out, new TextEncoder().encode(text));
  const where = options.out === undefined ? '' : ` in ${options.out}`;
  const count = people.length === 1 ? '1 person' : `${String(people.length)} people`;
  tell(io, `Signed ${count}${where}. It expires in ${String(options.days)} days.\n`);
  return DONE;
}

export interface ShowOptions {
  readonly person?: string;
  readonly json?: boolean;
}

/** What the profile's directory.json says, after it was checked as identity checks it. */
export async function directoryShow(io: CliIo, home: string, { person, json }: ShowOptions): Promise<ExitCode> {
  const { organisation, directory: text } = await loadProfile(home);
  const { identity } = organisation;
  if (text === undefined) {
    throw new CountersignError('directory-missing', `This profile has no ${OPTIONAL_FILES.directory}.`, {
      next: 'Sign one with: countersign directory sign',
    });
  }
  if (identity.kind !== 'oidc' || identity.provider.directoryKey === undefined) {
    throw new CountersignError(
      'directory-key-missing',
      'organisation.yaml names no key that a directory is signed with.',
      {
        next: 'Add identity.directoryKey; countersign directory key makes one.',
      },
    );
  }
  const directory = readDirectory(text, identity.provider.directoryKey, Date.now());
  const { issuedAt, expiresAt, people } = directory;
  const [issuer = '', subject = ''] = person?.includes(' ') === true ? person.split(' ') : [];
  const groups =
    person === undefined
      ? undefined
      : (directory.groupsOf({ issuer, subject, ...(issuer === '' ? { email: person } : {}) }) ?? null);
  if (json === true) {
    const told = { issuedAt, expiresAt, people, ...(person === undefined ? {} : { person, groups }) };
    await write(io.stdout, `${JSON.stringify(told)}\n`);
    return DONE;
  }
  const about =
    person === undefined
      ? `${String(people)} people`
      : groups === null || groups === undefined
        ? `${person} is not listed: their groups are unknown`
        : `${person}: ${groups.length === 0 ? 'no groups' : groups.join(', ')}`;
  await write(io.stdout, `${about}. Signed at ${issuedAt}, good until ${expiresAt}.\n`);
  return DONE;
}

/** From a file that only its owner can read, or by reference; never on the command line, where every process can read it. */
async function privateKeyOf(io: CliIo, home: () => string, { keyFile, key }: SignOptions): Promise<string> {
  if ((keyFile === undefined) === (key === undefined)) {
    throw new CountersignError('directory-key-missing', 'It must be said which private key signs.', {
      next: 'Give --key-file FILE, or --key keyring:NAME or env:NAME, and only one of them.',
    });
  }
  if (keyFile !== undefined) {
    const bytes = await readPrivateFile(keyFile);
    if (bytes === undefined)
      throw new CountersignError('directory-key-missing', `There is no file ${keyFile}.`, {
        next: 'Make a key with: countersign directory key',
      });
    return new TextDecoder().decode(bytes);
  }
  const reference = key ?? '';
  const { environment } = io;
  // A job that has its key in the environment needs no profile.
  if (reference.startsWith('env:'))
    return resolveSecret(reference, { store: createMemorySecretStore(), profileDirectory: '', environment });
  const profileDirectory = home();
  const { organisation } = await loadProfile(profileDirectory);
  const store = await openSecretStore(organisation.secrets, profileDirectory);
  return resolveSecret(reference, { store, profileDirectory, environment });
}

async function readList(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CountersignError('directory-people-missing', `The list of people ${path} cannot be read.`, {
      next: 'Name a YAML or JSON file: people: [{ person: ana@shop.example, groups: [analysts] }]',
      cause,
    });
  }
}

function readPeople(path: string, text: string): DirectoryPeople {
  const invalid = (problems: string): CountersignError =>
    new CountersignError('directory-people-invalid', `${path} is not a list of people:\n${problems}`, {
      next: 'Correct it: people: [{ person: ana@shop.example, groups: [analysts] }]',
    });
  // Jobs write JSON, which may be larger than what people write by hand.
  if (text.trimStart().startsWith('{')) {
    const parsed = directoryPeople.safeParse(parseJson(text));
    if (parsed.success) return parsed.data.people;
    throw invalid(
      parsed.error.issues
        .slice(0, 20)
        .map((issue) => `${issue.path.join('.')} ${issue.message}`)
        .join('\n'),
    );
  }
  const read = readYaml(text, directoryPeople);
  if (read.ok) return read.file.value.people;
  throw invalid(printProblems(path, read.problems));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
