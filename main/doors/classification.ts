import { type ClassifiedColumnView } from '../../shared/views.ts';
import { CountersignError } from '../errors.ts';
import { commentedColumns } from '../gate/commented.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';
import { parseColumn } from '../policy/classification.ts';
import { writtenColumn } from '../policy/suggested-classification.ts';
import { addClassification } from '../profile/edit-classification.ts';
import { requireAdministrator } from './standing.ts';

/** Every classified column of a connection with what says so; a person is shown those of relations that they may read. */
export async function classifiedColumnsOf(
  installation: Installation,
  session: Session,
  name: string,
): Promise<readonly ClassifiedColumnView[]> {
  const inForce = installation.inForce();
  const connection = inForce.connection(name);
  const index = await installation.gate.catalog(session, name, { refresh: false });
  const classification = inForce.columnsOf(connection, undefined, commentedColumns(index));
  return index.snapshot.relations.flatMap((relation) =>
    classification.in(relation.schema, relation.name).map(({ column, class: found }) => ({
      connection: name,
      column: writtenColumn(column),
      class: found.class,
      group: found.group,
      source: found.source,
    })),
  );
}

/**
 * Writes what a person has confirmed, and has it in force when this resolves. Recorded.
 * @throws CountersignError `not-an-administrator`, `column-unknown`, and what `addClassification` throws
 */
export async function acceptClassification(
  installation: Installation,
  session: Session,
  connection: string,
  columns: readonly { readonly column: string; readonly class: string }[],
): Promise<void> {
  requireAdministrator(installation, session, 'confirm a classification');
  const { relations } = (await installation.gate.catalog(session, connection, { refresh: false })).snapshot;
  const proposed = columns.map(({ column: text, class: of }) => {
    const column = parseColumn(text);
    const relation = relations.find(({ schema, name }) => schema === column?.schema && name === column.relation);
    if (column !== undefined && relation?.columns.some(({ name }) => name === column.column))
      return { column, class: of };
    throw new CountersignError('column-unknown', `${text} is no column of ${connection}.`, {
      next: 'Name it as schema.table.column, with double quotes around a part that has a dot.',
    });
  });
  await addClassification(installation.home, connection, proposed);
  await installation.audit.append({
    k: 'config.change',
    actor: await installation.actorOf(session),
    change: {
      what: `classification of ${connection}: ${proposed.map(({ column, class: of }) => `${writtenColumn(column)} is ${of}`).join(', ')}`.slice(
        0,
        2_000,
      ),
    },
  });
  await installation.reload();
}
