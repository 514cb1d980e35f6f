import { type SecretReference } from '../../profile/types.ts';

/** Where the demonstration's identity provider answers, this time: its port is another at every start. */
export interface DemonstrationIdentity {
  /** http://127.0.0.1:PORT or http://localhost:PORT. */
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly secrets: 'keyring' | 'file';
}

export interface DemonstrationServer {
  readonly host: string;
  readonly port: number;
  /** Role of the databases that the gate connects as. */
  readonly user: string;
  readonly stagingPassword: SecretReference;
  readonly productionPassword: SecretReference;
}

/** organisation.yaml of the demonstration. */
export function organisationYaml({ issuer, clientId, scopes, secrets }: DemonstrationIdentity): string {
  return `# The demonstration's organisation; written at every start, because ports change.
version: 1
name: Demonstration shop
identity:
  kind: oidc
  issuer: ${quote(issuer)}
  clientId: ${quote(clientId)}
  scopes: [${scopes.map(quote).join(', ')}]
  groupsClaim: groups
session: { maxHours: 12, idleMinutes: 60, revalidateMinutes: 15 }
secrets: ${secrets}
`;
}

/** connections.yaml of the demonstration. */
export function connectionsYaml(server: DemonstrationServer): string {
  return `# The demonstration's databases; written at every start, because ports change.
version: 1
connections:
${connection('staging', 'Shop staging', server.stagingPassword, server)}
${connection('production', 'Shop production', server.productionPassword, server)}
`;
}

function connection(
  environment: 'staging' | 'production',
  title: string,
  password: SecretReference,
  { host, port, user }: DemonstrationServer,
): string {
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
