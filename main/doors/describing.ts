import { commentedColumns } from '../gate/commented.ts';
import { type DescribeInput } from '../gate/describe.ts';
import { type CatalogIndex } from '../gate/lineage/catalog-index.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';

/** What a connection holds, and by what it is decided what of it this person is shown now. */
export interface Describing {
  readonly input: DescribeInput;
  readonly index: CatalogIndex;
}

/**
 * @param session as `ensureLive` gave it
 * @throws CountersignError `connection-unknown`, or why the catalog cannot be had
 */
export async function describing(
  installation: Installation,
  session: Session,
  name: string,
  options: { readonly refresh: boolean },
): Promise<Describing> {
  const inForce = installation.inForce();
  const connection = inForce.connection(name);
  const index = await installation.gate.catalog(session, name, options);
  const grants = await installation.grants.inForce(session, name);
  return {
    index,
    input: {
      principal: session.principal,
      connection,
      policy: inForce.policy,
      classification: inForce.columnsOf(connection, undefined, commentedColumns(index)),
      now: new Date(),
      grants: grants.map((grant) => grant.name),
    },
  };
}
