import { clientInstanceClaims } from '../device-key.ts';
import { type DeviceSigner } from '../identity.ts';

/** The public half of the key that a login is bound to, as the header that the provider vouched for names it. */
export function deviceKeyOf({ pkToken }: DeviceSigner): { kty: 'OKP'; crv: 'Ed25519'; x: string } {
  const [, byDevice] = pkToken.signatures;
  return clientInstanceClaims.parse(JSON.parse(Buffer.from(byDevice.protected, 'base64url').toString('utf8'))).upk;
}
