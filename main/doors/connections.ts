import { type ConnectionView } from '../../shared/views.ts';
import { askPolicy } from '../gate/decide-access.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';
import { type Connection } from '../profile/types.ts';

/** The connections that policy gives this person anything on; the others are not shown at all. */
export function visibleConnections(installation: Installation, session: Session): readonly ConnectionView[] {
  return installation.inForce().connections.flatMap((connection) => {
    const reads = mayDo(installation, session, connection, 'select');
    const writes = mayDo(installation, session, connection, 'update');
    return reads || writes ? [connectionView(installation, session, connection, writes)] : [];
  });
}

function connectionView(
  installation: Installation,
  session: Session,
  connection: Connection,
  writes: boolean,
): ConnectionView {
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
  };
}

/** Asked about a relation nobody names: what a rule about one table gives is not a right on the connection. */
function mayDo(
  installation: Installation,
  session: Session,
  connection: Connection,
  action: 'select' | 'update',
): boolean {
  const { policy } = installation.inForce();
  const answer = askPolicy(
    { principal: session.principal, connection, policy, grants: [], now: new Date() },
    action,
    'none',
  );
  return answer.effect === 'allow' && (action === 'select' || answer.obligations.approvals.length === 0);
}
