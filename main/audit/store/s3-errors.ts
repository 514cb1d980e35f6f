/** What an S3 server, or the way to it, says when something does not work: whether another try may help, and in words. */
import { type CountersignError } from '../../errors.ts';
import { storeError, type StoreTrouble } from './trouble.ts';

/** What is known of an error: enough to decide and to explain, nothing that could hold a secret. */
export interface Failure {
  /** S3's error code, or Node's for the network. */
  readonly code: string;
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  /** Another try may help. */
  readonly transient: boolean;
}

/** Codes of S3 (API reference, "Error responses") that another try may end; every 5xx besides 501 and 507 is one as well. */
const TRANSIENT = new Set([
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeout',
  'TemporaryRedirect',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'RequestLimitExceeded',
  'BandwidthLimitExceeded',
  // The bytes that arrived are not those that were sent.
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
]);

/** The code of an answer that did not come in time. */
export const TIMEOUT = 'TimeoutError';

const TLS = /^(?:ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH)/;

type Words = readonly [trouble: StoreTrouble, what: string, next: string];

const KEYS = 'Look at the access key and secret of the store (`record.store.s3.credentials` of organisation.yaml).';
const REGION =
  "Write the region of the bucket in `record.store.s3.region`, and `endpoint` only where it is not Amazon's.";

const NO_RIGHT: Words = [
  'store-refused',
  'the credentials do not give the right',
  'Compare the policy with docs/record-store.md.',
];
const NO_CREDENTIALS: Words = [
  'store-refused',
  'there are no credentials for it on this machine',
  'Sign in to the cloud account, set AWS_PROFILE or the AWS_ variables, or name two secrets in `record.store.s3.credentials`.',
];
const NO_ROOM: Words = ['store-full', 'it has no room left', 'Make room; what waits is uploaded then.'];

const WORDS: Readonly<Record<string, Words>> = {
  InvalidAccessKeyId: ['store-refused', 'it does not know the access key', KEYS],
  SignatureDoesNotMatch: ['store-refused', 'the secret does not belong to the access key', KEYS],
  InvalidClientTokenId: ['store-refused', 'it does not know the access key', KEYS],
  InvalidToken: ['store-refused', 'the session token is not valid', 'Sign in to the cloud account again.'],
  ExpiredToken: ['store-refused', 'the session token has expired', 'Sign in to the cloud account again.'],
  ExpiredTokenException: ['store-refused', 'the session token has expired', 'Sign in to the cloud account again.'],
  TokenRefreshRequired: ['store-refused', 'the session token has expired', 'Sign in to the cloud account again.'],
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
  RequestTimeTooSkewed: ['store-refused', 'the clock of this machine and its own differ too much', 'Set the clock.'],
  RequestExpired: ['store-refused', 'the clock of this machine and its own differ too much', 'Set the clock.'],
  InvalidArgument: [
    'store-refused',
    'it does not take what it is told, most likely a date to keep the object until that has passed by its clock',
    'Set the clock of this machine.',
  ],
  InvalidRequest: [
    'store-refused',
    'it does not take the request, most likely a retention in a bucket without Object Lock',
    'Turn on Object Lock (docs/record-store.md), or set `record.store.s3.retainDays` to 0.',
  ],
  NoSuchBucket: [
    'store-refused',
    'there is no such bucket',
    'Make the bucket (docs/record-store.md), or look at its name.',
  ],
  InvalidBucketName: ['store-refused', 'this is no name of a bucket', 'Look at `record.store.s3.bucket`.'],
  PermanentRedirect: ['store-refused', 'the bucket is in another region', REGION],
  AuthorizationHeaderMalformed: ['store-refused', 'the bucket is in another region', REGION],
  IllegalLocationConstraintException: ['store-refused', 'the bucket is in another region', REGION],
  AccessDenied: NO_RIGHT,
  InvalidObjectState: ['store-refused', 'the object was archived', 'Restore it from the archive class first.'],
  QuotaExceeded: ['store-full', 'the quota is used up', 'Raise it; what waits is uploaded then.'],
  StorageFull: NO_ROOM,
  XMinioStorageFull: NO_ROOM,
  ENOTFOUND: [
    'store-unreachable',
    'its name is not known',
    'Look at the network, then at `record.store.s3.endpoint` and `region`.',
  ],
  EAI_AGAIN: ['store-unreachable', 'its name cannot be looked up', 'Look at the network.'],
  ECONNREFUSED: [
    'store-unreachable',
    'nothing answers there',
    'Look at the network, then at `record.store.s3.endpoint`.',
  ],
  [TIMEOUT]: ['store-unreachable', 'it does not answer in time', 'What waits is uploaded when it does.'],
};

/** @param error what the SDK or the network threw */
export function failureOf(error: unknown): Failure {
  const { name, code, Code, $metadata } = error as {
    name?: unknown;
    code?: unknown;
    Code?: unknown;
    $metadata?: { httpStatusCode?: unknown };
  };
  const status = typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;
  const said = [Code, code, name].find((word): word is string => typeof word === 'string') ?? 'unknown';
  const known = /^[\w.]{1,60}$/.test(said) ? said : 'unknown';
  const transient =
    TRANSIENT.has(known) ||
    (status === undefined
      ? !TLS.test(known) && WORDS[known] !== NO_CREDENTIALS
      : [408, 425, 429].includes(status) || (status >= 500 && status !== 501 && status !== 507) || status < 300);
  return { code: known, status, transient };
}

/** The error a person sees. `what` is what was tried: "log.json could not be written". */
export function explain(store: string, what: string, error: unknown): CountersignError {
  const { code, status, transient } = failureOf(error);
  const [trouble, why, next] = WORDS[code] ?? otherwise(code, status, transient);
  const seen = `${code}${status === undefined ? '' : `, HTTP ${String(status)}`}`;
  return storeError(trouble, `${store}: ${what}: ${why} (${seen}).`, next, new Error(seen));
}

function otherwise(code: string, status: number | undefined, transient: boolean): Words {
  if (TLS.test(code))
    return [
      'store-unreachable',
      'who answers there cannot prove to be the store',
      "Look whether the network wants a sign-in first, then at the server's certificate (NODE_EXTRA_CA_CERTS adds an authority).",
    ];
  if (status === undefined || status < 300)
    return [
      'store-unreachable',
      'the connection broke or no S3 server answered',
      'What waits is uploaded when it does.',
    ];
  if (transient) return ['store-unreachable', 'it is busy or broken', 'What waits is uploaded when it recovers.'];
  if (status === 507) return NO_ROOM;
  if (status === 301 || status === 400 || status === 404 || status === 405 || status === 501)
    return [
      'store-refused',
      'it does not take the request',
      'Look at endpoint, region, path style and bucket of `record.store.s3`.',
    ];
  return NO_RIGHT;
}
