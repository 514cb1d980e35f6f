import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair } from 'jose';
import OidcProvider, { type Configuration, interactionPolicy } from 'oidc-provider';
// A provider to test against needs what the demonstration's has; neither is part of identity.
// eslint-disable-next-line import-x/no-restricted-paths
import { openProviderState } from '../../demonstration/idp/adapter.ts';
import { type ProviderSettings } from '../settings.ts';
import { type Personality, personalities, type PersonalityName, type PersonClaims } from './personalities.ts';

export const CLIENT = 'countersign';
/** Of everybody here. */
export const PASSWORD = 'correct horse';
/** What everybody's phone shows. */
export const ONE_TIME_CODE = '246802';

export const ANA: PersonClaims = { id: 'ana1', name: 'Ana Ruiz', email: 'ana@shop.example', groups: ['analysts'] };
export const ELI: PersonClaims = { id: 'eli1', name: 'Eli Park', email: 'eli@shop.example', groups: ['engineers'] };

/** A real OpenID provider on loopback that behaves as one that organisations use. */
export interface TestProvider {
  readonly issuer: string;
  /** As organisation.yaml would have them. */
  readonly settings: ProviderSettings;
  readonly personality: Personality;
  /** What an administrator does there: the person's sessions end, and they cannot sign in. */
  disable(person: PersonClaims): void;
  stop(): Promise<void>;
}

export async function startProvider(name: PersonalityName): Promise<TestProvider> {
  const personality = personalities[name];
  const { clientSecret } = personality;
  const server = createServer();
  const origin = `http://127.0.0.1:${String(await listen(server))}`;
  const issuer = `${origin}${personality.path}`;
  const ports = personality.exactPort ? [await freePort(), await freePort()] : 'any';
  const redirect = { host: personality.exactPort ? 'localhost' : '127.0.0.1', ports, path: '/callback' } as const;
  const disabled = new Set<string>();
  /** Grants that were asked for so that a refresh token belongs to them. */
  const offline = new Set<string>();
  const state = openProviderState(':memory:');
  const configuration = await configurationOf(personality, redirect, disabled, offline);
  const provider = new OidcProvider(issuer, { ...configuration, adapter: state.adapter });
  const interact = interactions(provider, disabled, offline, personality);
  const answer = provider.callback();
  server.on('request', (request: IncomingMessage & { originalUrl?: string }, response) => {
    const { url = '/' } = request;
    if (url.startsWith('/interaction/')) {
      interact(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    } else if (url.startsWith(`${personality.path}/`)) {
      // Mounted under the path of the issuer, as oidc-provider finds it out by itself.
      request.originalUrl = url;
      request.url = url.slice(personality.path.length);
      void answer(request, response);
    } else response.writeHead(404).end();
  });
  return {
    issuer,
    personality,
    settings: {
      ...{ issuer, clientId: CLIENT, redirect, groupsClaim: 'groups' },
      ...personality.settings,
      ...(clientSecret === undefined ? {} : { clientSecret: () => Promise.resolve(clientSecret) }),
    },
    disable: ({ id }) => void disabled.add(id),
    stop: async () => {
      await close(server);
      state.close();
    },
  };
}

async function configurationOf(
  personality: Personality,
  redirect: ProviderSettings['redirect'],
  disabled: ReadonlySet<string>,
  offline: ReadonlySet<string>,
): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const signing = { ...(await exportJWK(privateKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const { ports, host, path } = redirect;
  const redirectUris =
    ports === 'any' ? [`http://${host}${path}`] : ports.map((port) => `http://${host}:${String(port)}${path}`);
  const shown = Object.keys(personality.claims(ANA)).filter((claim) => !claim.startsWith('_claim_'));
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.remove('native_client_prompt');
  const { offlineParameter } = personality;
  return {
    clients: [
      {
        client_id: CLIENT,
        // oidc-provider lets native clients use any loopback port.
        application_type: personality.exactPort ? 'web' : 'native',
        ...(personality.clientSecret === undefined
          ? { token_endpoint_auth_method: 'none' as const }
          : { token_endpoint_auth_method: 'client_secret_post' as const, client_secret: personality.clientSecret }),
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        redirect_uris: redirectUris,
      },
    ],
    jwks: { keys: [signing] } as NonNullable<Configuration['jwks']>,
    cookies: { keys: [randomBytes(16).toString('hex')] },
    findAccount: (_ctx, id) => {
      const person = [ANA, ELI].find((candidate) => candidate.id === id && !disabled.has(id));
      if (person === undefined) return undefined;
      return { accountId: id, claims: () => ({ sub: id, ...personality.claims(person) }) };
    },
    claims: {
      openid: ['sub', 'acr', 'amr', ...(personality.statesAuthTime ? ['auth_time'] : [])],
      profile: shown.filter((claim) => claim !== 'email' && claim !== 'email_verified').concat('groups'),
      email: ['email', 'email_verified'],
    },
    scopes: ['openid', 'offline_access', 'groups'],
    ...(offlineParameter === undefined ? {} : { extraParams: [offlineParameter[0], 'hd'] }),
    acrValues: personality.strength === undefined ? [] : [personality.strength.acrValue],
    conformIdTokenClaims: personality.strict,
    rotateRefreshToken: personality.rotates,
    pkce: { required: () => true },
    interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: (_ctx, client, code) =>
      offlineParameter !== undefined
        ? offline.has(code.grantId ?? '')
        : personality.strict
          ? code.scopes.has('offline_access')
          : client.grantTypeAllowed('refresh_token'),
    renderError: (ctx, { error }) => {
      ctx.body = String(error);
    },
    expiresWithSession: () => false,
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 3_600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 3_600,
      DeviceCode: 600,
    },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx, form) => void (ctx.body = form),
        userCodeConfirmSource: (ctx, form) => void (ctx.body = form),
        successSource: (ctx) => void (ctx.body = 'You are signed in'),
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
    },
  };
}

