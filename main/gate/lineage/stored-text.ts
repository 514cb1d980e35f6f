import { inspect, type Inspection } from '../understand/postgres/inspect.ts';
import { newerGrammar } from '../understand/postgres/newer-grammar.ts';
import { fromUtf8 } from '../understand/postgres/text.ts';
import { type Node } from '../understand/postgres/tree.ts';
import { type Context } from './context.ts';

/** SQL that the catalog holds: of a body, a default, a check. */
export interface StoredText {
  readonly text: string;
  /** The part of its tree that is read. */
  readonly root: Node;
}

/** What such a text has in it. Its hazards are the statement's, but their places are none of the statement's text. */
export function inspectStored(context: Context, { text, root }: StoredText): Inspection {
  const inspection = inspect(root, () => undefined);
  const newer = newerGrammar({ text, root, offsetOf: fromUtf8(text) }, context.index.snapshot.serverMajor);
  for (const { span: _, ...hazard } of [...inspection.hazards, ...newer]) context.addHazard(hazard);
  return inspection;
}
