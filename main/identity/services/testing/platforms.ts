import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createIssuerKey, type IssuerKey } from '../../testing/issuer.ts';

/** A small real issuer of workload tokens: discovery, keys, signatures. */
export interface Platform {
  readonly issuer: string;
  /** Requests for its keys, so far. */
  keyRequests(): number;
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
  /** From now on it signs with, and publishes, another key. */
  rotate(kid: string): Promise<void>;
  /** Merged into its discovery document. */
  metadata: Record<string, unknown>;
  stop(): Promise<void>;
}

type More = (
  request: IncomingMessage,
  url: URL,
) => Promise<{ readonly status: number; readonly body: unknown }> | undefined;

async function startPlatform(more: More = () => undefined): Promise<Platform> {
  let key: IssuerKey = await createIssuerKey('first');
  let asked = 0;
  const server = createServer((request, response: ServerResponse) => {
    const send = (status: number, body: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const url = new URL(request.url ?? '', issuer);
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return send(200, { issuer, jwks_uri: `${issuer}/.well-known/jwks`, ...platform.metadata });
      case '/.well-known/jwks':
        asked++;
        return send(200, { keys: [key.publicJwk] });
      default: {
        const answer = more(request, url);
        if (answer === undefined) return send(404, {});
        return void answer.then(({ status, body }) => send(status, body));
      }
    }
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
  const platform: Platform = {
    issuer,
    metadata: {},
    keyRequests: () => asked,
    sign: (claims, header) => key.sign(claims, header),
    async rotate(kid) {
      key = await createIssuerKey(kid);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return platform;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** A job of GitHub Actions: the runner's endpoint gives tokens for whatever audience is asked for, while the job runs. */
export interface GitHub extends Platform {
  readonly environment: Readonly<Record<string, string>>;
  /** Claims of the job, changed by a test at any time. */
  claims: Record<string, unknown>;
  /** Status of the endpoint instead of a token. */
  refuses: number | undefined;
}

export async function startGitHub(now: () => number): Promise<GitHub> {
  const bearer = 'runner-secret';
  const platform = await startPlatform((request, url) => {
    if (url.pathname !== '/token') return undefined;
    const audience = url.searchParams.get('audience');
    if (github.refuses !== undefined) return Promise.resolve({ status: github.refuses, body: {} });
    if (request.headers.authorization !== `Bearer ${bearer}` || url.searchParams.get('api-version') !== '2.0')
      return Promise.resolve({ status: 401, body: {} });
    return platform
      .sign({
        ...{ iss: platform.issuer, aud: audience, sub: 'repo:acme/shop:ref:refs/heads/main' },
        ...{ iat: seconds(now()), nbf: seconds(now()), exp: seconds(now()) + 300, jti: crypto.randomUUID() },
        ...github.claims,
      })
      .then((value) => ({ status: 200, body: { count: value.length, value } }));
  });
  const github: GitHub = Object.assign(platform, {
    environment: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${platform.issuer}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer,
    },
    claims: { repository: 'acme/shop', ref: 'refs/heads/main', event_name: 'push' },
    refuses: undefined,
  });
  return github;
}

/** A cluster whose kubelet projects a token into a file, and does so again when told. */
export interface Kubernetes extends Platform {
  project(claims?: Readonly<Record<string, unknown>>): Promise<void>;
}

export async function startKubernetes(file: string, now: () => number): Promise<Kubernetes> {
  const platform = await startPlatform();
  return Object.assign(platform, {
    async project(claims: Readonly<Record<string, unknown>> = {}) {
      const token = await platform.sign({
        ...{ iss: platform.issuer, aud: ['countersign'], sub: 'system:serviceaccount:reports:nightly' },
        ...{ iat: seconds(now()), nbf: seconds(now()), exp: seconds(now()) + 3_600 },
        'kubernetes.io': { namespace: 'reports', serviceaccount: { name: 'nightly', uid: 'u' } },
        ...claims,
      });
      await writeFile(file, `${token}\n`);
    },
  });
}

/** A job of GitLab CI/CD: `id_tokens` puts the token into a variable, once. */
export async function startGitLab(now: () => number): Promise<Platform & { job(): Promise<Record<string, string>> }> {
  const platform = await startPlatform();
  return Object.assign(platform, {
    job: async () => ({
      COUNTERSIGN_ID_TOKEN: await platform.sign({
        ...{ iss: platform.issuer, aud: 'countersign', sub: 'project_path:acme/shop:ref_type:branch:ref:main' },
        ...{ iat: seconds(now()), nbf: seconds(now()), exp: seconds(now()) + 3_600 },
        ...{ project_path: 'acme/shop', ref_protected: 'true' },
      }),
    }),
  });
}
