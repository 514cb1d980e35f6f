/** Credentials for a bucket, where the command-line tools of AWS have them: variables, then ~/.aws/credentials. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readIfThere } from './files.ts';
import { type Credentials } from './sigv4.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const FILE_LIMIT = 1024 * 1024;

/** Undefined where there are none: the bucket is then asked without a signature. */
export function findCredentials(env: Variables): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  if (AWS_ACCESS_KEY_ID !== undefined && AWS_SECRET_ACCESS_KEY !== undefined)
    return made(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN);
  const file = readIfThere(env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(homedir(), '.aws', 'credentials'), FILE_LIMIT);
  const profile = section(file?.toString() ?? '', env['AWS_PROFILE'] ?? 'default');
  const id = profile.get('aws_access_key_id');
  const secret = profile.get('aws_secret_access_key');
  return id === undefined || secret === undefined ? undefined : made(id, secret, profile.get('aws_session_token'));
}

export const findRegion = (env: Variables): string => env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1';

export const findEndpoint = (env: Variables): string | undefined =>
  env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];

const made = (accessKeyId: string, secretAccessKey: string, token: string | undefined): Credentials => ({
  accessKeyId,
  secretAccessKey,
  ...(token === undefined || token === '' ? {} : { sessionToken: token }),
});

/** The `name = value` lines below `[section]` of an INI file. */
function section(text: string, name: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line);
    if (heading !== null) inside = heading[1] === name;
    const pair = /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (inside && pair?.[1] !== undefined && pair[2] !== undefined) values.set(pair[1], pair[2]);
  }
  return values;
}
