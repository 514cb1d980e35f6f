import { isAbsolute, relative, resolve } from 'node:path';
import { runVerifier } from '../../../verify/command.ts';
import { type VerifyOptions } from '../../../verify/index.ts';
import { VERIFIER_OPTIONS } from '../../../verify/options.ts';
import { logsBelow } from '../../audit/journal/reader.ts';
import { openSecretStore } from '../../credentials/index.ts';
import { CountersignError } from '../../errors.ts';
import { loadProfile, type Profile } from '../../profile/load.ts';
import { auditDirectory, BLOB_KEY } from '../../recording.ts';
import { type CliIo, type ExitCode, write } from './io.ts';
import { type VerifierValues } from './verify-options.ts';

/**
 * Checks a record with the independent verifier: the profile's own, or that of a directory or bucket. Needs no sign-in and,
 * without `--content`, no secret: anybody may check.
 * @throws CountersignError `content-not-here`, `content-key-missing`, and whatever profile and secret store throw, with `--content` only
 */
export async function verify(
  io: CliIo,
  home: string,
  source: string | undefined,
  values: VerifierValues,
): Promise<ExitCode> {
  const known = values['content'] === true ? await contentKey(home, source) : undefined;
  return runVerifier(
    [...flags(values), '--', source ?? auditDirectory(home)],
    { out: (text) => write(io.stdout, text), error: (text) => void io.stderr.write(`countersign: ${text}`) },
    { command: 'countersign verify', environment: io.environment, ...(known === undefined ? {} : { known }) },
  );
}

/** What opens the sealed parts of this profile's own logs. The key is read, never made: a check changes nothing. */
async function contentKey(home: string, source: string | undefined): Promise<VerifyOptions> {
  const profile = await loadProfile(home);
  if (source !== undefined && !isOwn(source, home, profile)) {
    throw new CountersignError('content-not-here', `${source} is not the record of the profile ${home}.`, {
      next: 'Leave --content out, or give the key of that record: --blob-key-file FILE.',
    });
  }
  const secrets = await openSecretStore(profile.organisation.secrets, home);
  const blobKey = await secrets.get(BLOB_KEY);
  if (blobKey === undefined) {
    throw new CountersignError('content-key-missing', 'This profile has no key of what is sealed in its record.', {
      next: 'Nothing was recorded with it yet, or its store of secrets is another one: leave --content out.',
    });
  }
  // A store may hold the logs of other profiles, too: theirs stay sealed.
  return { blobKey, blobKeyOf: logsBelow(auditDirectory(home)).map(({ id }) => id) };
}

/** Is it the profile's own record, a log of it, or the store its copies go to? */
function isOwn(source: string, home: string, profile: Profile): boolean {
  const { store } = profile.organisation.record;
  if (store?.kind === 's3' && source.startsWith('s3:'))
    return withoutSlash(source) === withoutSlash(`s3://${store.bucket}/${store.prefix}`);
  return lies(source, auditDirectory(home)) || (store?.kind === 'directory' && lies(source, resolve(home, store.path)));
}

const withoutSlash = (address: string): string => address.replace(/\/+$/, '');

/** Is it that directory, or below it? */
function lies(path: string, directory: string): boolean {
  const way = relative(directory, resolve(path));
  return way === '' || !(isAbsolute(way) || way.split(/[\\/]/)[0] === '..');
}

/** The options as the verifier's own command line takes them: there is one road for both. */
function flags(values: VerifierValues): readonly string[] {
  return Object.keys(VERIFIER_OPTIONS).flatMap((name) => {
    const value = values[camelCased(name)];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    return [value].flat().map((text) => `--${name}=${text}`);
  });
}

/** As commander names what it parsed. */
const camelCased = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
