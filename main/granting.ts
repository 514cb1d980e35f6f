import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { createGrants, type GrantsPorts } from './approvals/create-grants.ts';
import { type Grants, type GrantTerms } from './approvals/grants.ts';
import { createSqliteHub } from './approvals/hub-sqlite.ts';
import { type Vouching } from './approvals/signed-event.ts';
import { recordedGrants } from './audit/recorded-grants.ts';
import { askerOf } from './gate/asker.ts';
import { type InForce } from './gate/in-force.ts';
import { groupsIn } from './identity/claims.ts';
import { createJwksArchive } from './identity/jwks-archive.ts';
import { grantTerms, mayTake } from './policy/grants.ts';
import { isAdministrator } from './profile/standing.ts';
import { type Organisation } from './profile/types.ts';
import { auditDirectory } from './recording.ts';

export interface GrantingPorts extends Pick<GrantsPorts, 'identity' | 'audit' | 'actorOf' | 'revocations'> {
  readonly home: string;
  readonly organisation: () => Organisation;
  readonly inForce: () => InForce;
  /** 32 bytes of this profile. */
  readonly profileKey: Uint8Array;
}

/** Grants of a profile: over its own hub, by the policy in force, compared with its own record. */
export function openGranting(ports: GrantingPorts): Grants {
  const { home, organisation, inForce, profileKey } = ports;
  const hub = createSqliteHub(join(home, 'approvals.db'));
  const grants = createGrants({
    hub,
    vouching: vouchingOf(organisation(), home),
    key: createHmac('sha256', profileKey).update('countersign grants v1').digest(),
    terms: () => termsOf(inForce()),
    policy: () => inForce().policy.hash,
    connections: () => inForce().connections.map(({ name }) => name),
    revocations: ports.revocations,
    administrator: (who) => isAdministrator(organisation(), who),
    recorded: (since) => recordedGrants(auditDirectory(home), since),
    identity: ports.identity,
    audit: ports.audit,
    actorOf: ports.actorOf,
    now: () => new Date(),
  });
  return {
    ...grants,
    // Where the policy has no grants, nothing that stands in the hub could be one.
    inForce: (session, connection) =>
      inForce().policy.grants.size === 0 ? Promise.resolve([]) : grants.inForce(session, connection),
    async close() {
      await grants.close();
      await hub.close();
    },
  };
}

function vouchingOf({ identity, session }: Organisation, home: string): Vouching {
  if (identity.kind === 'os-account') return { kind: 'os-account' };
  const { issuer, clientId, groupsClaim, groupsFrom } = identity.provider;
  const archive = createJwksArchive(join(home, 'identity', 'jwks'), Date.now);
  return {
    kind: 'oidc',
    issuer,
    clientId,
    maxHours: session.maxHours,
    keys: () => archive.read(issuer),
    // What another source says before the ID token is not in what somebody signed.
    groupsIn: (claims) => (groupsFrom[0] === 'id-token' ? groupsIn(claims, groupsClaim) : undefined) ?? 'unknown',
  };
}

/** What the policy in force says of each of its grants: made for main/approvals, which knows no policy. */
function termsOf({ policy, connections }: Pick<InForce, 'policy' | 'connections'>): readonly GrantTerms[] {
  return [...policy.grants.keys()].flatMap((name) => {
    const terms = grantTerms(policy, name);
    if (terms === undefined) return [];
    const mayBeTaken: GrantTerms['mayTake'] = ({ principal }, connection) => {
      const known = connections.find((one) => one.name === connection);
      return known !== undefined && mayTake(policy, askerOf(principal), known, name);
    };
    return [{ ...terms, mayTake: mayBeTaken }];
  });
}
