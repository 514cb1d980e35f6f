/** The command line of the verifier, for its own file and for `countersign verify` alike. */
import { parseArgs } from 'node:util';
import { isAbsent, readFile, Unreadable } from './files.ts';
import { isObject, parseText } from './json.ts';
import { VERIFIER_OPTIONS } from './options.ts';
import { CannotVerify, reportJson, reportText } from './report.ts';
import { verify, type VerifyOptions } from './verify.ts';

export interface Output {
  /** Rejects or throws when nobody reads any more. */
  readonly out: (text: string) => unknown;
  readonly error: (text: string) => unknown;
}

export interface Defaults {
  /** How the program is called, for its usage. */
  readonly command: string;
  /** What is checked where the arguments name nothing. */
  readonly source?: string;
  /** What is known besides the arguments, which come before it. */
  readonly known?: VerifyOptions;
  /** Where credentials are looked for; the variables of this process where absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
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
 * Runs one verification.
 * @returns 0 good, 1 findings, 2 cannot check.
 */
export async function runVerifier(args: readonly string[], output: Output, defaults: Defaults): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parsed(args, defaults.command);
    const [source = defaults.source] = positionals;
    if (source === undefined || positionals.length > 1) throw new CannotVerify(usage(defaults.command));
    const report = await verify(source, { ...defaults.known, ...optionsOf(values, defaults) });
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

function optionsOf(values: Values, { environment }: Defaults): VerifyOptions {
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
    ...(values.reconcile === undefined ? {} : { reconcile: { files: values.reconcile } }),
    ...(values.issuers === undefined ? {} : { issuers: issuersIn(named(values.issuers)) }),
    bucket: {
      ...(environment === undefined ? {} : { environment }),
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

/** `{ISSUER: {keys?, client?}}` */
function issuersIn(bytes: Buffer): NonNullable<VerifyOptions['issuers']> {
  const issuers = parseText(bytes.toString());
  const entries = Object.entries(issuers ?? {}).map(([issuer, said]) => {
    const { keys, client } = isObject(said) ? said : {};
    if (
      !isObject(said) ||
      !(keys === undefined || Array.isArray(keys)) ||
      !(client === undefined || typeof client === 'string')
    )
      throw new CannotVerify(`What the file of issuers says of ${issuer} is not {keys, client}.`);
    return [
      issuer,
      {
        ...(keys === undefined ? {} : { keys: keys as readonly unknown[] }),
        ...(client === undefined ? {} : { client }),
      },
    ] as const;
  });
  if (issuers === null) throw new CannotVerify('The file of issuers is not JSON: {ISSUER: {keys, client}}.');
  return Object.fromEntries(entries);
}
