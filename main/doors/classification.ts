import { type ClassifiedColumnView } from '../../shared/views.ts';
import { CountersignError } from '../errors.ts';
import { mayRead } from '../gate/describe.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';
import { parseColumn } from '../policy/classification.ts';
import { writtenColumn } from '../policy/suggested-classification.ts';
import { addClassification } from '../profile/edit-classification.ts';
import { describing } from './describing.ts';
import { isAdministrator, requireAdministrator } from './standing.ts';

/** The classified columns of a connection with what says so: of the relations that a person may read, for administrators of all. */
export async function classifiedColumnsOf(
  installation: Installation,
  asked: Session,
  name: string,
): Promise<readonly ClassifiedColumnView[]> {
  const session = await installation.identity.ensureLive(asked);
  const { input, index } = await describing(installation, session, name, { refresh: false });
  const everything = isAdministrator(installation, session);
  const shown = index.snapshot.relations.filter((relation) => everything || mayRead(input, relation));
  return shown.flatMap((relation) =>
    input.classification.in(relation.schema, relation.name).map(({ column, class: found }) => ({
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
  const actor = await installation.actorOf(session);
  const said = proposed.map(({ column, class: of }) => `${writtenColumn(column)} is ${of}`).join(', ');
  const what = `classification of ${connection}: ${said}`.slice(0, 2_000);
  await addClassification(installation.home, connection, proposed, async () => {
    await installation.audit.append({ k: 'config.change', actor, change: { what } });
  });
  await installation.reload();
}
