import { type ClientMetadata, type Configuration, type FindAccount, interactionPolicy } from 'oidc-provider';
import { type AdapterFactory } from 'oidc-provider';
import { type IdpKeys, publicEcKey } from './keys.ts';
import { deviceCodePage, deviceConfirmPage, messagePage, SECURITY_HEADERS } from './pages.ts';
import { type Directory } from './people.ts';

export const DESKTOP_CLIENT = 'countersign-desktop';
export const SERVICE_CLIENT = 'nightly-report';
export const DESKTOP_CLIENT_NAME = 'Countersign';
/** What the product asks for at this provider, for organisation.yaml. */
export const SCOPES: readonly string[] = ['openid', 'email', 'profile', 'groups', 'offline_access'];

/** Strength of a sign-in here, without and with the one-time code; for identity.stepUp of organisation.yaml. */
export const PASSWORD_ACR = 'urn:countersign:demonstration:password';
export const SECOND_FACTOR_ACR = 'urn:countersign:demonstration:second-factor';

/** How long what the provider issues lasts, seconds. */
const LIFETIME = { minutes: 60, hours: 3_600, days: 86_400 };

function clients(keys: IdpKeys): ClientMetadata[] {
  return [
    {
      client_id: DESKTOP_CLIENT,
      client_name: DESKTOP_CLIENT_NAME,
      // native: any port of a loopback redirect is accepted (RFC 8252 §7.3).
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback', 'http://[::1]/callback'],
    },
    {
      client_id: SERVICE_CLIENT,
      client_name: 'Nightly report',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      jwks: { keys: [publicEcKey(keys.agent)] } as NonNullable<ClientMetadata['jwks']>,
    },
  ];
}

/**
 * The person is asked at every sign-in: a demonstration is there to be seen as one person and then as another. Consent is
 * not asked, for the only client with people is the organisation's own.
 */
function alwaysAskWho(): Configuration['interactions'] {
  const policy = interactionPolicy.base();
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check(
        'always_ask',
        'the person is asked at every sign-in',
        (ctx) => ctx.oidc.result?.login === undefined,
      ),
    );
  policy.get('consent')?.checks.remove('native_client_prompt');
  return { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` };
}

export function providerConfiguration(directory: Directory, keys: IdpKeys, adapter: AdapterFactory): Configuration {
  const findAccount: FindAccount = async (_ctx, id) => {
    const person = await directory.active(id);
    if (person === undefined) return undefined;
    const { name, email, groups } = person;
    return { accountId: id, claims: () => ({ sub: id, name, email, email_verified: true, groups: [...groups] }) };
  };
  return {
    adapter,
    clients: clients(keys),
    findAccount,
    jwks: { keys: [keys.signing] } as NonNullable<Configuration['jwks']>,
    cookies: {
      keys: keys.cookies,
      // Cookies are not separated by port: other programs on loopback must not meet ours by name.
      names: {
        session: 'countersign_demo',
        interaction: 'countersign_demo_interaction',
        resume: 'countersign_demo_resume',
      },
    },
    claims: {
      openid: ['sub', 'auth_time', 'acr', 'amr'],
      email: ['email', 'email_verified'],
      profile: ['name'],
      groups: ['groups'],
    },
    scopes: [...SCOPES],
    acrValues: [PASSWORD_ACR, SECOND_FACTOR_ACR],
    // Claims in the ID token itself, as most organisations configure their provider.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    interactions: alwaysAskWho(),
    // Each sign-in is a grant of its own, so that signing out of one profile leaves the others alone.
    async loadExistingGrant(ctx) {
      const { account, client, result, provider } = ctx.oidc;
      if (account === undefined || client?.clientId !== DESKTOP_CLIENT || result?.login === undefined) return undefined;
      const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
      grant.addOIDCScope(SCOPES.join(' '));
      await grant.save();
      return grant;
    },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: 10 * LIFETIME.minutes,
      AuthorizationCode: LIFETIME.minutes,
      ClientCredentials: 10 * LIFETIME.minutes,
      DeviceCode: 10 * LIFETIME.minutes,
      Grant: 14 * LIFETIME.days,
      IdToken: LIFETIME.hours,
      Interaction: LIFETIME.hours,
      RefreshToken: 14 * LIFETIME.days,
      Session: LIFETIME.hours,
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx, form, _out, error) => {
          ctx.set({ ...SECURITY_HEADERS });
          ctx.body = deviceCodePage(
            withoutScripts(form),
            error === undefined
              ? undefined
              : 'That code is not one that is being waited for. Compare it with the terminal.',
          );
        },
        userCodeConfirmSource: (ctx, form, client, _deviceInfo, code) => {
          ctx.set({ ...SECURITY_HEADERS });
          ctx.body = deviceConfirmPage(withoutScripts(form), client.clientName ?? client.clientId, code);
        },
        successSource: (ctx) => {
          ctx.set({ ...SECURITY_HEADERS });
          ctx.body = messagePage('You are signed in', 'Return to the terminal. You can close this tab.');
        },
      },
    },
    renderError: (ctx, { error }) => {
      ctx.set({ ...SECURITY_HEADERS });
      ctx.type = 'html';
      ctx.body = messagePage('The sign-in cannot go on', `Return to Countersign and sign in again (${String(error)}).`);
    },
  };
}

/** oidc-provider's form carries an inline handler, which the page's policy would block with a warning. */
function withoutScripts(form: string): string {
  return form.replace(/ onfocus="[^"]*"/, ' aria-label="Code"');
}
