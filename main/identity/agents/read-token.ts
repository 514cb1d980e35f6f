import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';
import { type IdentityContext } from '../context.ts';
import { type DeviceSigner, type People } from '../identity.ts';
import { type IssuerKeys } from '../issuer-keys.ts';
import { type Session, type SessionId } from '../principal.ts';
import { type Clock, CLOCK_TOLERANCE_SECONDS, type ProviderSettings } from '../settings.ts';
import { type SignedToken, verifySignedToken } from '../signed-token.ts';
import { loginEnded, tokenRefused } from './refusals.ts';
import { AGENT_TOKEN_TYPE, loginNamedBy, verifyAgentToken } from './token.ts';

export interface TokenReaderPorts {
  readonly people: Pick<People, 'ensureLive' | 'deviceSigner' | 'people' | 'restore'>;
  readonly context: Pick<IdentityContext, 'agents'>;
  /** Undefined in a local profile. */
  readonly provider: Pick<ProviderSettings, 'issuer' | 'clientId'> | undefined;
  readonly issuers: IssuerKeys;
  readonly clock: Clock;
}

/** What a token says, verified, and the login that it stands on, as it is now. */
export interface ReadToken {
  readonly id: string;
  /** Name of the agent in the policy. */
  readonly agent: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly connections?: readonly string[];
  readonly person: Session;
  /** Of the login: what an agent does is bound to its key, as what the person does is. */
  readonly signer: DeviceSigner;
  /** Who made it: the person, with the key of their login, or the provider, in exchange for another token of theirs. */
  readonly madeBy: 'person' | 'provider';
}

/** Codes by which a person's login is over, as against one that could not be looked at. */
const LOGIN_OVER: ReadonlySet<string> = new Set(['session-expired', 'session-revoked', 'session-ended']);

/** Reads agents' tokens of both kinds. @throws CountersignError `agent-*`, and whatever asking the provider throws */
export function createTokenReader({ people, context, provider, issuers, clock }: TokenReaderPorts) {
  const exchanged = new Map<string, SignedToken>();

  async function standing(id: SessionId): Promise<Pick<ReadToken, 'person' | 'signer'>> {
    const person = await people.ensureLive({ id }).catch((error: unknown) => {
      throw error instanceof CountersignError && LOGIN_OVER.has(error.code) ? loginEnded(error) : error;
    });
    const signer = await people.deviceSigner(person);
    if (signer === undefined) throw tokenRefused('the login that it names has no device key');
    return { person, signer };
  }

  async function readIssued(token: string): Promise<ReadToken> {
    const { person, signer } = await standing(loginNamedBy(token));
    const { sub, act, jti, iat, exp, connections } = await verifyAgentToken(token, signer, clock());
    if (sub !== person.principal.subject) throw tokenRefused('it names somebody else than its login');
    return {
      ...{ id: jti, agent: act.sub, issuedAt: iat * 1000, expiresAt: exp * 1000, person, signer, madeBy: 'person' },
      ...(connections === undefined ? {} : { connections }),
    };
  }

  /**
   * The provider's signature is looked at once in a process: a provider that does not answer ends nothing that runs, and the
   * token ends by its own time.
   */
  async function verified(token: string, { issuer, clientId }: NonNullable<typeof provider>): Promise<SignedToken> {
    const known = exchanged.get(token);
    if (known !== undefined) return known;
    const made = await verifySignedToken(token, issuers, {
      ...{ issuer, audience: clientId, types: EXCHANGED_TYPES, now: clock() },
      refused: tokenRefused,
      unreachable: (host) =>
        new CountersignError('identity-unreachable', `${host}, which made the agent's token, does not answer.`, {
          next: 'Check the network, then try again.',
        }),
    });
    if (exchanged.size >= MOST_REMEMBERED) exchanged.clear();
    exchanged.set(token, made);
    return made;
  }

  async function readExchanged(token: string, { issuer, clientId }: NonNullable<typeof provider>): Promise<ReadToken> {
    const { subject, issuedAt, expiresAt, claims } = await verified(token, { issuer, clientId });
    if (clock() < issuedAt - CLOCK_TOLERANCE_SECONDS * 1000)
      throw tokenRefused("it was issued after this machine's clock says it is");
    const said = actor.safeParse(claims['act']);
    if (!said.success) throw tokenRefused('it does not name exactly one that acts for the person (act)');
    const named = [...context.agents().values()].filter(({ client }) => client === said.data.sub);
    const [agent] = named;
    if (agent === undefined || named.length > 1)
      throw tokenRefused('the policy knows no agent, or more than one, by the client that acts (act)');
    const login = await loginOfPerson(issuer, subject);
    return { id: nameOf(token), agent: agent.name, issuedAt, expiresAt, ...login, madeBy: 'provider' };
  }

  /** The newest login here of whom the provider names. */
  async function loginOfPerson(issuer: string, subject: string): Promise<Pick<ReadToken, 'person' | 'signer'>> {
    const person = (await people.people()).find((known) => known.issuer === issuer && known.subject === subject);
    const login = person && (await people.restore(person.email === undefined ? {} : { email: person.email }));
    if (login?.principal.issuer === issuer && login.principal.subject === subject) return standing(login.id);
    throw loginEnded(new CountersignError('session-ended', 'The person whom the token names is not signed in here.'));
  }

  return {
    read: async (token: string): Promise<ReadToken> =>
      provider !== undefined && looksExchanged(token, provider.issuer)
        ? readExchanged(token, provider)
        : readIssued(token),
  };
}

/** Tokens whose signature is remembered; more than a process ever has at work. */
const MOST_REMEMBERED = 100;

/** RFC 8693 does not say what kind of token comes of an exchange: an access token (RFC 9068), or a JWT of no further kind. */
const EXCHANGED_TYPES = ['jwt', 'at+jwt', 'application/at+jwt'];

/** RFC 8693 §4.1; an actor behind the actor is nobody the policy speaks of. */
const actor = z.object({ sub: z.string().min(1), act: z.undefined().optional() });

/** Only to choose who is to verify it; nothing of it is believed. */
function looksExchanged(token: string, issuer: string): boolean {
  try {
    return decodeProtectedHeader(token).typ !== AGENT_TOKEN_TYPE && decodeJwt(token).iss === issuer;
  } catch {
    return false;
  }
}

/** By what is signed, not by the signature: of some algorithms anybody can make a second good one of it. */
function nameOf(token: string): string {
  return createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')), 'ascii')
    .digest('base64url');
}
