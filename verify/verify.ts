/** The verification of one log, of every log below a directory, or of the copies in a store. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openBucket, parseBucketAddress } from './bucket.ts';
import { checkCopy } from './copy.ts';
import { findCredentials, findEndpoint, findRegion } from './credentials.ts';
import { newDecisionCheck } from './decision-check.ts';
import { newIdentityCheck, type IdentityTrust } from './identity-check.ts';
import { isDirectory, listDirectory, readIfThere, Unreadable } from './files.ts';
import { checkLocalLog, SMALL } from './local-log.ts';
import { type CheckOptions, type LogResult } from './log-check.ts';
import { CannotVerify, Reporter, type Report } from './report.ts';
import { newLastingCheck } from './lasting-check.ts';
import { newReconciliation, type ReconcileOptions } from './reconcile.ts';
import { Erasures } from './erasures.ts';
import { parseAuthorities } from './stamp.ts';
import { type Credentials } from './sigv4.ts';
import { directoryStore } from './store-directory.ts';
import { type StoreReader } from './store.ts';
import { checkSuccession, deadMark } from './succession.ts';
import { parseTrustPolicy, trustKeys } from './trust.ts';

export interface VerifyOptions {
  /** Verifier keys (signed-note vkeys) you got by another way than this log; a log of another key is a finding. */
  readonly trustedKeys?: readonly string[];
  /** Witness keys (cosignature vkeys), and how many of them it takes; all of them where absent. */
  readonly witnesses?: readonly string[];
  readonly quorum?: number;
  /** Text of a C2SP tlog-policy file, instead of `trustedKeys`, `witnesses` and `quorum`. */
  readonly policy?: string;
  /** PEM certificates of time stamping authorities you trust. */
  readonly authorities?: string;
  /** 32 bytes: decrypts blobs, to compare them with their commitments. */
  readonly blobKey?: Uint8Array;
  /** Ids of the logs that the blob key belongs to, where others may lie beside them; all of them where absent. */
  readonly blobKeyOf?: readonly string[];
  /** A copy to compare with: a directory or `s3://bucket/prefix`. */
  readonly copy?: string;
  readonly bucket?: BucketOptions;
  /** What you know of identity providers by another way than this log. */
  readonly issuers?: IdentityTrust['issuers'];
  /** Logs of the database server, to find what went around this program. */
  readonly reconcile?: ReconcileOptions;
  /** Nobody writes the logs meanwhile: what looks like an unfinished write is not waited for. */
  readonly atRest?: boolean;
  /** What it is when too few of the witnesses have cosigned a log: a finding, unless it is only to be said. */
  readonly unwitnessed?: 'finding' | 'said';
}

