import {
  type ConnectionDetail,
  type ConnectionView,
  type ExaminationView,
  type SecondLineageView,
} from '../../shared/views.ts';
import { CountersignError } from '../errors.ts';
import { askPolicy } from '../gate/decide-access.ts';
import { isFor } from '../gate/judge.ts';
import { refuses } from '../gate/role/doctor.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';
import { type Connection } from '../profile/types.ts';

/** The connections that policy, with the grants in force, gives this person anything on; the others are not shown at all. */
export async function visibleConnections(
  installation: Installation,
  session: Session,
): Promise<readonly ConnectionView[]> {
  const views = installation.inForce().connections.map(async (connection) => {
    if (!isFor(session, connection)) return [];
    const grants = await grantsOn(installation, session, connection);
    const reads = mayDo(installation, session, connection, grants, 'select');
    const writes = mayDo(installation, session, connection, grants, 'update');
    return reads || writes ? [connectionView(installation, session, connection, writes)] : [];
  });
  return (await Promise.all(views)).flat();
}

/** Names of the grants in force; none where the hub cannot say, as for a statement. */
async function grantsOn({ grants }: Installation, session: Session, { name }: Connection): Promise<readonly string[]> {
  const inForce = await grants.inForce(session, name).catch(() => []);
  return inForce.map((grant) => grant.name);
}

function connectionView(
  installation: Installation,
  session: Session,
  connection: Connection,
  writes: boolean,
): ConnectionView {
  const role = installation.roleOf(connection);
  return {
    name: connection.name,
    title: connection.title,
    engine: connection.engine,
    environment: connection.environment,
    database: connection.database,
    team: connection.team ?? null,
    access: writes ? 'read-write' : 'read-only',
    // A stored password can be used without the gate; brokered credentials and gateways are what binds.
    strength: 'advisory',
    state: installation.isOpen(session, connection.name) ? 'open' : 'closed',
    weaknesses: role?.weaknesses ?? null,
    secondLineage: role?.secondLineage ?? null,
  };
}

/** The connection with what its server says of its role, connecting for it. @throws CountersignError why it could not be said */
export async function connectionDetail(
  installation: Installation,
  session: Session,
  name: string,
  signal: AbortSignal,
): Promise<ConnectionDetail> {
  const connection = installation.inForce().connection(name);
  const { findings } = await installation.examine(session, connection, signal);
  const role = installation.roleOf(connection);
  if (role === undefined) {
    const [refusing] = findings.filter(({ level }) => level === 'refuses');
    throw new CountersignError(
      refusing?.code ?? 'role-unknown',
      refusing?.sentence ?? 'The role could not be looked at.',
      {
        next: refusing?.mend[0] ?? `See: countersign connections doctor ${name}`,
      },
    );
  }
  return {
    connection: connectionView(
      installation,
      session,
      connection,
      mayDo(installation, session, connection, await grantsOn(installation, session, connection), 'update'),
    ),
    host: connection.host,
    port: connection.port,
    role: role.facts.role,
    searchPath: connection.searchPath,
    weaknesses: role.weaknesses,
    secondLineage: role.secondLineage,
    because: connection.accept?.because ?? null,
  };
}

/** Null until somebody has connected. */
export function secondLineageOf(installation: Installation, name: string): SecondLineageView | null {
  return installation.roleOf(installation.inForce().connection(name))?.secondLineage ?? null;
}

/** The doctor's checklist. */
export async function examineConnection(
  installation: Installation,
  session: Session,
  name: string,
  signal: AbortSignal,
): Promise<ExaminationView> {
  const connection = installation.inForce().connection(name);
  const examination = await installation.examine(session, connection, signal);
  return {
    connection: name,
    title: connection.title,
    usable: !refuses(examination),
    findings: examination.findings,
    secondLineage: examination.secondLineage ?? null,
  };
}

/** Asked about a relation nobody names: what a rule about one table gives is not a right on the connection. */
function mayDo(
  installation: Installation,
  session: Session,
  connection: Connection,
  grants: readonly string[],
  action: 'select' | 'update',
): boolean {
  const { policy } = installation.inForce();
  const answer = askPolicy(
    { principal: session.principal, connection, policy, grants, now: new Date() },
    action,
    'none',
  );
  return answer.effect === 'allow' && (action === 'select' || answer.obligations.approvals.length === 0);
}
