import { open } from 'node:fs/promises';
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';
import { guardedFetch } from '../guarded-fetch.ts';
import { type ServiceSource } from '../settings.ts';
import { tokenMissing, tokenRefused, unreachable } from './refusals.ts';

export interface WorkloadPorts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof fetch;
}

/** Where a platform puts the token of what it runs. */
export type WorkloadSource = Exclude<ServiceSource, { kind: 'client' }>;

/** Longest token that is read, bytes. */
const LONGEST = 16_384;
/** Longest wait for GitHub, ms. */
const TIMEOUT_MS = 10_000;

/**
 * The token that the platform gives this workload now: asked for anew each time, because platforms renew it.
 * @throws CountersignError `service-token-missing`, `service-token-refused`, `service-unreachable`
 */
export async function workloadToken(
  name: string,
  source: WorkloadSource,
  audience: string,
  ports: WorkloadPorts,
): Promise<string> {
  switch (source.kind) {
    case 'environment': {
      // GitLab CI/CD id_tokens: a variable of the job.
      const value = ports.environment[source.variable]?.trim();
      if (value === undefined || value === '')
        throw tokenMissing(
          name,
          `the variable ${source.variable} is not set`,
          'Declare it under id_tokens of the job.',
        );
      return value;
    }
    case 'file':
      return fromFile(name, source.path);
    case 'github':
      return fromGitHub(name, audience, ports);
  }
}

/** Kubernetes: a projected service account token, which the kubelet replaces before it expires; a link to the newest one. */
async function fromFile(name: string, path: string): Promise<string> {
  const text = await readStart(path).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw tokenMissing(name, `${path} cannot be read${code}`, 'Mount a projected service account token there.');
  });
  if (text.length > LONGEST) throw tokenRefused(name, 'it is longer than such a token is');
  return text.trim();
}

async function readStart(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LONGEST + 1), 0, LONGEST + 1);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

const answer = z.object({ value: z.string().min(1) });

/** GitHub Actions: "Requesting the JWT using environment variables" of its guide to OpenID Connect. */
async function fromGitHub(name: string, audience: string, { environment, fetch }: WorkloadPorts): Promise<string> {
  const address = URL.parse(environment['ACTIONS_ID_TOKEN_REQUEST_URL'] ?? '');
  const bearer = environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN'];
  if (address === null || bearer === undefined || bearer === '') {
    throw tokenMissing(
      name,
      'this is no job of GitHub Actions that may have one',
      'Give the job permissions: id-token: write.',
    );
  }
  address.searchParams.set('audience', audience);
  const response = await guardedFetch(fetch)(address.href, {
    body: undefined,
    headers: { authorization: `Bearer ${bearer}`, accept: 'application/json' },
    method: 'GET',
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw cause instanceof CountersignError ? cause : unreachable(name, address.host);
  });
  if (response.status >= 500) throw unreachable(name, address.host);
  if (response.status !== 200) throw tokenRefused(name, `GitHub gave none (status ${String(response.status)})`);
  const given = answer.safeParse(await response.json().catch(() => undefined));
  if (!given.success) throw tokenRefused(name, 'what GitHub answered is not one');
  return given.data.value;
}
