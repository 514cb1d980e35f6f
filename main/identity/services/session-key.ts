import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, FlattenedSign, generateKeyPair, type GenerateKeyPairResult } from 'jose';
import { CountersignError } from '../../errors.ts';
import { type ServiceSigner } from '../identity.ts';
import { type SessionId } from '../principal.ts';

/** The key of one session of a service: never written down, gone with the process. */
export interface SessionKey extends Pick<ServiceSigner, 'thumbprint' | 'publicKey' | 'sign'> {
  readonly pair: GenerateKeyPairResult;
}

export async function createSessionKey(): Promise<SessionKey> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const { x } = await exportJWK(pair.publicKey);
  if (x === undefined) throw new CountersignError('service-key-refused', 'No key could be made for the session.');
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x } as const;
  const thumbprint = await calculateJwkThumbprint(publicKey);
  return {
    pair,
    publicKey,
    thumbprint,
    async sign(payload, type) {
      const jws = await new FlattenedSign(payload)
        .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: thumbprint })
        .sign(pair.privateKey);
      return { protected: jws.protected ?? '', payload: jws.payload, signature: jws.signature };
    },
  };
}

const PREFIX = 'service:';

export const newSessionId = (): SessionId => `${PREFIX}${randomUUID()}` as SessionId;

export const isServiceSession = (id: SessionId): boolean => id.startsWith(PREFIX);
