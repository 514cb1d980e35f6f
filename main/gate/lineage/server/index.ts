/**
 * The second lineage: what PostgreSQL itself made of a statement, read from the trees that it sends when it parses one.
 * Its names are object identifiers, so that no shadowed name, overload, operator or cast can deceive it. It can only take
 * away what the lineage of the text allowed.
 */
export { COMPARED_MAJORS, lineageOf, serverLineage, type UnknownLineage } from './read.ts';
export {
  type ServerColumn,
  type ServerLineage,
  type ServerObjects,
  type ServerOutput,
  type ServerRelation,
} from './server-lineage.ts';
export { type Disagreement, disagreement } from './compare.ts';
