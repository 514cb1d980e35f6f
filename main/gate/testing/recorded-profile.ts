/** A profile of one connection, and the people of it, for decisions that are recorded and made again. */
import { type Principal } from '../../identity/principal.ts';
import { readClassification } from '../../policy/classification.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { type Connection } from '../../profile/types.ts';
import { inForce, type InForce } from '../in-force.ts';

export const connection: Connection = {
  name: 'shop',
  title: 'Shop',
  engine: 'postgres',
  environment: 'production',
  host: 'h',
  port: 5432,
  database: 'shop',
  user: 'u',
  tls: 'disable',
  searchPath: ['public'],
  team: 'payments',
};

/** @param classification nothing is classified where absent */
export function profileOf(policyText: string, classification = 'version: 1\n'): InForce {
  const read = readClassification(classification, [connection.name]);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const classes = [...read.classification.classes.values()].map(({ class: name, group }) => ({ name, group }));
  const compiled = compilePolicy(policyText, { classes, connections: [connection] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return inForce({
    connections: [connection],
    policy: compiled.policy,
    classification: read.classification,
  });
}

/** Ana, as somebody in these of the provider's groups. */
export const person = (groups: Principal['groups'], more: Partial<Principal> = {}): Principal => ({
  issuer: 'https://id.example',
  subject: 'ana',
  name: 'Ana',
  email: 'ana@example.com',
  groups,
  verified: true,
  authenticatedAt: '2026-03-02T08:00:00Z',
  ...more,
});
