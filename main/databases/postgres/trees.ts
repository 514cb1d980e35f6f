/**
 * The trees that the server prints of a statement while it parses it: LOG messages of the function elog_node_display
 * (src/backend/nodes/print.c), one for the analysed tree and one for the rewritten. They hold every constant of the
 * statement, so they go to whoever confirms what was decided and nowhere else.
 */
import { Message } from './messages.ts';
import type { ServerTrees } from './session.ts';
import { QUIET } from './settings.ts';
import { type PostgresTarget } from './target.ts';

/** Whether the server's own trees are a session's second lineage, and why not. */
export type SecondLineageState = 'on' | 'off: log is not quiet' | 'off: by configuration' | 'off: this server version';

/** Major versions whose trees can be read: those that the comparison of both lineages was run on. */
export const READABLE_MAJORS: ReadonlySet<number> = new Set([13, 14, 15, 16, 17, 18]);

export function secondLineageOf(
  { secondLineage = 'when_quiet' }: Pick<PostgresTarget, 'secondLineage'>,
  serverMajor: number,
  logLevel: string,
): SecondLineageState {
  if (secondLineage === 'never') return 'off: by configuration';
  if (!READABLE_MAJORS.has(serverMajor)) return 'off: this server version';
  if (secondLineage === 'always' || QUIET.some((level) => level === logLevel)) return 'on';
  return 'off: log is not quiet';
}

/** Why there are no trees although the session prints them. */
export type MissingTrees = 'too-large' | 'not-sent' | 'parsed-again';

/** UTF-8 bytes of a text whose trees would be larger than is taken: a constant of three bytes takes some 200 in a tree. */
const MOST_TEXT = 256 * 1024;
/** Characters of both trees together. */
const MOST_TREES = 4 * 1024 * 1024;

/** True where it is worth asking for the trees of `text`. */
export const mayPrint = (text: string): boolean =>
  // A UTF-16 unit takes three bytes at most.
  text.length * 3 <= MOST_TEXT || Buffer.byteLength(text) <= MOST_TEXT;

/** Fields of a notice that decide whether it is a tree. The routine cannot be chosen by RAISE or by a text. */
export type NoticeFields = ReadonlyMap<string, string>;

const isTree = (fields: NoticeFields): boolean => fields.get('R') === 'elog_node_display' && fields.get('V') === 'LOG';

/** Takes the trees of one Parse: those that come behind what was asked before it and up to its ParseComplete. */
export class TreeCollector {
  readonly #printed: string[] = [];
  #characters = 0;
  #parsed = false;
  #again = false;

  /** True where the notice is a tree; it is for nobody else then. */
  notice(fields: NoticeFields): boolean {
    if (!isTree(fields)) return false;
    const tree = fields.get('D') ?? '';
    this.#characters += tree.length;
    // The server parses a statement again where something under it has moved.
    if (this.#parsed) this.#again = true;
    else if (this.#characters <= MOST_TREES) this.#printed.push(tree);
    return true;
  }

  /** Sees the messages that answer the Parse. */
  message(type: number): void {
    if (type === Message.parseComplete) this.#parsed = true;
  }

  get result(): ServerTrees | MissingTrees {
    if (this.#again) return 'parsed-again';
    if (this.#characters > MOST_TREES) return 'too-large';
    const [parsed, rewritten, ...more] = this.#printed;
    if (parsed === undefined || rewritten === undefined || more.length > 0) return 'not-sent';
    return { parsed, rewritten };
  }
}
