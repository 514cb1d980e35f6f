import { split } from '../main/gate/understand/postgres/split.ts';

/** A step of a psql script: a statement, or `\c`, which begins a new session. */
export type Step = { readonly statement: string } | { readonly reconnect: true };

export interface PsqlScript {
  readonly steps: readonly Step[];
  /** Statements left out because they hold psql variables whose values are not known. */
  readonly leftOut: number;
}

/** Commands that stand behind a statement in place of its semicolon. */
const AT_THE_END = /\s*\\(?:g|gx|gset|gexec|gdesc|bind|bind_named|parse|sendpipeline|crosstabview|watch)\b(?!')[^'"]*$/;
const COPIED = /\bfrom\s+stdin\b[^;]*;\s*(?:--.*)?$/i;
const VARIABLE = /(?<![:\w])(?::'(\w+)'|:"(\w+)"|:([A-Za-z_]\w*))/g;

/**
 * The statements of a script written for psql. Its own commands are not run: `\set` and `\getenv` are followed, so that
 * files of the script can be found, what COPY reads from the script is left out, and every branch of an `\if` is taken.
 */
export function readPsqlScript(text: string, environment: Readonly<Record<string, string>>): PsqlScript {
  const variables = new Map<string, string>();
  const steps: Step[] = [];
  let leftOut = 0;
  let lines: string[] = [];
  let data = false;
  const flush = (): void => {
    const body = lines.join('\n');
    lines = [];
    for (const { start, end } of split(body)) {
      const statement = substituted(body.slice(start, end), variables);
      if (statement === undefined) leftOut += 1;
      else steps.push({ statement });
    }
  };
  for (const line of text.split('\n')) {
    if (data) {
      data = line !== '\\.';
    } else if (/^\s*\\/.test(line) && !/^\s*\\;/.test(line)) {
      const [command = '', name = '', ...rest] = line.trim().split(/\s+/);
      if (AT_THE_END.test(` ${line}`)) lines.push(';');
      if (command === '\\getenv') variables.set(name, environment[rest[0] ?? ''] ?? '');
      if (command === '\\set') {
        flush();
        variables.set(name, rest.map((part) => unquoted(part, variables)).join(''));
      }
      if (command === '\\c' || command === '\\connect') {
        flush();
        steps.push({ reconnect: true });
      }
    } else {
      lines.push(line.replaceAll('\\;', ';').replace(AT_THE_END, ';'));
      data = COPIED.test(line);
    }
  }
  flush();
  return { steps, leftOut };
}

function unquoted(part: string, variables: ReadonlyMap<string, string>): string {
  if (part.startsWith(':')) return variables.get(part.slice(1)) ?? '';
  return part.replace(/^'(.*)'$/, '$1');
}

/** Undefined where a variable is not known. What looks like one in a string or a slice is taken for one, too. */
function substituted(statement: string, variables: ReadonlyMap<string, string>): string | undefined {
  let known = true;
  const text = statement.replace(VARIABLE, (whole: string, literal?: string, name?: string, bare?: string) => {
    const value = variables.get(literal ?? name ?? bare ?? '');
    if (value === undefined) {
      // A bare one is more often a slice or a path of JSON.
      if (bare === undefined) known = false;
      return whole;
    }
    if (literal !== undefined) return `'${value.replaceAll("'", "''")}'`;
    return name === undefined ? value : `"${value.replaceAll('"', '""')}"`;
  });
  return known ? text : undefined;
}
