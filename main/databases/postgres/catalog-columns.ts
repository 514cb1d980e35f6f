import { type CatalogColumn } from '../catalog.ts';
import { COLUMN_COMMENTS, COLUMNS, GENERATED, TYPES } from './catalog-queries.ts';
import { Grouped, isTrue, optional, text } from './catalog-rows.ts';
import { BodyReader, readDataRow } from './messages.ts';
import { type PostgresSession, type TextValue } from './session.ts';

/** OIDs as the queries take them; null for all relations. */
export function wanted(relations: ReadonlySet<number> | undefined): TextValue {
  return relations === undefined ? null : `{${[...relations].join(',')}}`;
}

/**
 * Columns of relations, of all where none are named: the one large read, of hundreds of thousands of rows, made into
 * columns as they come, each distinct text kept once.
 */
export async function loadColumns(
  session: PostgresSession,
  relations?: ReadonlySet<number>,
): Promise<Grouped<CatalogColumn>> {
  const only = [wanted(relations)];
  const types = new Map(
    (await session.query(TYPES, only)).map(([oid, modifier, name]) => [place(oid, modifier), text(name)]),
  );
  const comments = new Map(
    (await session.query(COLUMN_COMMENTS, only)).map(([relation, position, comment]) => [
      place(relation, position),
      comment,
    ]),
  );
  const sources = new Map<string, string[]>();
  for (const [relation, position, source] of await session.query(GENERATED, only)) {
    sources.set(place(relation, position), [...(sources.get(place(relation, position)) ?? []), text(source)]);
  }
  const columns = new Grouped<CatalogColumn>();
  const texts = new Map<string, string>();
  const once = (value: string): string => {
    const known = texts.get(value);
    if (known === undefined) texts.set(value, value);
    return known ?? value;
  };
  await session.read(COLUMNS, only, {
    row(...body) {
      const [relation, position, name, typeOid, modifier, notNull] = readDataRow(new BodyReader(...body));
      const at = place(relation, position);
      const column = {
        name: once(text(name)),
        type: types.get(place(typeOid, modifier)) ?? '???',
        typeOid: Number(typeOid),
        notNull: isTrue(notNull),
        position: Number(position),
      };
      const from = sources.get(at);
      const comment = comments.get(at);
      const plain = from === undefined && typeof comment !== 'string';
      columns.add(
        Number(relation),
        plain ? column : { ...column, ...(from && { generatedFrom: from }), ...optional('comment', comment) },
      );
      return true;
    },
  });
  return columns;
}

const place = (relation: TextValue | undefined, position: TextValue | undefined): string =>
  `${text(relation)} ${text(position)}`;
