import { CountersignError } from '../errors.ts';
import { type Login } from './login.ts';
import { type Principal } from './principal.ts';
import { type StepUpSettings } from './settings.ts';

/** Where organisation.yaml says nothing: that the person has just signed in again is enough. */
const FRESH_SIGN_IN: StepUpSettings = { acrValues: [], acr: [], amr: [], requireAuthTime: false };

/** Seconds by which two clocks of one provider, or its rounding, may make a fresh sign-in look older. */
const PROVIDER_SLACK_SECONDS = 5;

/**
 * Has the provider state auth_time. Not 0: some take that for no number and refuse (glewlwyd 2.7); and not 1: some compare after
 * the sign-in once more and, when slow, ask twice (LemonLDAP::NG 2.16). That the person is asked rests on `prompt`, and
 * what counts is judged here.
 */
const MAX_AGE_SECONDS = 10;

/**
 * What is asked of the provider (OpenID Connect Core §3.1.2.1). All of it are wishes: a provider may ignore acr_values
 * without an error, and an old one ignores prompt and max_age too.
 */
export function stepUpParameters(
  settings: StepUpSettings = FRESH_SIGN_IN,
  person: Pick<Principal, 'email'>,
): Readonly<Record<string, string>> {
  return {
    prompt: 'login',
    max_age: String(MAX_AGE_SECONDS),
    ...(settings.acrValues.length === 0 ? {} : { acr_values: settings.acrValues.join(' ') }),
    ...(person.email === undefined ? {} : { login_hint: person.email }),
  };
}

export interface StepUpAttempt {
  readonly person: Pick<Principal, 'issuer' | 'subject'>;
  /** Milliseconds since the epoch, on this machine's clock: when the step-up began, and when its answer is judged. */
  readonly startedAt: number;
  readonly now: number;
}

/**
 * Judges the answer to a step-up: the same person, strong enough, and signed in after the step-up began. How long ago that was
 * is measured between two times of the provider's own clock (iat - auth_time), so that no difference to this machine's
 * clock lets an older single sign-on session through. A provider that states no auth_time, or 0, proves by the nonce
 * that the answer is to this request, and `prompt=login` is then believed unless `requireAuthTime` is set.
 *
 * Returns when the person proved who they are: milliseconds since the epoch on this machine's clock, never later than it was.
 * @throws CountersignError `step-up-refused`
 */
export function judgeStepUp(
  login: Pick<Login, 'claims' | 'principal' | 'binding'>,
  { person, startedAt, now }: StepUpAttempt,
  settings: StepUpSettings = FRESH_SIGN_IN,
): number {
  const { claims } = login;
  if (claims.iss !== person.issuer || claims.sub !== person.subject) {
    throw refused(
      `the identity provider answered for ${login.principal.name}`,
      'Confirm as the person who is signed in here, or sign out and sign in as the other one.',
    );
  }
  const { acr, amr } = settings;
  const isStrong =
    (acr.length === 0 && amr.length === 0) ||
    (claims.acr !== undefined && acr.includes(claims.acr)) ||
    (claims.amr ?? []).some((method) => amr.includes(method));
  if (!isStrong) throw refused(tooWeak(login.principal, settings), ASK_PROVIDER);

  const stated = claims.auth_time !== undefined && claims.auth_time > 0 ? claims.auth_time : undefined;
  if (stated === undefined) {
    if (settings.requireAuthTime)
      throw refused('the identity provider does not say when you signed in (auth_time)', ASK_PROVIDER);
    if (login.binding === undefined) {
      throw refused(
        'the identity provider says neither when you signed in (auth_time) nor which request it answers (nonce)',
        'Confirm in a browser on this machine instead of with a device code.',
      );
    }
    return startedAt;
  }
  const age = claims.iat - stated;
  if (age > (now - startedAt) / 1000 + PROVIDER_SLACK_SECONDS) {
    throw refused(
      'the identity provider did not ask you again but answered from an earlier sign-in',
      'Sign out at the identity provider in your browser, then try again.',
    );
  }
  return Math.max(startedAt, now - Math.max(age, 0) * 1000);
}

const ASK_PROVIDER =
  'Try again with your second factor; if it comes back, compare identity.stepUp in organisation.yaml with what the provider sends.';

/** The principal's claims are shown, not the token's: they are cleaned of what could disturb a terminal. */
function tooWeak({ acr, amr }: Principal, wanted: StepUpSettings): string {
  const said = [acr === undefined ? 'no acr' : `acr ${acr}`, amr === undefined ? 'no amr' : `amr ${amr.join(' ')}`];
  const needed = [
    ...(wanted.acr.length === 0 ? [] : [`acr ${wanted.acr.join(' or ')}`]),
    ...(wanted.amr.length === 0 ? [] : [`amr ${wanted.amr.join(' or ')}`]),
  ];
  return `the sign-in was not strong enough: ${said.join(', ')} where ${needed.join(', or ')} is needed`;
}

function refused(why: string, next: string): CountersignError {
  return new CountersignError('step-up-refused', `Your identity was not confirmed: ${why}.`, { next });
}
