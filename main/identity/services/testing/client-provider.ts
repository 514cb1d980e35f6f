import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';

/** A certified OpenID provider with one client, `nightly`, that proves itself with a private key. */
export interface ClientProvider {
  readonly issuer: string;
  /** The client's private key as JWK. */
  readonly key: JWK;
  /** Audiences of the assertions it was shown, in order. */
  readonly audiences: unknown[];
  stop(): Promise<void>;
}

export async function startClientProvider(
  options: {
    readonly format?: 'jwt' | 'opaque';
    readonly dpop?: boolean;
    readonly alg?: 'ES256' | 'EdDSA' | 'RS256';
  } = {},
): Promise<ClientProvider> {
  const { format = 'jwt', dpop = false, alg = 'ES256' } = options;
  const pair = await generateKeyPair(alg, { extractable: true });
  const signing = await generateKeyPair('ES256', { extractable: true });
  const kid = 'nightly-1';
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
  const configuration: Configuration = {
    adapter: memory,
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: [
      {
        client_id: 'nightly',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: alg,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid, use: 'sig', alg }] } as never,
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(signing.privateKey)), kid: 'idp-1', use: 'sig', alg: 'ES256' }] } as never,
    scopes: ['openid', 'reports'],
    ttl: { ClientCredentials: 600 },
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'EdDSA', 'RS256'],
      ...(dpop ? { dPoPSigningAlgValues: ['ES256', 'EdDSA'] } : {}),
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: dpop },
      resourceIndicators: {
        enabled: format === 'jwt',
        defaultResource: () => 'https://reports.example',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: 'reports', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
      },
    },
  };
  const provider = new Provider(issuer, configuration);
  const audiences: unknown[] = [];
  provider.use(async (ctx, next) => {
    await next();
    const { client_assertion: assertion } = (ctx.oidc?.body ?? {}) as { client_assertion?: string };
    if (assertion !== undefined)
      audiences.push(JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString()).aud);
  });
  server.on('request', provider.callback() as never);
  return {
    issuer,
    key: { ...(await exportJWK(pair.privateKey)), kid },
    audiences,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** All that the provider remembers of one kind of thing, while it runs. */
function memory(): Adapter {
  const kept = new Map<string, AdapterPayload>();
  const find = (id: string): Promise<AdapterPayload | undefined> => Promise.resolve(kept.get(id));
  return {
    find,
    findByUid: find,
    findByUserCode: find,
    upsert: (id, payload) => Promise.resolve(void kept.set(id, payload)),
    consume: () => Promise.resolve(undefined),
    destroy: (id) => Promise.resolve(void kept.delete(id)),
    revokeByGrantId: () => Promise.resolve(undefined),
  };
}
