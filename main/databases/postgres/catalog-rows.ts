import { type FunctionReference } from '../catalog.ts';
import { type TextValue } from './session.ts';

/** How rows of catalog queries are read: values are text as the server writes it. */

export type Row = readonly TextValue[];

export const text = (value: TextValue | undefined): string => value ?? '';

export const isTrue = (value: TextValue | undefined): boolean => value === 't';

/** A JSON array that the server made; empty for NULL. */
export function list<T extends string | number | null>(value: TextValue | undefined): readonly T[] {
  return value == null ? [] : (JSON.parse(value) as T[]);
}

/** `[oid, schema, name, arguments]` as the queries build it. */
export function reference(value: TextValue | undefined): FunctionReference {
  return referenceOf(JSON.parse(text(value)) as ReferenceRow);
}

export function references(value: TextValue | undefined): readonly FunctionReference[] {
  return value == null ? [] : (JSON.parse(value) as ReferenceRow[]).map(referenceOf);
}

type ReferenceRow = readonly [oid: number | string, schema: string, name: string, count: number];

/** json_build_array quotes OIDs, which are no numbers to it. */
function referenceOf([oid, schema, name, count]: ReferenceRow): FunctionReference {
  return { oid: Number(oid), schema, name, count };
}

/** The property where there is a value for it, nothing where there is none. */
export function optional<K extends string>(name: K, value: TextValue | undefined): { readonly [P in K]?: string } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: string });
}

/** Values by the OID of what they belong to. */
export class Grouped<T> {
  readonly #lists = new Map<number, T[]>();

  add(oid: number, value: T): void {
    const list = this.#lists.get(oid);
    if (list === undefined) this.#lists.set(oid, [value]);
    else list.push(value);
  }

  of(oid: number): readonly T[] {
    return this.#lists.get(oid) ?? [];
  }

  has(oid: number): boolean {
    return this.#lists.has(oid);
  }

  keys(): Iterable<number> {
    return this.#lists.keys();
  }
}
