import { createDeviceKey, nonceOf, signWithDeviceKey } from '../../identity/device-key.ts';
import { type DeviceSigner } from '../../identity/identity.ts';
import { makePkToken } from '../../identity/pk-token.ts';
import { type Principal, type Session, type SessionId } from '../../identity/principal.ts';
import { createIssuerKey, type IssuerKey } from '../../identity/testing/issuer.ts';

/** Somebody who is signed in at a provider made up for a test, with the device key of that login. */
export interface SignedIn {
  readonly session: Session;
  readonly signer: DeviceSigner;
}

export interface Provider {
  readonly issuer: string;
  readonly clientId: string;
  readonly key: IssuerKey;
  /** @param at ms since 1970 */
  signIn(subject: string, at: number, change?: Partial<Principal> & { readonly claims?: object }): Promise<SignedIn>;
}

export async function makeProvider(issuer = 'https://id.example', clientId = 'desktop'): Promise<Provider> {
  const key = await createIssuerKey('k1');
  return {
    ...{ issuer, clientId, key },
    async signIn(subject, at, { claims = {}, ...change } = {}) {
      const device = await createDeviceKey();
      const seconds = Math.floor(at / 1000);
      const { groups = ['analysts'] } = change;
      const idToken = await key.sign({
        ...{ iss: issuer, sub: subject, aud: clientId, iat: seconds, exp: seconds + 600 },
        ...{ nonce: nonceOf(device.protectedHeader), name: `${subject} of shop`, email: `${subject}@shop.example` },
        ...(groups === 'unknown' ? {} : { groups }),
        ...claims,
      });
      return {
        session: {
          id: `${subject} ${device.thumbprint}` as SessionId,
          expiresAt: new Date(at + 12 * 3_600_000).toISOString(),
          principal: {
            ...{
              issuer,
              subject,
              name: `${subject} of shop`,
              email: `${subject}@shop.example`,
              groups,
              verified: true,
            },
            ...{ device: device.thumbprint, authenticatedAt: new Date(at).toISOString() },
            ...change,
          },
        },
        signer: {
          thumbprint: device.thumbprint,
          pkToken: makePkToken(idToken, device),
          issuerKeys: { keys: [key.publicJwk] },
          sign: (payload, type) => signWithDeviceKey(device, payload, type),
        },
      };
    },
  };
}

export const accountOf = (subject = '1000'): Session => ({
  id: `account ${subject}` as SessionId,
  expiresAt: '2100-01-01T00:00:00.000Z',
  principal: {
    ...{ issuer: 'local:machine', subject, name: 'ana', groups: [], verified: false },
    authenticatedAt: '2026-03-02T10:00:00.000Z',
  },
});
