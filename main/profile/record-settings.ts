import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { secretReference } from './secret-field.ts';
import { type PressureLimit, type RecordSettings, type StoreSettings } from './types.ts';

const SERVICE_URL = 'must be an https: address (http: only for 127.0.0.1, [::1] and localhost), without user and query';

const days = z.int().min(0).max(36_500);
const bucket = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket');
const prefix = z
  .string()
  .max(500)
  .regex(
    /^$|^[A-Za-z0-9_=-][A-Za-z0-9._=-]*(\/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*$/,
    'must be a path of letters, digits and ._=- between single slashes',
  );

const s3 = z.strictObject({
  bucket,
  prefix: prefix.default(''),
  region: z.string().min(1).max(60).default('us-east-1'),
  endpoint: z.string().refine(isServiceUrl, SERVICE_URL).optional(),
  pathStyle: z.boolean().optional(),
  credentials: z.preprocess(
    (value) => (value === 'environment' ? undefined : value),
    z.strictObject({ accessKeyId: secretReference, secretAccessKey: secretReference }).optional(),
  ),
  retainDays: days.default(365),
});

const directory = z.strictObject({
  path: z.string().max(4096).refine(isAbsolute, 'must be an absolute path outside the profile'),
  retainDays: days.default(0),
});

const limit = z
  .strictObject({ events: z.int().min(1).max(1e12).optional(), hours: z.number().positive().max(100_000).optional() })
  .refine(({ events, hours }) => events !== undefined || hours !== undefined, 'needs events, hours or both');

/** `record:` of organisation.yaml. */
export const recordSection = z.strictObject({
  store: z
    .strictObject({ directory: directory.optional(), s3: s3.optional() })
    .refine((store) => (store.directory === undefined) !== (store.s3 === undefined), 'must be one of directory, s3')
    .optional(),
  witnesses: z
    .array(
      z.strictObject({
        url: z.string().refine(isServiceUrl, SERVICE_URL),
        key: z.string().regex(/^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/, 'must be a verifier key: name+hash+key'),
      }),
    )
    .max(20)
    .default([]),
  quorum: z.int().min(1).max(20).optional(),
  // What an authority answers is signed: most of them are reached without TLS.
  timestamp: z.strictObject({ url: z.httpUrl('must be an http: or https: address').max(2000) }).optional(),
  pressure: z
    .strictObject({ warn: limit.optional(), refuseRisky: limit.optional(), refuseAll: limit.optional() })
    .default({}),
  reachSeconds: z.number().min(1).max(600).default(15),
  reviewers: z.array(z.string().min(1).max(200)).max(100).default([]),
  index: secretReference.optional(),
  heartbeatMinutes: z.number().min(1).max(1440).default(15),
  acceptSharedDisk: z.boolean().default(false),
});

const WARN: PressureLimit = { events: 10_000, hours: 4 };

/** What the section means; without one the record stays on this machine. */
export function recordSettings(section: z.infer<typeof recordSection>): RecordSettings {
  const {
    store,
    witnesses,
    quorum,
    timestamp,
    pressure,
    reachSeconds,
    reviewers,
    index,
    heartbeatMinutes,
    acceptSharedDisk,
  } = section;
  return {
    ...(store === undefined ? {} : storeSettings(store)),
    witnesses,
    quorum: quorum ?? Math.max(1, witnesses.length),
    ...(timestamp === undefined ? {} : { timestamp }),
    pressure: {
      warn: pressureLimit(pressure.warn) ?? WARN,
      ...optional('refuseRisky', pressureLimit(pressure.refuseRisky)),
      ...optional('refuseAll', pressureLimit(pressure.refuseAll)),
    },
    reachSeconds,
    reviewers,
    ...optional('index', index),
    heartbeatMinutes,
    acceptSharedDisk,
  };
}

function storeSettings({ directory: own, s3: cloud }: NonNullable<z.infer<typeof recordSection>['store']>): {
  readonly store?: StoreSettings;
} {
  if (own !== undefined) return { store: { kind: 'directory', ...own } };
  if (cloud === undefined) return {};
  const { endpoint, pathStyle, credentials, ...rest } = cloud;
  return {
    store: {
      kind: 's3',
      ...rest,
      ...optional('endpoint', endpoint),
      // Servers that are not the provider's own rarely answer on a host name for each bucket.
      pathStyle: pathStyle ?? endpoint !== undefined,
      credentials: credentials ?? 'environment',
    },
  };
}

function pressureLimit(limits: z.infer<typeof limit> | undefined): PressureLimit | undefined {
  if (limits === undefined) return undefined;
  return { ...optional('events', limits.events), ...optional('hours', limits.hours) };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V };
}

function isServiceUrl(text: string): boolean {
  if (!URL.canParse(text) || /[?#\s]/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}
