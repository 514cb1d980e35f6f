import { type ClientBase } from 'pg';
import { type Row } from './event-row.ts';
import { SCHEMA } from './postgres-schema.ts';
import { type Terms } from './postgres-terms.ts';

export type Values = { readonly [column: string]: unknown };

/** A connection that is used now, and what is known of the terms of its index. */
export interface Connected {
  readonly client: ClientBase;
  readonly terms: Terms;
}

/** The columns of an event. */
export const ROW = 'key, log, idx, listed, ref, rows, changed, milliseconds, masked, terms, title, summary';

export async function all(
  { client }: Connected,
  sql: string,
  ...values: readonly unknown[]
): Promise<readonly Values[]> {
  return (await client.query<Values>(sql, [...values])).rows;
}

export async function rowsOf(at: Connected, records: readonly Values[]): Promise<readonly Row[]> {
  const logs = new Map(
    (
      await all(at, `SELECT n, id FROM ${SCHEMA}.logs WHERE n = ANY ($1)`, [
        ...new Set(records.map((row) => row['log'])),
      ])
    ).map((row) => [row['n'], String(row['id'])]),
  );
  const termsOf = await at.terms.named(
    at.client,
    records.map((row) => row['terms'] as readonly number[]),
  );
  return records.map((row, i) => ({
    key: Number(row['key']),
    log: logs.get(row['log']) ?? '',
    index: Number(row['idx']),
    listed: row['listed'] === true,
    ref: count(row['ref']),
    title: String(row['title']),
    summary: String(row['summary']),
    rows: count(row['rows']),
    changed: count(row['changed']),
    milliseconds: count(row['milliseconds']),
    maskedCells: count(row['masked']),
    terms: termsOf[i] ?? [],
  }));
}

const count = (value: unknown): number | null => (value === null ? null : Number(value));
