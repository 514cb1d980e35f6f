import { CountersignError } from '../../errors.ts';

export function unknownService(name: string, known: Iterable<string>): CountersignError {
  const names = [...known].sort();
  return new CountersignError(
    'service-unknown',
    `The policy in force knows no service named ${JSON.stringify(name)}.`,
    {
      next: names.length === 0 ? 'Name it in policy.yaml under services.' : `It knows: ${names.join(', ')}.`,
    },
  );
}

export const noSource = (name: string): CountersignError =>
  new CountersignError('service-not-set-up', `This profile does not say how to get a token for the service ${name}.`, {
    next: 'Name it under services in organisation.yaml of this machine.',
  });

/** What policy.yaml says of a service, and what organisation.yaml does, cannot both be meant. */
export const contradictory = (name: string, why: string): CountersignError =>
  new CountersignError(
    'service-contradictory',
    `policy.yaml and organisation.yaml differ on the service ${name}: ${why}.`,
    {
      next: 'Change the one that is wrong.',
    },
  );

export const tokenMissing = (name: string, where: string, next: string): CountersignError =>
  new CountersignError('service-token-missing', `There is no token for the service ${name}: ${where}.`, { next });

/** `why` never holds a part of a token. */
export const tokenRefused = (name: string, why: string): CountersignError =>
  new CountersignError('service-token-refused', `The token of the service ${name} was refused: ${why}.`, {
    next: 'Compare issuer, audience and condition in policy.yaml with what the platform documents of its tokens.',
  });

export const keyRefused = (name: string, why: string): CountersignError =>
  new CountersignError('service-key-refused', `The private key of the service ${name} cannot be used: ${why}.`, {
    next: 'Give a private key as JWK or PKCS #8 PEM: Ed25519, P-256, P-384, or RSA of at least 2048 bits.',
  });

export const revoked = (name: string): CountersignError =>
  new CountersignError('service-revoked', `An administrator has revoked the service ${name}.`, {
    next: 'Ask an administrator why; revocations.yaml of the profile names it.',
  });

export const expired = (name: string, why: string): CountersignError =>
  new CountersignError('service-expired', `The session of the service ${name} is over: ${why}.`, {
    next: 'Start the command again; it signs in anew.',
  });

export const unreachable = (name: string, host: string): CountersignError =>
  new CountersignError('service-unreachable', `${host}, which vouches for the service ${name}, does not answer.`, {
    next: 'Check the network of this machine, then try again.',
  });

export const serviceMayNot = (what: string): CountersignError =>
  new CountersignError('service-may-not', `A service may not ${what}.`, { next: 'A person does that, signed in.' });

/** For tokens of a service (signed-token.ts). */
export const refusalsFor = (name: string) => ({
  refused: (why: string) => tokenRefused(name, why),
  unreachable: (host: string) => unreachable(name, host),
});
