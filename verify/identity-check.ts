import { type CheckedEvent, type EventCheck, type NewEventCheck, type Opened } from './event-check.ts';
import { at, inWords, isObject, type Json } from './json.ts';
import { thumbprintOf } from './jws.ts';
import { CLOCKS_DIFFER, proveLogin, provesSession, type Login } from './login-proof.ts';
import { type Reporter } from './report.ts';
import { METHODS, proveService, sessionKey } from './service-proof.ts';

/** What the person who checks knows of identity providers by another way than this record. */
export interface IdentityTrust {
  /** By issuer: its signature keys (JWK Set) as it published them, and the client id of this program. */
  readonly issuers: Readonly<Record<string, { readonly keys?: readonly unknown[]; readonly client?: string }>>;
}

interface Binding {
  readonly issuer: unknown;
  readonly subject: unknown;
  /** Name of the service; undefined for a person. */
  readonly service: unknown;
  readonly thumbprint: unknown;
  /** Seconds since 1970. */
  readonly until: unknown;
  /** Undefined where the proof does not hold or could not be looked at. */
  readonly login: Login | undefined;
  revoked: string | undefined;
}

interface Session {
  readonly actor: string;
  readonly bind: unknown;
}

const WHY: Readonly<Record<Exclude<Opened, Buffer>, string>> = {
  'no-key': 'no blob key was given',
  erased: 'the proof was erased',
  unreadable: 'the proof cannot be read',
};

/** Events about somebody who need not have been at this machine. */
const ABOUT_OTHERS: ReadonlySet<string> = new Set([
  'key.bind',
  'approval.decision',
  'approval.expired',
  'directory.change',
]);

/** Proves who is behind each event: the login by its provider, the session by the device key, the event by its session. */
export function newIdentityCheck(trust: IdentityTrust = { issuers: {} }): NewEventCheck {
  return (report, logId) => new IdentityCheck(report, logId, trust);
}

class IdentityCheck implements EventCheck {
  readonly #report: Reporter;
  readonly #logId: string;
  readonly #trust: IdentityTrust;
  readonly #bindings = new Map<number, Binding>();
  readonly #sessions = new Map<string, Session>();
  readonly #count = { logins: 0, services: 0, unbound: 0, opaque: 0, sessions: 0, events: 0, local: 0 };
  readonly #not = new Map<string, number>();
  /** Keys of providers that nobody named: `issuer thumbprint`. */
  readonly #issuerKeys = new Set<string>();

  constructor(report: Reporter, logId: string, trust: IdentityTrust) {
    this.#report = report;
    this.#logId = logId;
    this.#trust = trust;
  }

  event(event: CheckedEvent): void {
    const { kind, leaf } = event;
    if (kind === 'key.bind') this.#bind(event);
    if (isObject(leaf.actor)) this.#actor(event, leaf.actor);
    if (kind === 'session.start') this.#session(event);
    else if (kind === 'session.end') this.#sessions.delete(String(leaf.s));
    else if (kind === 'key.revoke') this.#revoke(event);
  }

