import { CountersignError } from '../errors.ts';
import { type Revocations } from './context.ts';
import { type Principal } from './principal.ts';

/**
 * Why a person counts no more although their login does: revocations.yaml names them, by e-mail address or by issuer and
 * subject, or names a device key that the login has or had. Undefined where it does not.
 */
export function revocationOf(
  { issuer, subject, email, device }: Pick<Principal, 'issuer' | 'subject' | 'email' | 'device'>,
  { people, devices }: Pick<Revocations, 'people' | 'devices'>,
  formerDevices: readonly string[] = [],
): CountersignError | undefined {
  if (people.has(`${issuer} ${subject}`) || (email !== undefined && people.has(email.toLowerCase())))
    return revoked('an administrator took away your access', 'Ask your administrator.');
  if ([...formerDevices, ...(device === undefined ? [] : [device])].some((key) => devices.has(key)))
    return revoked(
      'an administrator took away the access of this device key',
      'Sign in again to get a new key, or ask your administrator.',
    );
  return undefined;
}

/** The provider, or an administrator, says that a login counts no more. */
export function revoked(
  why: string,
  next = 'Sign in again, or ask your administrator whether your account is still active.',
): CountersignError {
  return new CountersignError('session-revoked', `Your sign-in was ended: ${why}.`, { next });
}