/** The provider's pages: who somebody is, with the one-time code where strength was asked for, and whether the program may know it. */
function interactions(
  provider: OidcProvider,
  disabled: ReadonlySet<string>,
  offline: Set<string>,
  { strength, offlineParameter }: Personality,
) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { prompt, params, session, uid } = await provider.interactionDetails(request, response);
    const asked = String(params['acr_values'] ?? '').split(' ');
    const second = strength !== undefined && asked.includes(strength.acrValue) ? strength.second : undefined;
    const form = (fields: string, button: string): string =>
      `<!doctype html><title>Test provider</title><form method="post" action="/interaction/${uid}">${fields}<button>${button}</button></form>`;
    const field = (name: string, label: string, type: string): string =>
      `<p><label>${label} <input name="${name}" type="${type}"></label></p>`;
    const loginPage = form(
      field('login', 'E-mail', 'email') +
        field('password', 'Password', 'password') +
        (second === undefined ? '' : field('code', 'One-time code', 'text')),
      'Sign in',
    );
    const show = (status: number, html: string): void =>
      void response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(html);
    if (request.method !== 'POST')
      return show(
        200,
        prompt.name === 'login' ? loginPage : form('<p>Countersign wants to know who you are.</p>', 'Allow'),
      );

    if (prompt.name === 'login') {
      const typed = new URLSearchParams(await text(request));
      const person = [ANA, ELI].find(({ email, id }) => email === typed.get('login') && !disabled.has(id));
      if (person === undefined || typed.get('password') !== PASSWORD) return show(401, loginPage);
      if (second !== undefined && typed.get('code') !== ONE_TIME_CODE) return show(401, loginPage);
      const { acr, amr } = second ?? strength?.first ?? {};
      const login = {
        accountId: person.id,
        ...(acr === undefined ? {} : { acr }),
        ...(amr === undefined ? {} : { amr: [...amr] }),
      };
      return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
    }
    const grant = new provider.Grant({
      clientId: CLIENT,
      ...(session === undefined ? {} : { accountId: session.accountId }),
    });
    grant.addOIDCScope(String(params['scope']));
    const consent = { grantId: await grant.save() };
    if (offlineParameter !== undefined && params[offlineParameter[0]] === offlineParameter[1])
      offline.add(consent.grantId);
    return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
  };
}

function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await close(server);
  return port;
}
