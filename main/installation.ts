import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Grants } from './approvals/grants.ts';
import { type AuditLog, type Device } from './audit/index.ts';
import { openSecretStore, type Protector, resolveSecret, type SecretStore } from './credentials/index.ts';
import { type CountersignError } from './errors.ts';
import { type Gate } from './gate/gate.ts';
import { type InForce, inForce } from './gate/in-force.ts';
import { watchLiveness } from './gate/liveness.ts';
import { openGate, type OpenGate } from './gate/open.ts';
import { inForceId, policyLoadOf } from './gate/record-policy.ts';
import { type Origin } from './gate/request.ts';
import { openGranting } from './granting.ts';
import { identitySource, knownPeople, serviceSources } from './identity-context.ts';
import { createIdentity, type Identity, type IdentityContext } from './identity/index.ts';
import { ownKey } from './own-keys.ts';
import { loadProfile, type Profile } from './profile/load.ts';
import { watchPolicy } from './profile/watch.ts';
import { openRecording, type Recording } from './recording.ts';
import { timeHere } from './time-here.ts';
import { VERSION } from './version.ts';

/**
 * One opened profile with everything that stands on it, put together once for every door. It connects rooms and holds
 * no rule of its own.
 */
export interface Installation {
  readonly home: string;
  readonly profile: () => Profile;
  readonly inForce: () => InForce;
  readonly identity: Identity;
  /** What identity knows of the profile: agents, services, revocations, directory. */
  readonly people: IdentityContext;
  readonly grants: Grants;
  readonly secrets: SecretStore;
  readonly recording: Recording;
  readonly audit: AuditLog;
  readonly gate: Gate;
  readonly isOpen: OpenGate['isOpen'];
  readonly roleOf: OpenGate['roleOf'];
  readonly examine: OpenGate['examine'];
  readonly actorOf: OpenGate['actorOf'];
  /** Why a changed file is not in force, or undefined. */
  readonly trouble: () => string | undefined;
  /** Reads the profile's files again now, instead of within a second. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** @throws CountersignError when the profile is not good, its secrets cannot be had, or nothing can be recorded */
export async function openInstallation(
  home: string,
  origin: Origin,
  options: { readonly protector?: Protector } = {},
): Promise<Installation> {
  let profile = await loadProfile(home);
  let current = inForce(profile);
  let trouble: string | undefined;
  const secrets = await openSecretStore(profile.organisation.secrets, home, options);
  const app: Device = { app: `countersign-${origin}`, version: VERSION, os: process.platform };
  const tokenKey = await ownKey(home, secrets, TOKEN_KEY, () => randomBytes(32));
  const recording = await openRecording(home, profile.organisation.record, secrets, app);
  const { audit, anchors } = recording;
  let told: string | undefined;
  const people = knownPeople(profile);
  /** What happened to logins and is on its way into the record: a command that ends at once still waits for it. */
  const underway = new Set<Promise<void>>();

  const identity = createIdentity({
    organisation: {
      ...profile.organisation,
      identity: identitySource(profile.organisation, secrets, home),
      services: serviceSources(profile.organisation.services, secrets, home),
    },
    secrets,
    profileDirectory: home,
    context: people.context,
    onEvent: (event) => {
      const recorded = opened.recordIdentity(event);
      underway.add(recorded);
      return recorded.finally(() => underway.delete(recorded));
    },
  });
  const grants = openGranting({
    home,
    organisation: () => profile.organisation,
    inForce: () => current,
    profileKey: tokenKey,
    revocations: people.context.revocations,
    identity,
    audit,
    actorOf: (session) => opened.actorOf(session),
  });
  const opened = openGate({
    audit,
    elsewhere: anchors,
    identity,
    inForce: () => current,
    passwordOf: async ({ password }) =>
      password === undefined ? undefined : resolveSecret(password, { store: secrets, profileDirectory: home }),
    tokenKey,
    grants,
    budgetsFile: join(home, 'budgets.db'),
    usageFile: join(home, 'usage.db'),
    resultsDirectory: join(home, 'results', String(process.pid)),
    app,
    origin,
  });

  grants.onEnd(({ id }) => void opened.grantEnded(id).catch(() => undefined));
  const liveness = watchLiveness({
    sessionsInUse: opened.sessionsInUse,
    stands: async (session) => void (await identity.ensureLive(session)),
    confirm: identity.confirm,
    end: opened.endSession,
    checkSeconds: () => profile.organisation.session.checkSeconds,
    now: timeHere(Date.now, () => performance.now()).now,
  });

  /** Tells the log what is in force, unless it is the last that this log was told: each log is judged by itself. */
  async function announce(): Promise<void> {
    const news = `${audit.id} ${inForceId(current)}`;
    if (told === news) return;
    told = news;
    await audit.append(policyLoadOf(current));
  }

  /** Uses a profile from now on; recorded where it is another policy, or the files had been wrong. */
  async function take(next: Profile): Promise<void> {
    profile = next;
    current = inForce(next);
    const refused = people.take(next);
    if (trouble !== undefined) told = undefined;
    trouble = refused === undefined ? undefined : sentencesOf(refused);
    // Whoever counts no more ends now, not at the next look; so does what the policy takes away while it runs.
    void opened.policyChanged().catch(() => undefined);
    void liveness.look().catch(() => undefined);
    await announce();
  }

  /** The last good profile stays in force; window and record say why. */
  async function refuse(error: CountersignError): Promise<void> {
    trouble = sentencesOf(error);
    const [what = ''] = error.message.split('\n');
    await audit.append({ k: 'config.change', change: { what: `refused, the last good files stay in force: ${what}` } });
  }

  try {
    await take(profile);
  } catch (error) {
    liveness.close();
    await grants.close();
    await recording.close();
    throw error;
  }
  // Another log takes over where this one was found to go on elsewhere.
  audit.onState(() => void announce().catch(() => undefined));
  const watch = watchPolicy(home, (change) => {
    const taken = change.kind === 'changed' ? take(change.profile) : refuse(change.error);
    // What the record cannot take is shown as its own trouble.
    taken.catch(() => undefined);
  });

  return {
    home,
    profile: () => profile,
    inForce: () => current,
    identity,
    people: people.context,
    grants,
    secrets,
    recording,
    audit,
    gate: opened.gate,
    isOpen: opened.isOpen,
    roleOf: opened.roleOf,
    examine: opened.examine,
    actorOf: opened.actorOf,
    trouble: () => trouble,
    reload: async () => take(await loadProfile(home)),
    async close() {
      watch.close();
      liveness.close();
      try {
        await Promise.allSettled(underway);
        await opened.close();
        await grants.close();
      } finally {
        await recording.close();
      }
    },
  };
}

const sentencesOf = ({ message, next }: CountersignError): string =>
  next === undefined ? message : `${message}\n${next}`;

/** Name of the secret that tokens of scope `tenant` are made with: the same on every machine where they are to be equal. */
const TOKEN_KEY = 'mask-token-key';