  end(): void {
    const { logins, services, unbound, opaque, sessions, events, local } = this.#count;
    this.#report.checked('logins', logins, "the identity provider's signature and the device key's");
    this.#report.checked('logins of services', services, "their issuer's signature");
    this.#report.checked('sessions begun with the device key at hand', sessions, "the device key's signature");
    this.#report.checked('events by somebody whose login is in the log', events, 'the binding that they name');
    for (const [why, count] of this.#not)
      this.#report.notChecked(`Who is behind ${count} of the logins of ${this.#logId}: ${why}.`);
    if (unbound > 0)
      this.#report.notChecked(
        `That the keys of ${unbound} sessions of services of ${this.#logId} were theirs: their tokens name no key, and only the program that recorded them says so.`,
      );
    if (opaque > 0)
      this.#report.notChecked(
        `Who is behind ${opaque} sessions of services of ${this.#logId}: their provider gives tokens that only it can read, and only the program that recorded them says what it answered.`,
      );
    if (services + opaque > 0)
      this.#report.notChecked(
        `That these are the tokens of the services that they are recorded as: compare their claims with the conditions of the policy in force.`,
      );
    if (local > 0)
      this.#report.notChecked(
        `Who is behind ${local} events of ${this.#logId}: nobody vouches for an account of the operating system.`,
      );
    for (const key of this.#issuerKeys)
      this.#report.notChecked(
        `That this key is one of the identity provider's: compare with what it publishes: ${key}.`,
      );
  }

  #bind({ leaf, index, where, open }: CheckedEvent): void {
    const bind = isObject(leaf.bind) ? leaf.bind : {};
    const { iss: issuer, sub: subject, thumbprint, until } = bind;
    const service = at(leaf, 'actor', 'service');
    const named = (login: Login | undefined): void =>
      void this.#bindings.set(index, { issuer, subject, service, thumbprint, until, login, revoked: undefined });
    const refuse = (why: string): void => {
      named(undefined);
      this.#report.finding('identity-login', `The login of ${inWords(subject)} is not proven: ${why}.`, where);
    };
    if (at(leaf, 'actor', 'user', 'iss') !== issuer || at(leaf, 'actor', 'user', 'sub') !== subject)
      return refuse('the event is by somebody else');
    const isService = METHODS.has(bind.method);
    if (isService !== (service !== undefined))
      return refuse('it is a service by one half of the event and a person by the other');
    if (isService && bind.method === 'client-credentials' && bind.token === undefined)
      return this.#opaque(bind, named, refuse);
    if (bind.token === undefined || bind.jwks === undefined) return refuse('the event holds no proof');
    const [token, jwks] = [open(bind.token), open(bind.jwks)];
    for (const part of [token, jwks])
      if (typeof part === 'string') {
        this.#not.set(WHY[part], (this.#not.get(WHY[part]) ?? 0) + 1);
        return named(undefined);
      }
    if (typeof token === 'string' || typeof jwks === 'string') return;
    const login = (isService ? proveService : proveLogin)(bind, token, jwks, seconds(leaf));
    if (typeof login === 'string') return refuse(login);
    const distrust = this.#distrust(login, bind);
    if (distrust !== undefined) return refuse(distrust);
    if (isService) {
      this.#count.services++;
      if ('bound' in login && login.bound !== true) this.#count.unbound++;
    } else this.#count.logins++;
    named(login);
  }

  /** A token that only its provider can read proves nothing to anybody else; the session's own key still holds it together. */
  #opaque(bind: Json, named: (login: Login) => void, refuse: (why: string) => void): void {
    const deviceKey = sessionKey(bind);
    if (typeof deviceKey === 'string') return refuse(deviceKey);
    this.#count.opaque++;
    const { iss: issuer, sub: subject, thumbprint } = bind;
    named({
      issuer: String(issuer),
      subject: String(subject),
      thumbprint: String(thumbprint),
      deviceKey,
      issuerKey: '',
    });
  }

  /** Why the provider that signed is not the one the person who checks knows. */
  #distrust({ issuer, issuerKey }: Login, { aud, method }: Json): string | undefined {
    const known = Object.hasOwn(this.#trust.issuers, issuer) ? this.#trust.issuers[issuer] : undefined;
    if (known?.keys === undefined) this.#issuerKeys.add(`${issuer} ${issuerKey}`);
    else if (!known.keys.some((key) => thumbprintOf(key) === issuerKey))
      return 'its provider signed with a key that you did not name as its own';
    // A service is a client of its own, or none.
    if (METHODS.has(method)) return undefined;
    return known?.client === undefined || known.client === aud ? undefined : 'the token was issued for another program';
  }

  #actor({ leaf, kind, where }: CheckedEvent, actor: Json): void {
    const { bind } = actor;
    const { iss, sub, verified } = isObject(actor.user) ? actor.user : {};
    const session = typeof leaf.s === 'string' && kind !== 'session.start' ? this.#sessions.get(leaf.s) : undefined;
    if (session !== undefined && (session.actor !== nameOf(actor) || session.bind !== bind))
      this.#report.finding('identity-actor', 'It is by somebody else than whose session it is in.', where);
    if (bind === undefined) {
      if (verified !== true) this.#count.local++;
      else if (!ABOUT_OTHERS.has(kind))
        this.#report.finding(
          'identity-unbound',
          `It says that ${inWords(sub)} was verified, and names no login that proves it.`,
          where,
        );
      return;
    }
    const binding = typeof bind === 'number' ? this.#bindings.get(bind) : undefined;
    if (binding === undefined)
      return this.#report.finding('identity-actor', 'It names a login that is not in the log before it.', where);
    if (binding.issuer !== iss || binding.subject !== sub || binding.service !== actor.service)
      return this.#report.finding(
        'identity-actor',
        `It is by ${inWords(sub)}, and the login that it names is not.`,
        where,
      );
    if (binding.revoked !== undefined && kind !== 'key.revoke')
      return this.#report.finding('identity-revoked', `The login that it names was over: ${binding.revoked}.`, where);
    if (typeof binding.until === 'number' && seconds(leaf) > binding.until + CLOCKS_DIFFER && kind !== 'key.revoke')
      return this.#report.finding('identity-expired', 'The login that it names had ended by its own time.', where);
    this.#count.events++;
  }

  #session({ leaf, where }: CheckedEvent): void {
    const actor = isObject(leaf.actor) ? leaf.actor : {};
    const { bind } = actor;
    this.#sessions.set(String(leaf.s), { actor: nameOf(actor), bind });
    const binding = typeof bind === 'number' ? this.#bindings.get(bind) : undefined;
    if (binding === undefined) return;
    if (at(leaf, 'dev', 'id') !== binding.thumbprint)
      this.#report.finding('identity-proof', 'It was begun on another device than the login is bound to.', where);
    if (leaf.proof === undefined)
      this.#report.finding('identity-proof', 'Nothing shows that the device key was at hand.', where);
    else if (binding.login !== undefined) {
      if (provesSession(leaf.proof, binding.login, this.#logId, leaf.s)) this.#count.sessions++;
      else this.#report.finding('identity-proof', 'The device key did not sign that this session begins.', where);
    }
  }

  #revoke({ leaf, where }: CheckedEvent): void {
    const bind = at(leaf, 'actor', 'bind');
    const binding = typeof bind === 'number' ? this.#bindings.get(bind) : undefined;
    if (binding === undefined || at(leaf, 'bind', 'thumbprint') !== binding.thumbprint)
      this.#report.finding('identity-actor', 'It ends a login that it does not name.', where);
    else
      // The key counts no more, whoever else it was bound for: agents act by the key of the person.
      for (const other of this.#bindings.values())
        if (other.thumbprint === binding.thumbprint && other.issuer === binding.issuer)
          other.revoked = inWords(at(leaf, 'why', 'reason') ?? 'revoked');
  }
}

const seconds = ({ t }: Json): number => (typeof t === 'number' ? t / 1_000_000 : Infinity);
const nameOf = (actor: Json): string =>
  JSON.stringify([
    ...[at(actor, 'user', 'iss'), at(actor, 'user', 'sub'), actor.service],
    ...[at(actor, 'agent', 'id'), at(actor, 'agent', 'instance')],
  ]);
