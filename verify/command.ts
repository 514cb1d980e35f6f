/** The command line of the verifier, for its own file and for `countersign verify` alike. */
import { parseArgs } from 'node:util';
import { isAbsent, readFile, Unreadable } from './files.ts';
import { CannotVerify, reportJson, reportText } from './report.ts';
import { verify, type VerifyOptions } from './verify.ts';

/** Options by name, as `node:util` parseArgs takes them, each with what it takes and is for. */
export const VERIFIER_OPTIONS = {
  json: { type: 'boolean', value: null, help: 'print the report as JSON' },
  with: { type: 'string', value: 'DIR|s3://...', help: 'a copy to compare with' },
  key: { type: 'string', multiple: true, value: 'VKEY', help: 'verifier key of a log that you trust; may be repeated' },
  witness: { type: 'string', multiple: true, value: 'VKEY', help: 'key of a witness that you trust; may be repeated' },
  quorum: { type: 'string', value: 'N', help: 'how many of the witnesses it takes (all where absent)' },
  policy: { type: 'string', value: 'FILE', help: 'trusted logs, witnesses and quorum (C2SP tlog-policy)' },
  'tsa-ca': { type: 'string', value: 'FILE', help: 'certificates of time stamping authorities that you trust (PEM)' },
  'blob-key-file': {
    type: 'string',
    value: 'FILE',
    help: 'key of the encrypted texts (32 bytes, or their base64 or hex)',
  },
  endpoint: { type: 'string', value: 'URL', help: 'S3-compatible server, where it is not AWS' },
  region: { type: 'string', value: 'NAME', help: 'region of the bucket' },
  anonymous: { type: 'boolean', value: null, help: 'read the bucket without credentials' },
} as const;

export interface Output {
  /** Rejects or throws when nobody reads any more. */
  readonly out: (text: string) => unknown;
  readonly error: (text: string) => unknown;
}

const FILE_LIMIT = 1024 * 1024;

export const usage = (command: string): string =>
  [
    `Usage: ${command} DIR|s3://BUCKET/PREFIX [options]`,
    '',
    ...Object.entries(VERIFIER_OPTIONS).map(
      ([name, { value, help }]) => `  ${`--${name}${value === null ? '' : ` ${value}`}`.padEnd(26)} ${help}`,
    ),
    '',
    'Exit codes: 0 good, 1 findings, 2 cannot check. Credentials of a bucket: AWS_* variables or ~/.aws/credentials.',
    '',
  ].join('\n');

/**
 * Runs one verification. @param source what to check where `args` names nothing.
 * @returns 0 good, 1 findings, 2 cannot check.
 */
export async function runVerifier(
  args: readonly string[],
  output: Output,
  defaults: { readonly command: string; readonly source?: string },
): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parsed(args, defaults.command);
    const [source = defaults.source] = positionals;
    if (source === undefined || positionals.length > 1) throw new CannotVerify(usage(defaults.command));
    const report = await verify(source, optionsOf(values));
    await output.out(values.json === true ? reportJson(report) : reportText(report));
    return report.good ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CannotVerify || (error instanceof Error && 'code' in error))) throw error;
    await output.error(`${error.message}\n`);
    return 2;
  }
}

type Values = ReturnType<typeof parsed>['values'];

function parsed(args: readonly string[], command: string) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: VERIFIER_OPTIONS });
  } catch (error) {
    throw new CannotVerify(`${error instanceof Error ? error.message : ''}\n${usage(command)}`, { cause: error });
  }
}

function optionsOf(values: Values): VerifyOptions {
  const { key, witness, quorum, policy, with: copy, endpoint, region, anonymous } = values;
  const authorities = values['tsa-ca'];
  const blobKey = values['blob-key-file'];
  if (quorum !== undefined && !/^\d{1,3}$/.test(quorum)) throw new CannotVerify('--quorum takes a number.');
  return {
    ...(key === undefined ? {} : { trustedKeys: key }),
    ...(witness === undefined ? {} : { witnesses: witness }),
    ...(quorum === undefined ? {} : { quorum: Number(quorum) }),
    ...(policy === undefined ? {} : { policy: named(policy).toString() }),
    ...(authorities === undefined ? {} : { authorities: named(authorities).toString() }),
    ...(blobKey === undefined ? {} : { blobKey: blobKeyIn(named(blobKey)) }),
    ...(copy === undefined ? {} : { copy }),
    bucket: {
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(anonymous === undefined ? {} : { anonymous }),
    },
  };
}

/** The bytes of a file that the command line names. */
function named(path: string): Buffer {
  try {
    return readFile(path, { limit: FILE_LIMIT });
  } catch (error) {
    const why = isAbsent(error)
      ? 'there is none'
      : error instanceof Unreadable
        ? error.message
        : error instanceof Error && 'code' in error
          ? String(error.code)
          : 'it cannot be read';
    throw new CannotVerify(`The file ${path} cannot be read: ${why}.`, { cause: error });
  }
}

/** 32 bytes as they are, or in base64 (either alphabet) or hex on one line. */
function blobKeyIn(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').trim();
  const key =
    bytes.length === 32
      ? bytes
      : /^[0-9a-fA-F]{64}$/.test(text)
        ? Buffer.from(text, 'hex')
        : Buffer.from(text, text.includes('-') || text.includes('_') ? 'base64url' : 'base64');
  if (key.length !== 32) throw new CannotVerify('The file of the blob key holds no 32 bytes, nor their base64 or hex.');
  return key;
}
