import { CountersignError } from '../../errors.ts';
import { type GrantOfferView, type GrantView } from '../../../shared/views.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { formatTable } from '../format/rows.ts';
import { grantsView, grantView } from '../grant-views.ts';
import { requireAdministrator } from '../standing.ts';
import { type CliIo, DONE, type ExitCode, tell, write } from './io.ts';
import { askerOf, withInstallation } from './signed-in.ts';

interface Asked {
  readonly as?: string;
  readonly json?: boolean;
}

/** `countersign grant list`: what is in force, one's own or everybody's. */
export async function grantList(
  io: CliIo,
  home: string,
  options: Asked & { readonly all?: boolean },
): Promise<ExitCode> {
  return asPerson(io, home, options, async (installation, session) => {
    if (options.all === true) requireAdministrator(installation, session, 'see the grants of others');
    const { inForce } = await grantsView(installation, session);
    const shown = options.all === true ? inForce : inForce.filter(({ mine }) => mine);
    if (options.json === true) return write(io.stdout, `${JSON.stringify(shown)}\n`);
    if (shown.length === 0) return tell(io, 'No grant is in force.\n');
    await write(io.stdout, grantTable(shown, options.all === true, Date.now()));
  });
}

/** `countersign grant offers`: what could be taken, and what it takes. */
export async function grantOffers(io: CliIo, home: string, options: Asked): Promise<ExitCode> {
  return asPerson(io, home, options, async (installation, session) => {
    const { offers } = await grantsView(installation, session);
    if (options.json === true) return write(io.stdout, `${JSON.stringify(offers)}\n`);
    if (offers.length === 0) return tell(io, 'The policy offers you no grant.\n');
    await write(io.stdout, offerTable(offers));
  });
}

export interface TakeOptions extends Asked {
  readonly reason?: string;
  readonly minutes?: number;
}

/** `countersign grant take NAME CONNECTION` */
export async function grantTake(
  io: CliIo,
  home: string,
  grant: string,
  connection: string,
  { reason, minutes, ...options }: TakeOptions,
): Promise<ExitCode> {
  return asPerson(io, home, options, async (installation, session) => {
    const taken = grantView(
      await installation.grants.take(session, {
        ...{ grant, connection },
        ...(reason === undefined ? {} : { reason }),
        ...(minutes === undefined ? {} : { minutes }),
      }),
      session,
    );
    if (options.json === true) return write(io.stdout, `${JSON.stringify(taken)}\n`);
    await write(io.stdout, `${taken.id}\n`);
    tell(io, `You hold ${taken.name} for ${taken.connection} until ${untilWords(taken, Date.now())}.\n`);
  });
}

/** `countersign grant end ID`: the id, or its beginning where that is enough. */
export async function grantEnd(
  io: CliIo,
  home: string,
  id: string,
  { why, ...options }: Asked & { readonly why?: string },
): Promise<ExitCode> {
  return asPerson(io, home, options, async (installation, session) => {
    const { inForce } = await grantsView(installation, session);
    const { name, connection, person, mine, id: whole } = theOne(inForce, id);
    await installation.grants.end(session, whole, why ?? 'ended by hand');
    if (options.json === true) return write(io.stdout, `${JSON.stringify({ id: whole, ended: true })}\n`);
    tell(io, `${name} for ${connection}${mine ? '' : ` of ${person}`} is ended.\n`);
  });
}

/** Characters of an id that stand for the whole where they are of one grant only. */
const SHORTEST = 8;

/** @throws CountersignError `grant-not-found`, `grant-ambiguous` */
export function theOne(grants: readonly GrantView[], id: string): GrantView {
  const [one, another] = id.length < SHORTEST ? [] : grants.filter((grant) => grant.id.startsWith(id.toLowerCase()));
  if (one === undefined)
    throw new CountersignError('grant-not-found', 'No grant of that id is in force.', {
      next: `See which are: countersign grant list. The first ${String(SHORTEST)} characters of an id are enough.`,
    });
  if (another !== undefined)
    throw new CountersignError('grant-ambiguous', 'Several grants have an id that begins so.', {
      next: 'Give more of it.',
    });
  return one;
}

async function asPerson(
  io: CliIo,
  home: string,
  options: Asked,
  work: (installation: Installation, session: Session) => Promise<void> | void,
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const asker = await askerOf(installation, options.as === undefined ? {} : { as: options.as }, io);
    await work(installation, await installation.identity.ensureLive(asker));
    return DONE;
  });
}

const column = (name: string) => ({ name, numeric: false });

function grantTable(grants: readonly GrantView[], everybody: boolean, now: number): string {
  const names = ['id', 'grant', 'connection', 'until', 'reason', ...(everybody ? ['person'] : [])];
  const rows = grants.map((grant) => [
    grant.id.slice(0, 2 * SHORTEST),
    grant.name,
    grant.connection,
    untilWords(grant, now),
    grant.reason ?? '',
    ...(everybody ? [grant.person] : []),
  ]);
  return formatTable(names.map(column), rows);
}

function offerTable(offers: readonly GrantOfferView[]): string {
  const rows = offers.map((offer) => [
    offer.name,
    offer.connections.join(', '),
    `${String(offer.maxMinutes)} min`,
    needsWords(offer),
    offer.text ?? '',
  ]);
  return formatTable(['grant', 'connections', 'longest', 'needs', 'for'].map(column), rows);
}

function needsWords({ reason, stepUp, approval, alert }: GrantOfferView): string {
  const needs = [
    ...(approval === null ? [] : [`approval of ${approval}`]),
    ...(reason ? ['a reason'] : []),
    ...(stepUp ? ['a fresh proof of who you are'] : []),
    ...(alert.length === 0 ? [] : [`${alert.join(', ')} will be told`]),
  ];
  return needs.length === 0 ? 'nothing' : needs.join('; ');
}

/** `2026-03-02T11:00:00.000Z (29 min left)` */
export function untilWords({ until }: Pick<GrantView, 'until'>, now: number): string {
  const minutes = Math.floor((Date.parse(until) - now) / 60_000);
  return `${until} (${minutes < 1 ? 'less than a minute' : `${String(minutes)} min`} left)`;
}
