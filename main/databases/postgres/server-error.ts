/** What the server says went wrong, or has to remark. Texts may carry cells: main/gate/mask decides who sees what of it. */
export interface ServerFields {
  /** Five characters, PostgreSQL appendix A. */
  readonly sqlstate: string;
  /** ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO or LOG, never translated. */
  readonly severity: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** UTF-16 offset into the statement's text. */
  readonly position?: number;
  readonly internalQuery?: string;
  /** Call stack of functions and statements. */
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly dataType?: string;
  readonly constraint?: string;
}

/**
 * An error that the server answered with. Not a CountersignError on purpose: its texts may hold cells and must pass
 * main/gate/mask before anybody sees them.
 */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  /** Private, so that neither a stack nor what a runtime prints of an error that nobody caught holds them. */
  readonly #fields: ServerFields;

  constructor(fields: ServerFields) {
    super(`the server answered with error ${fields.sqlstate}`);
    this.#fields = fields;
  }

  get fields(): ServerFields {
    return this.#fields;
  }

  get sqlstate(): string {
    return this.#fields.sqlstate;
  }
}

const NAMES = {
  D: 'detail',
  H: 'hint',
  q: 'internalQuery',
  W: 'where',
  s: 'schema',
  t: 'table',
  c: 'column',
  d: 'dataType',
  n: 'constraint',
} as const satisfies Record<string, keyof ServerFields>;

/** Gives the fields their names; `text` is the statement that a position points into. */
export function serverFields(raw: ReadonlyMap<string, string>, text?: string): ServerFields {
  const named = Object.entries(NAMES).flatMap(([letter, name]) => {
    const value = raw.get(letter);
    return value === undefined ? [] : [[name, value] as const];
  });
  const character = Number(raw.get('P'));
  const position = text !== undefined && character >= 1 ? { position: utf16Offset(text, character) } : {};
  return {
    sqlstate: raw.get('C') ?? 'XX000',
    severity: raw.get('V') ?? raw.get('S') ?? 'ERROR',
    message: raw.get('M') ?? '',
    ...Object.fromEntries(named),
    ...position,
  };
}

/** The server counts characters from 1; JavaScript counts UTF-16 units from 0. */
function utf16Offset(text: string, character: number): number {
  let offset = 0;
  for (let left = character - 1; left > 0 && offset < text.length; left--) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}
