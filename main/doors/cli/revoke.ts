import { CountersignError } from '../../errors.ts';
import { reasonIn } from '../../approvals/reason.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { loadProfile } from '../../profile/load.ts';
import { addRevocation, REVOCABLE, type Revocable } from '../../profile/revocations-file.ts';
import { formatTable } from '../format/rows.ts';
import { grantsView } from '../grant-views.ts';
import { isAdministrator } from '../standing.ts';
import { theOne } from './grant.ts';
import { type CliIo, DONE, type ExitCode, tell, write } from './io.ts';
import { askerOf, withInstallation } from './signed-in.ts';

export interface RevokeOptions {
  readonly reason?: string;
  readonly list?: boolean;
  readonly as?: string;
  readonly json?: boolean;
}

/** `countersign revoke KIND ID --reason R`: from now on it counts no more, also for what runs. `--list`: what counts no more. */
export async function revoke(
  io: CliIo,
  home: string,
  kind: string | undefined,
  id: string | undefined,
  options: RevokeOptions,
): Promise<ExitCode> {
  if (options.list === true) return revocationList(io, home, options);
  if (kind === undefined || id === undefined || !isRevocable(kind))
    throw new CountersignError('revocation-incomplete', 'It must be said what is revoked.', {
      next: `countersign revoke ${REVOCABLE.join('|')} ID --reason TEXT, or countersign revoke --list`,
    });
  const reason = reasonIn(options.reason)?.slice(0, 500).toWellFormed();
  if (reason === undefined)
    throw new CountersignError('reason-needed', 'A revocation needs a reason.', {
      next: 'Say in a few words why: --reason TEXT. It is recorded, and stands in revocations.yaml.',
    });
  return withInstallation(home, async (installation) => {
    const asker = await askerOf(installation, options.as === undefined ? {} : { as: options.as }, io);
    const session = await installation.identity.ensureLive(asker);
    const named = await namedBy(installation, session, kind, id.trim());
    if (!isAdministrator(installation, session) && !(await isOwn(installation, session, kind, named)))
      throw mayNot(installation);
    // The record first: what nobody recorded is not changed.
    await installation.audit.append({
      k: 'config.change',
      actor: await installation.actorOf(session),
      change: { what: `${kind} revoked`, to: named },
      why: { reason },
    });
    await addRevocation(home, { kind, id: named, reason });
    await installation.reload();
    if (options.json === true) await write(io.stdout, `${JSON.stringify({ kind, id: named, reason })}\n`);
    else tell(io, `The ${kind} ${named} counts no more. To undo it, take its line out of revocations.yaml.\n`);
    return DONE;
  });
}

async function revocationList(io: CliIo, home: string, { json }: RevokeOptions): Promise<ExitCode> {
  const { revocations } = await loadProfile(home);
  if (json === true) await write(io.stdout, `${JSON.stringify(revocations)}\n`);
  else if (revocations.length === 0) tell(io, 'Nothing is revoked.\n');
  else {
    const rows = revocations.map(({ kind, id, reason }) => [kind, id, reason ?? '']);
    await write(
      io.stdout,
      formatTable(
        ['what', 'id', 'reason'].map((name) => ({ name, numeric: false })),
        rows,
      ),
    );
  }
  return DONE;
}

const isRevocable = (kind: string): kind is Revocable => REVOCABLE.some((one) => one === kind);

/** What the id means; a name that nothing has is a slip, and revokes nothing. @throws CountersignError `revocation-unknown`, `grant-*` */
async function namedBy(installation: Installation, session: Session, kind: Revocable, id: string): Promise<string> {
  const { policy } = installation.inForce();
  switch (kind) {
    case 'agent':
      return among(kind, id, [...policy.agents.keys()]);
    case 'service':
      return among(kind, id, [...policy.services.keys()]);
    case 'person':
      if (/^\S+@\S+$/u.test(id)) return id.toLowerCase();
      if (/^\S+ \S+$/u.test(id)) return id;
      throw unknown(kind, 'Give the e-mail address, or issuer and subject in quotes.');
    case 'device':
      if (/^[A-Za-z0-9_-]{43}$/.test(id)) return id;
      throw unknown(
        kind,
        'Give the thumbprint of the device key (RFC 7638), 43 characters: countersign activity --kind key.bind',
      );
    case 'token':
      if (/^[\w-]{8,100}$/.test(id)) return id;
      throw unknown(kind, 'Give the id of the token, never the token: countersign agent list');
    case 'grant':
      if (/^[0-9a-f]{64}$/.test(id)) return id;
      return theOne((await grantsView(installation, session)).inForce, id).id;
  }
}

function among(kind: Revocable, id: string, names: readonly string[]): string {
  if (names.includes(id)) return id;
  throw unknown(kind, names.length === 0 ? `The policy names no ${kind}.` : `The policy names ${names.join(', ')}.`);
}

const unknown = (kind: Revocable, next: string): CountersignError =>
  new CountersignError('revocation-unknown', `That is no ${kind} that could be revoked.`, { next });

/** One's own device, token or grant is one's own to end; an agent or a service has none. */
async function isOwn(
  { identity, grants }: Installation,
  session: Session,
  kind: Revocable,
  id: string,
): Promise<boolean> {
  const { agent, service, device } = session.principal;
  if (agent !== undefined || service !== undefined) return false;
  if (kind === 'device') return device === id || (await identity.logins(session)).some((login) => login.device === id);
  if (kind === 'token') return (await identity.agentTokens(session)).some((token) => token.id === id);
  return kind === 'grant' && (await grants.list(session)).some((grant) => grant.id === id);
}

function mayNot(installation: Installation): CountersignError {
  const { administrators } = installation.profile().organisation;
  return new CountersignError(
    'not-an-administrator',
    "Only administrators may revoke what is not a device, token or grant of one's own.",
    {
      next:
        administrators.length === 0
          ? 'Nobody is one: organisation.yaml names their groups (administrators).'
          : `Ask somebody in ${administrators.join(', ')}.`,
    },
  );
}
