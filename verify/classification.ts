/** Which columns hold what, as the record keeps it (docs/policy.md, "Deciding again"). */
import { at, isObject, parseObject, type Json } from './json.ts';

export interface ColumnClass {
  readonly class: string;
  readonly group: string;
  /** What `partial` means for the class. */
  readonly masker: Json;
}

/** The group of a class that the classification does not define, of a comment or a detector, and how its columns are masked. */
const OTHER = { group: 'pii', masker: { kind: 'redact' } } as const;

export class ClassificationModel {
  readonly #source: Json;
  /** Whether columns that detectors found count as classified. */
  readonly masksDetected: boolean;
  /** Whether comments on columns classify them. */
  readonly usesComments: boolean;

  constructor(document: Buffer) {
    this.#source = parseObject(document) ?? {};
    this.masksDetected = this.#source.detect === 'mask';
    this.usesComments = this.#source.comments === 'use';
  }

  /** The class that somebody wrote down for a column on a connection; the connection's own entry comes first. */
  written(connection: string, schema: string, relation: string, column: string): ColumnClass | undefined {
    const key = [schema, relation, column].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
    const name = own(this.#source.columns, connection, key) ?? own(this.#source.columns, '*', key);
    return typeof name === 'string' ? this.#known(name) : undefined;
  }

  /** The class that a comment or a detector's finding stands for. */
  named(name: string): ColumnClass {
    return this.#known(name) ?? { class: name, ...OTHER };
  }

  #known(name: string): ColumnClass | undefined {
    const found = own(this.#source.classes, name);
    const group = at(found, 'group');
    const masker = at(found, 'masker');
    return typeof group === 'string' && isObject(masker) ? { class: name, group, masker } : undefined;
  }
}

function own(value: unknown, ...path: readonly string[]): unknown {
  let inner = value;
  for (const key of path) {
    if (!isObject(inner) || !Object.hasOwn(inner, key)) return undefined;
    inner = inner[key];
  }
  return inner;
}
