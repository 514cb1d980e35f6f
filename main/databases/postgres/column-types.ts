import { type ColumnDescription } from './messages.ts';
import type { PostgresSession, ResultColumn } from './session.ts';
import { builtInTypeName } from './type-names.ts';

/** Names of the types of columns as people write them. Those that are not built in are asked for once a session. */
export class ColumnTypes {
  readonly #session: Pick<PostgresSession, 'query'>;
  readonly #known = new Map<string, string>();

  constructor(session: Pick<PostgresSession, 'query'>) {
    this.#session = session;
  }

  async of(columns: readonly ColumnDescription[]): Promise<readonly ResultColumn[]> {
    const unknown = columns.filter((column) => this.#nameOf(column) === undefined);
    if (unknown.length > 0) {
      const list = (of: (column: ColumnDescription) => number): string => `{${unknown.map(of).join(',')}}`;
      const names = await this.#session.query(
        'SELECT pg_catalog.format_type(t, m) FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.int4[])) AS x (t, m)',
        [list((column) => column.typeOid), list((column) => column.typeModifier)],
      );
      unknown.forEach((column, i) => this.#known.set(keyOf(column), names[i]?.[0] ?? '???'));
    }
    return columns.map((column) => ({ ...column, type: this.#nameOf(column) ?? '???' }));
  }

  #nameOf(column: ColumnDescription): string | undefined {
    return builtInTypeName(column.typeOid, column.typeModifier) ?? this.#known.get(keyOf(column));
  }
}

const keyOf = ({ typeOid, typeModifier }: ColumnDescription): string => `${String(typeOid)}:${String(typeModifier)}`;
