import { type Lineage } from './facts.ts';
import { type CatalogIndex } from './lineage/catalog-index.ts';
import { trace } from './lineage/trace.ts';
import { type Tree } from './understand/postgres/understand.ts';

const kept = new WeakMap<CatalogIndex, WeakMap<Tree, Lineage>>();

/** The lineage of a tree in one catalog, traced once for as long as both are kept: neither of them ever changes. */
export function traced(tree: Tree, index: CatalogIndex): Lineage {
  const byTree = kept.get(index) ?? new WeakMap<Tree, Lineage>();
  kept.set(index, byTree);
  const lineage = byTree.get(tree) ?? trace(tree, index);
  byTree.set(tree, lineage);
  return lineage;
}
