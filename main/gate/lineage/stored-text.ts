import { inspect, type Inspection } from '../understand/postgres/inspect.ts';
import { newerGrammar } from '../understand/postgres/newer-grammar.ts';
import { parseText } from '../understand/postgres/parser.ts';
import { fromUtf8 } from '../understand/postgres/text.ts';
import { type Node, nodeOf } from '../understand/postgres/tree.ts';
import { type Context } from './context.ts';

/** SQL that the catalog holds: of a view, a policy, a body, a default, a check. */
export interface StoredText {
  readonly text: string;
  /** The part of its tree that is read. */
  readonly root: Node;
}

/** The statements of a text; none where it cannot be read. */
export function storedStatements(text: string): readonly Node[] {
  const parsed = parseText(text);
  return parsed.ok ? parsed.statements.flatMap(({ node }) => nodeOf(node) ?? []) : [];
}

/** A text that is one query and nothing else. */
export function storedQuery(text: string, [root, second] = storedStatements(text)): StoredText | undefined {
  return second === undefined && root?.kind === 'SelectStmt' ? { text, root } : undefined;
}

/** What such a text has in it. Its hazards are the statement's, but their places are none of the statement's text. */
export function inspectStored(context: Context, { text, root }: StoredText): Inspection {
  const inspection = inspect(root, () => undefined);
  const newer = newerGrammar({ text, root, offsetOf: fromUtf8(text) }, context.index.snapshot.serverMajor);
  for (const { span: _, ...hazard } of [...inspection.hazards, ...newer]) context.addHazard(hazard);
  return inspection;
}
