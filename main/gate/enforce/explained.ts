import { isDeepStrictEqual } from 'node:util';
import { scanText, type Token } from '../understand/postgres/parser.ts';
import { nodeOf } from '../understand/postgres/tree.ts';
import { type Tree, understand } from '../understand/postgres/understand.ts';

/** Longer texts are not scanned here: their scan would hold up everything else, and their trees are not read anyway. */
const SCANNED = 32 * 1024;
const COMMENTS: ReadonlySet<string> = new Set(['SQL_COMMENT', 'C_COMMENT']);

/**
 * The query inside an EXPLAIN as a text of its own, which gives exactly the tree that it has inside: everything before it
 * is blank, so that every place in it stays where it was. Undefined where no such text is found.
 */
export async function explainedTree({ text, root }: Tree): Promise<Tree | undefined> {
  const inner = nodeOf(root.fields['query']);
  if (root.kind !== 'ExplainStmt' || inner === undefined || text.length > SCANNED) return undefined;
  const tokens = scanText(text)?.filter(({ name }) => !COMMENTS.has(name));
  for (const start of tokens === undefined ? [] : candidates(tokens)) {
    const blanked = ' '.repeat(start) + Buffer.from(text).toString('utf8', start);
    const { tree } = await understand(blanked, { standardConformingStrings: true, clientEncoding: 'UTF8' });
    if (tree !== undefined && isDeepStrictEqual(tree.root, inner)) return tree;
  }
  return undefined;
}

/**
 * Where the query may begin, in bytes: behind the options in parentheses, at a parenthesis that is the query's own, or
 * behind ANALYZE and VERBOSE.
 */
function candidates(tokens: readonly Token[]): readonly number[] {
  const [, ...rest] = tokens;
  if (rest[0]?.text !== '(') {
    const first = rest.find(({ text }) => !/^(analy[sz]e|verbose)$/i.test(text));
    return first === undefined ? [] : [first.start];
  }
  let depth = 0;
  const close = rest.findIndex(({ text }) => {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    return depth === 0;
  });
  return [rest[close + 1], rest[0]].flatMap((token) => token?.start ?? []);
}
