import { type GrantOfferView, type GrantsView, type GrantView } from '../../shared/views.ts';
import { type Grant, type Grants } from '../approvals/grants.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';
import { isAdministrator } from './standing.ts';

type Asked = Pick<Installation, 'grants' | 'profile'>;

/** What a person holds and may take; administrators see what everybody holds. The same for window and command line. */
export async function grantsView(installation: Asked, session: Session): Promise<GrantsView> {
  const { grants } = installation;
  const inForce = await grants.list(isAdministrator(installation, session) ? undefined : session);
  return {
    inForce: inForce.map((grant) => grantView(grant, session)),
    offers: grants.offers(session).map(offerView),
  };
}

export function grantView(
  { id, name, person, connection, reason, from, until }: Grant,
  { principal }: Session,
): GrantView {
  return {
    ...{ id, name, connection, from, until },
    person: person.email ?? person.name,
    mine: person.issuer === principal.issuer && person.subject === principal.subject,
    reason: reason ?? null,
  };
}

function offerView(offer: ReturnType<Grants['offers']>[number]): GrantOfferView {
  const { name, text, connections, maxMinutes, reason, stepUpMinutes, approval, alert } = offer;
  return {
    ...{ name, connections, maxMinutes, reason, alert },
    text: text ?? null,
    stepUp: stepUpMinutes !== undefined,
    approval: approval ?? null,
  };
}
