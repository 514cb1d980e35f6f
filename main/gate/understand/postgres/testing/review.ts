import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ServerBuiltins, type ServerFunction } from './server-builtins.ts';
import { MAJORS, versionsText } from './versions.ts';

/**
 * The review of PostgreSQL's own functions and catalog relations. reviewed-functions.tsv holds one line for each
 * signature and each form it has had: `name(types)`, class, verdict, versions, and what identifies the code that was
 * reviewed. A function that a server has in a form that is not listed counts as not reviewed, and is refused.
 */
export interface ReviewedFunction {
  readonly signature: string;
  readonly class: string;
  readonly allow: 'yes' | 'metadata' | 'no';
  readonly versions: string;
  readonly identity: string;
}

export interface Review {
  readonly functions: readonly ReviewedFunction[];
  /** Class of each catalog relation by `schema.name`. */
  readonly relations: ReadonlyMap<string, string>;
}

export const FUNCTIONS_FILE: URL = new URL('./reviewed-functions.tsv', import.meta.url);

const functionLine = z.tuple([z.string(), z.string(), z.enum(['yes', 'metadata', 'no']), z.string(), z.string()]);
const relationLine = z.tuple([z.string(), z.string()]);

export function readReview(): Review {
  const functions = lines(FUNCTIONS_FILE).map((line): ReviewedFunction => {
    const [signature, reviewed, allow, versions, identity] = functionLine.parse(line);
    return { signature, class: reviewed, allow, versions, identity };
  });
  const relations = lines(new URL('./reviewed-relations.tsv', import.meta.url)).map((line) => relationLine.parse(line));
  return { functions, relations: new Map(relations) };
}

function lines(file: URL): readonly string[][] {
  const [, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
  return rows.map((row) => row.split('\t'));
}

export const signatureOf = ({ name, types }: ServerFunction): string => `${name}(${types})`;

/** Key of a form of a function: what it is called with and what it is. */
export const formOf = (signature: string, identity: string): string => `${signature}\t${identity}`;

/** The content of builtins.json for these servers, which must be one of each reviewed version. */
export function builtinsText(servers: readonly ServerBuiltins[], review: Review): string {
  const missing = MAJORS.filter((major) => !servers.some((server) => server.major === major));
  if (missing.length > 0) throw new Error(`There is no server of PostgreSQL ${missing.join(', ')}.`);
  const object = (entries: readonly (readonly [string, unknown])[]): string =>
    `{\n${entries.map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(',\n')}\n  }`;
  const sections: readonly (readonly [string, string])[] = [
    ['majors', JSON.stringify([MAJORS[0], MAJORS.at(-1)])],
    ['operators', object(byVersions(servers, (server) => server.operators))],
    ['types', object(byVersions(servers, (server) => server.types))],
    ['relations', object(relationEntries(servers, review))],
    ['functions', object(functionEntries(servers, review))],
  ];
  return `{\n${sections.map(([key, text]) => `  ${JSON.stringify(key)}: ${text}`).join(',\n')}\n}\n`;
}

/** Names grouped by the versions that have them. */
function byVersions(
  servers: readonly ServerBuiltins[],
  of: (server: ServerBuiltins) => readonly string[],
): readonly (readonly [string, readonly string[]])[] {
  const grouped = new Map<string, string[]>();
  for (const [name, majors] of majorsOf(servers, of)) {
    const versions = versionsText(majors);
    const list = grouped.get(versions);
    if (list === undefined) grouped.set(versions, [name]);
    else list.push(name);
  }
  return [...grouped].sort(([a], [b]) => (a < b ? -1 : 1)).map(([versions, names]) => [versions, names.sort()]);
}

function majorsOf(
  servers: readonly ServerBuiltins[],
  of: (server: ServerBuiltins) => readonly string[],
): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const server of servers) {
    for (const name of new Set(of(server))) {
      const list = found.get(name);
      if (list === undefined) found.set(name, [server.major]);
      else list.push(server.major);
    }
  }
  return found;
}

/** `schema.name`: class, then for each version in which its columns changed the columns; null where it is not there. */
function relationEntries(
  servers: readonly ServerBuiltins[],
  { relations }: Review,
): readonly (readonly [string, readonly [string, Record<string, string | null>]])[] {
  const names = [...new Set(servers.flatMap((server) => server.relations.map(({ name }) => name)))].sort();
  const columns = new Map(
    servers.map((server) => [server.major, new Map(server.relations.map((one) => [one.name, one.columns.join(' ')]))]),
  );
  return names.map((name) => {
    const since: Record<string, string | null> = {};
    let last: string | null = null;
    for (const major of MAJORS) {
      const now = columns.get(major)?.get(name) ?? null;
      if (now !== last) since[String(major)] = now;
      last = now;
    }
    return [name, [relations.get(name) ?? 'unknown', since]];
  });
}

function functionEntries(
  servers: readonly ServerBuiltins[],
  review: Review,
): readonly (readonly [string, readonly unknown[]])[] {
  const verdicts = new Map(review.functions.map((one) => [formOf(one.signature, one.identity), one]));
  /** By name, then by shape: the versions that have it. Overloads that a call cannot tell apart are one. */
  const names = new Map<string, Map<string, Set<number>>>();
  for (const { major, functions } of servers) {
    for (const one of functions) {
      const verdict = verdicts.get(formOf(signatureOf(one), one.identity));
      const shape = [one.least, one.most, verdict?.allow[0] ?? 'n', verdict?.class ?? 'unknown', one.flags];
      const key = JSON.stringify(one.columns === null ? [shape] : [shape, one.columns]);
      const shapes = names.get(one.name) ?? new Map<string, Set<number>>();
      names.set(one.name, shapes.set(key, (shapes.get(key) ?? new Set()).add(major)));
    }
  }
  return [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, shapes]) => [
      name,
      [...shapes]
        .map(([key, majors]) => {
          const [shape, columns] = JSON.parse(key) as [unknown[], unknown];
          return [...shape, versionsText([...majors]), ...(columns === undefined ? [] : [columns])];
        })
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    ]);
}
