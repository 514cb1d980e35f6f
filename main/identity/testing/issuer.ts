import { createServer } from 'node:http';
import { CompactSign, exportJWK, generateKeyPair, type JSONWebKeySet, type JWK, SignJWT } from 'jose';

/** A key that the test issuer can sign with. */
export interface IssuerKey {
  readonly publicJwk: JWK;
  readonly sign: (
    claims: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ) => Promise<string>;
  /** Signs a payload as it stands, whatever it is. */
  readonly signText: (payload: string) => Promise<string>;
}

export async function createIssuerKey(kid: string, alg = 'ES256'): Promise<IssuerKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return {
    publicJwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' },
    sign: (claims, header = {}) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(pair.privateKey),
    signText: (payload) =>
      new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader({ alg, kid }).sign(pair.privateKey),
  };
}

/** An OpenID provider on loopback that answers whatever a test wants. */
export interface TestIssuer {
  readonly issuer: string;
  /** Changed by a test at any time. */
  readonly answers: {
    keys: JSONWebKeySet;
    /** Merged into the discovery document. */
    metadata: Record<string, unknown>;
    token: (parameters: URLSearchParams) => Promise<{ readonly status?: number; readonly body: unknown }>;
    device: (parameters: URLSearchParams) => unknown;
    userinfo: () => { readonly status?: number; readonly body: unknown; readonly challenge?: string };
  };
  /** Grant types asked for at the token endpoint, in order. */
  readonly grants: string[];
  stop(): Promise<void>;
}

export async function startTestIssuer(): Promise<TestIssuer> {
  const grants: string[] = [];
  const answers: TestIssuer['answers'] = {
    keys: { keys: [] },
    metadata: {},
    token: () => Promise.resolve({ status: 400, body: { error: 'invalid_request' } }),
    device: () => ({}),
    userinfo: () => ({ status: 404, body: {} }),
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const send = ({
        status = 200,
        body,
        challenge,
      }: {
        readonly status?: number;
        readonly body: unknown;
        readonly challenge?: string;
      }): void => {
        const headers = {
          'content-type': 'application/json',
          ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
        };
        response.writeHead(status, headers).end(JSON.stringify(body));
      };
      switch (request.url) {
        case '/.well-known/openid-configuration':
          return send({ body: { ...metadataOf(issuer), ...answers.metadata } });
        case '/jwks':
          return send({ body: answers.keys });
        case '/device':
          return send({ body: answers.device(new URLSearchParams(Buffer.concat(chunks).toString('utf8'))) });
        case '/userinfo':
          return send(answers.userinfo());
        case '/token': {
          const parameters = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
          grants.push(parameters.get('grant_type') ?? '');
          return void answers.token(parameters).then(send, () => send({ status: 500, body: {} }));
        }
        default:
          return send({ status: 404, body: {} });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
  return {
    issuer,
    answers,
    grants,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function metadataOf(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/userinfo`,
    id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
  };
}
