import { type SecretReference } from '../../profile/types.ts';

/** Where the demonstration's identity provider answers, this time: its port is another at every start. */
export interface DemonstrationIdentity {
  /** http://127.0.0.1:PORT or http://localhost:PORT. */
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** What a step-up asks for, and what counts as one. */
  readonly secondFactorAcr: string;
  /** A program that acts for nobody, by a key of its own. */
  readonly service: { readonly clientId: string; readonly key: SecretReference };
  readonly secrets: 'keyring' | 'file';
}

/** Where copies of the demonstration's record go, and who signs it. */
export interface DemonstrationRecord {
  /** Absolute path. */
  readonly store: string;
  readonly witness: { readonly url: string; readonly key: string };
}

export interface DemonstrationServer {
  readonly host: string;
  readonly port: number;
  readonly staging: DemonstrationRole;
  readonly production: DemonstrationRole;
}

/** Role that the gate connects as, with no more rights than the policy gives in that environment. */
export interface DemonstrationRole {
  readonly user: string;
  readonly password: SecretReference;
}

/** First lines of the two files that are written anew at each start: only a file that has it is written over. */
export const WRITTEN_BY_DEMONSTRATION = {
  organisation: "# The demonstration's organisation; written at every start, because ports change.",
  connections: "# The demonstration's databases; written at every start, because ports change.",
} as const;

/** organisation.yaml of the demonstration. */
export function organisationYaml(
  { issuer, clientId, scopes, secondFactorAcr, service, secrets }: DemonstrationIdentity,
  { store, witness }: DemonstrationRecord,
): string {
  return `${WRITTEN_BY_DEMONSTRATION.organisation}
version: 1
name: Demonstration shop
identity:
  kind: oidc
  issuer: ${quote(issuer)}
  clientId: ${quote(clientId)}
  scopes: [${scopes.map(quote).join(', ')}]
  groupsClaim: groups
  stepUp: { acrValues: [${quote(secondFactorAcr)}], acr: [${quote(secondFactorAcr)}] }
session: { maxHours: 12, idleMinutes: 60, revalidateMinutes: 15, checkSeconds: 5 }
administrators: [security]
services:
  nightly-report: { clientId: ${quote(service.clientId)}, key: ${quote(service.key)} }
secrets: ${secrets}
# Copies of the record, and a witness that it only grew. A real organisation keeps both on other machines.
record:
  store: { directory: { path: ${quote(store)} } }
  witnesses: [{ url: ${quote(witness.url)}, key: ${quote(witness.key)} }]
  reviewers: [security]
`;
}

/** connections.yaml of the demonstration. */
export function connectionsYaml(server: DemonstrationServer): string {
  return `${WRITTEN_BY_DEMONSTRATION.connections}
version: 1
connections:
${connection('staging', 'Shop staging', server)}
${connection('production', 'Shop production', server)}
`;
}

function connection(environment: 'staging' | 'production', title: string, server: DemonstrationServer): string {
  const { host, port } = server;
  const { user, password } = server[environment];
  return `  ${environment}:
    title: ${title}
    environment: ${environment}
    host: ${quote(host)}
    port: ${port}
    database: shop_${environment}
    user: ${quote(user)}
    password: ${quote(password)}
    # The server listens on this machine's loopback address only.
    tls: disable
    team: shop`;
}

/** A JSON string is a YAML string (YAML 1.2 section 1.3). */
function quote(text: string): string {
  return JSON.stringify(text);
}
