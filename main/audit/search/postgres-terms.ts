import { type ClientBase } from 'pg';
import { SCHEMA } from './postgres-schema.ts';
import { type Term } from './terms.ts';

/** The numbers of terms, as far as they were needed lately. */
export interface Terms {
  /** Numbers of the terms that the index knows. */
  known(client: ClientBase, terms: readonly Term[]): Promise<(of: Term) => number | undefined>;
  /** Numbers of terms, made where there are none: only while writing. */
  made(client: ClientBase, terms: readonly Term[]): Promise<(of: Term) => number>;
  /** The terms of each list of numbers. */
  named(client: ClientBase, lists: readonly (readonly number[])[]): Promise<readonly (readonly Term[])[]>;
  clear(): void;
}

/** Terms kept in memory, both ways. */
const KEPT = 100_000;

export function createTerms(): Terms {
  const idOf = new Map<string, number>();
  const termOf = new Map<number, Term>();

  function remember(rows: readonly { readonly id: number; readonly term: string }[]): void {
    for (const { id, term } of rows) {
      idOf.set(term, id);
      termOf.set(id, term as Term);
    }
  }
  function makeRoom(): void {
    if (termOf.size < KEPT) return;
    idOf.clear();
    termOf.clear();
  }
  async function learn(client: ClientBase, terms: readonly Term[]): Promise<void> {
    makeRoom();
    const missing = [...new Set(terms)].filter((of) => !idOf.has(of));
    if (missing.length === 0) return;
    remember(
      (
        await client.query<{ id: number; term: string }>(`SELECT id, term FROM ${SCHEMA}.terms WHERE term = ANY ($1)`, [
          missing,
        ])
      ).rows,
    );
  }

  return {
    async known(client, terms) {
      await learn(client, terms);
      const ids = new Map(terms.map((of) => [of, idOf.get(of)]));
      return (of) => ids.get(of);
    },
    async made(client, terms) {
      await learn(client, terms);
      const missing = [...new Set(terms)].filter((of) => !idOf.has(of));
      if (missing.length > 0) {
        remember(
          (
            await client.query<{ id: number; term: string }>(
              `INSERT INTO ${SCHEMA}.terms (term) SELECT unnest($1::text[]) RETURNING id, term`,
              [missing],
            )
          ).rows,
        );
      }
      const ids = new Map(terms.map((of) => [of, idOf.get(of) ?? 0]));
      return (of) => ids.get(of) ?? 0;
    },
    async named(client, lists) {
      makeRoom();
      const missing = [...new Set(lists.flat())].filter((id) => !termOf.has(id));
      if (missing.length > 0) {
        remember(
          (
            await client.query<{ id: number; term: string }>(
              `SELECT id, term FROM ${SCHEMA}.terms WHERE id = ANY ($1)`,
              [missing],
            )
          ).rows,
        );
      }
      return lists.map((ids) => ids.map((id) => termOf.get(id)).filter((of) => of !== undefined));
    },
    clear() {
      idOf.clear();
      termOf.clear();
    },
  };
}