/** How to reach a bucket, where variables and files of AWS do not say it. */
export interface BucketOptions {
  readonly endpoint?: string;
  readonly region?: string;
  /** Instead of those that variables and files of AWS hold. */
  readonly credentials?: Credentials;
  /** Bucket in the path instead of the host name; so it is at any endpoint but that of AWS. */
  readonly pathStyle?: boolean;
  /** Ask without a signature even where there are credentials. */
  readonly anonymous?: boolean;
  /** Where credentials are looked for before files; the variables of this process where absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const LOG_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface LocalLog {
  readonly id: string;
  readonly path: string;
}

/** Where logs are read from. */
type Source =
  | { readonly kind: 'logs'; readonly name: string; readonly logs: readonly LocalLog[]; readonly complete: boolean }
  | { readonly kind: 'store'; readonly store: StoreReader; readonly only: string | undefined };

/**
 * Verifies a log, every log below a directory, or every log in a store: a directory or `s3://bucket/prefix`. Logs may be in
 * use: what is appended meanwhile may or may not be looked at, and is never a finding.
 * @throws CannotVerify when there is no log to check, or the source cannot be reached.
 */
export async function verify(source: string, options: VerifyOptions = {}): Promise<Report> {
  const { checking, conclude } = begin(options);
  const from = openSource(source, options.bucket);
  const report = new Reporter();
  const erasures = new Erasures();
  const results =
    from.kind === 'logs'
      ? checkLogs(from, checking, erasures, report)
      : await checkStore(from, checking, erasures, report);
  if (options.copy !== undefined) {
    const copy = openSource(options.copy, options.bucket);
    const only = new Set(results.map(({ id }) => id));
    const others =
      copy.kind === 'logs'
        ? checkLogs(copy, checking, erasures, report)
        : await checkStore(copy, checking, erasures, report, only);
    compare(results, others, report);
  }
  return conclude(from, erasures, report);
}

/** The same at once for logs in the directory of their writer, without a copy. @throws CannotVerify as `verify`. */
export function verifyDirectory(directory: string, options: VerifyOptions = {}): Report {
  const { checking, conclude } = begin(options);
  const from = openSource(directory, undefined);
  if (from.kind !== 'logs') throw new CannotVerify(`${directory} holds copies of logs: they are read by verify().`);
  const report = new Reporter();
  const erasures = new Erasures();
  checkLogs(from, checking, erasures, report);
  return conclude(from, erasures, report);
}

const nameOf = (from: Source): string => (from.kind === 'logs' ? from.name : from.store.name);

interface Verification {
  readonly checking: CheckOptions;
  /** After the last log: what concerns all of them. */
  conclude(from: Source, erasures: Erasures, report: Reporter): Report;
}

function begin(options: VerifyOptions): Verification {
  const { policy, trustedKeys, witnesses = [], quorum, issuers = {}, unwitnessed = 'finding' } = options;
  const { blobKey, blobKeyOf, atRest = false } = options;
  if (policy !== undefined && (trustedKeys !== undefined || witnesses.length > 0 || quorum !== undefined))
    throw new CannotVerify('Give either a trust policy, or keys and a quorum.');
  if (blobKey !== undefined && blobKey.length !== 32) throw new CannotVerify('A blob key has 32 bytes.');
  const reconciliation = options.reconcile === undefined ? undefined : newReconciliation(options.reconcile);
  const trust =
    policy === undefined ? trustKeys(trustedKeys, witnesses, quorum) : parseTrustPolicy(Buffer.from(policy));
  const identity = newIdentityCheck({ issuers });
  const lasting = newLastingCheck(Date.now() / 1000);
  const checks = [
    identity,
    newDecisionCheck(),
    lasting.check,
    ...(reconciliation === undefined ? [] : [reconciliation.check]),
  ];
  const authorities = options.authorities === undefined ? [] : parseAuthorities(Buffer.from(options.authorities));
  return {
    checking: {
      trust,
      unwitnessed,
      authorities,
      atRest,
      blobKeyOf: (log) => (blobKeyOf?.includes(log) === false ? undefined : blobKey),
      checks,
    },
    conclude(from, erasures, report) {
      erasures.end(report);
      lasting.conclude(report, from.kind === 'logs' && from.complete);
      reconciliation?.conclude(report);
      if (trust.logs === undefined)
        report.notChecked(
          'That the keys are those of the people you trust: compare them with what you know from elsewhere.',
        );
      if (!trust.witnessed)
        report.notChecked(
          'That the newest events before a copy was taken have not been dropped, as far as no signature covers them.',
        );
      if (reconciliation === undefined)
        report.notChecked(
          'That nobody reached the database around this program: compare with the log of the database.',
        );
      return report.report(nameOf(from));
    },
  };
}

function openSource(source: string, bucket: BucketOptions = {}): Source {
  const address = parseBucketAddress(source);
  if (address !== null) {
    const { environment = process.env, anonymous = false } = bucket;
    const { endpoint = findEndpoint(environment), region = findRegion(environment) } = bucket;
    const { pathStyle = endpoint !== undefined } = bucket;
    const credentials = anonymous ? undefined : (bucket.credentials ?? findCredentials(environment));
    return {
      kind: 'store',
      store: openBucket({ ...address, region, endpoint, pathStyle, credentials }),
      only: undefined,
    };
  }
  if (source.startsWith('s3:')) throw new CannotVerify(`${source} is not s3://BUCKET or s3://BUCKET/PREFIX.`);
  const directory = resolve(source);
  const id = basename(directory);
  const own = LOG_ID.test(id) ? kindOf(directory) : null;
  if (own === 'journal') return { kind: 'logs', name: directory, logs: [{ id, path: directory }], complete: false };
  if (own === 'copy') return { kind: 'store', store: directoryStore(dirname(directory)), only: id };
  const logs = findLogs(directory);
  const copies = logs.filter(({ path }) => kindOf(path) === 'copy');
  if (copies.length > 0 && copies.length === logs.length)
    return { kind: 'store', store: directoryStore(directory), only: undefined };
  const written = logs.filter(({ path }) => kindOf(path) === 'journal');
  if (written.length === 0) throw new CannotVerify(`There is no audit log in ${source}.`);
  return { kind: 'logs', name: directory, logs: written, complete: true };
}

/** What a folder named like a log is: null for one that is being made this moment, or none. */
function kindOf(path: string): 'journal' | 'copy' | null {
  const names = new Map(listDirectory(path).map((entry) => [entry.name, entry]));
  if (names.get('chunk')?.isDirectory() === true || names.get('checkpoint')?.isDirectory() === true) return 'copy';
  const begun =
    ['log.json', 'dead.json', 'checkpoint', 'tile'].some((name) => names.has(name)) ||
    listDirectory(join(path, 'checkpoints')).length > 0 ||
    listDirectory(join(path, 'journal')).some(({ name }) => name.endsWith('.seg'));
  return begun ? 'journal' : null;
}

function findLogs(directory: string): readonly LocalLog[] {
  try {
    return readdirSync(directory)
      .filter((name) => LOG_ID.test(name) && isDirectory(join(directory, name)))
      .sort()
      .map((id) => ({ id, path: join(directory, id) }));
  } catch (cause) {
    throw new CannotVerify(`The directory ${directory} cannot be read.`, { cause });
  }
}

/** What can go wrong with the files of one log without ending the verification of the others. */
function unreadable(error: unknown): string {
  if (error instanceof Unreadable) return error.message;
  if (error instanceof Error && 'code' in error) return `The system says ${String(error.code)}.`;
  throw error;
}

function checkLogs(
  { name, logs, complete }: Source & { readonly kind: 'logs' },
  options: CheckOptions,
  erasures: Erasures,
  report: Reporter,
): readonly LogResult[] {
  // Marks of dead logs first: the successor of each was there before its mark, so the list read after has it.
  const marks = new Map<string, Buffer | null>();
  const failed = (id: string, error: unknown): void =>
    report.finding('unreadable', `A part of the log cannot be read. ${unreadable(error)}`, id);
  for (const { id, path } of logs) {
    try {
      marks.set(id, readIfThere(join(path, 'dead.json'), SMALL));
    } catch (error) {
      failed(id, error);
    }
  }
  const results: LogResult[] = [];
  for (const { id, path } of complete ? findLogs(name).filter(({ path }) => kindOf(path) === 'journal') : logs) {
    try {
      const mark = marks.get(id) ?? null;
      results.push(checkLocalLog(path, id, mark === null ? null : deadMark(mark), options, erasures, report));
    } catch (error) {
      failed(id, error);
    }
  }
  checkSuccession(
    results.map(({ link }) => link),
    complete,
    report,
  );
  return results;
}

async function checkStore(
  { store, only }: Source & { readonly kind: 'store' },
  options: CheckOptions,
  erasures: Erasures,
  report: Reporter,
  wanted?: ReadonlySet<string>,
): Promise<readonly LogResult[]> {
  const found = (await store.folders()).filter((id) => LOG_ID.test(id) && (only === undefined || id === only)).sort();
  const ids = found.filter((id) => wanted?.has(id) ?? true);
  if (ids.length === 0 && wanted === undefined) throw new CannotVerify(`There is no audit log in ${store.name}.`);
  if (ids.length < found.length)
    report.notChecked(`${found.length - ids.length} other logs in ${store.name}: they are not those you compare.`);
  const results: LogResult[] = [];
  for (const id of ids) results.push(await checkCopy(store, id, options, erasures, report));
  checkSuccession(
    results.map(({ link }) => link),
    false,
    report,
  );
  for (const shortcoming of store.shortcomings()) report.notChecked(shortcoming);
  return results;
}

/** Two readings of the same logs: alike as far as both go, and the first is not the shorter one. */
function compare(logs: readonly LogResult[], copies: readonly LogResult[], report: Reporter): void {
  for (const log of logs) {
    const copy = copies.find(({ id }) => id === log.id);
    if (copy === undefined) {
      report.notChecked(`A copy of ${log.id}: there is none at the place you compare with.`);
      continue;
    }
    const difference = log.link.hashes.firstDifference(copy.link.hashes);
    if (difference !== null)
      report.finding(
        'fork',
        `The log and its copy in ${copy.source} are not the same.`,
        `${log.id} event ${difference}`,
      );
    report.checked('events alike in a log and its copy', difference ?? Math.min(log.size, copy.size), 'leaf hash');
    if (copy.size > log.size && log.link.dead?.mark?.copied !== true)
      report.finding(
        'shorter',
        `The copy in ${copy.source} has ${copy.size - log.size} events more: this log was cut or put back.`,
        log.id,
      );
    else if (copy.size < log.size)
      report.notChecked(
        `The newest ${log.size - copy.size} events of ${log.id} in ${copy.source}: they are not there yet.`,
      );
  }
}
