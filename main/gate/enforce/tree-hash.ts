import { createHash } from 'node:crypto';
import { type ServerTrees } from '../../databases/postgres/session.ts';

/**
 * What the record keeps of a statement's trees, SHA-256 in hex: the same for the same meaning, whatever its constants are,
 * so that nobody can find a constant by trying. Left out are the bytes of constants, and places in the text, which tell
 * how long they are.
 */
export function treeHash({ parsed, rewritten }: ServerTrees): string {
  const hash = createHash('sha256');
  for (const tree of [parsed, rewritten]) hash.update(tree.replaceAll(VALUES, '').replaceAll(/\s+/g, ' ')).update('\0');
  return hash.digest('hex');
}

/**
 * nodeToString writes a blank inside a name with a backslash before it (outToken, src/backend/nodes/outfuncs.c), so that
 * no name can look like a field.
 */
const VALUES =
  /:constvalue\s+\d+\s+\[[^\]]*\]|:(?:location|stmt_location|stmt_len|list_start|list_end|rexpr_list_start|rexpr_list_end)\s+-?\d+/g;
