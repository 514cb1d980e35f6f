import { type ObjectFields } from './shapes.ts';
import { type TreeNode, field, isList, type TreeValue } from './node-tree.ts';
import { type ServerColumn, type ServerObjects, type ServerRelation } from './server-lineage.ts';

/** Where the walk over a tree puts what it finds. */
export class Findings implements ServerObjects {
  uses = new Set<ServerColumn>();
  readonly relations = new Map<number, ServerRelation>();
  readonly functions = new Set<number>();
  readonly operators = new Set<number>();
  readonly types = new Set<number>();
  readonly collations = new Set<number>();

  relation(oid: number, kind: string, written: boolean): void {
    const known = this.relations.get(oid);
    if (known === undefined || (written && !known.written)) this.relations.set(oid, { oid, kind, written });
  }

  objects(node: TreeNode, fields: ObjectFields): void {
    for (const name of fields.functions ?? []) add(this.functions, field(node, name));
    for (const name of fields.operators ?? []) add(this.operators, field(node, name));
    for (const name of fields.types ?? []) add(this.types, field(node, name));
    for (const name of fields.collations ?? []) add(this.collations, field(node, name));
  }

  /** Runs a part of the walk and gives its uses instead of keeping them. */
  apart<T>(run: () => T): { readonly result: T; readonly uses: ReadonlySet<ServerColumn> } {
    const before = this.uses;
    const uses = new Set<ServerColumn>();
    this.uses = uses;
    try {
      return { result: run(), uses };
    } finally {
      this.uses = before;
    }
  }
}

function add(to: Set<number>, value: TreeValue): void {
  if (typeof value === 'number') {
    if (value > 0) to.add(value);
  } else if (isList(value)) for (const one of value) add(to, one);
}
