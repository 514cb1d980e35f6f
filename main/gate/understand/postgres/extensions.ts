import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type CatalogFunction } from '../../../databases/catalog.ts';

/**
 * Compiled functions of well-known extensions that were reviewed to compute from what they are given and nothing else
 * (scripts/postgres-extensions.ts makes the file and says what is left out). A function is one of them by what runs, not
 * by its name: member of the extension, owned by a superuser, of that signature, with that symbol of that library.
 */
const file = z.record(z.string(), z.array(z.string()));

const reviewed: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(file.parse(JSON.parse(readFileSync(new URL('./extensions.json', import.meta.url), 'utf8')))).map(
    ([extension, list]) => [extension, new Set(list)],
  ),
);

export const REVIEWED_EXTENSIONS: readonly string[] = [...reviewed.keys()];

export function isReviewedFunction(one: CatalogFunction): boolean {
  if (one.extension === undefined || one.source.kind !== 'compiled' || !one.ownedBySuperuser) return false;
  const library = one.language === 'c' ? (one.source.library ?? '') : 'internal';
  const line = `${one.name}(${one.signature}) ${library} ${one.source.symbol}`;
  return reviewed.get(one.extension)?.has(line) === true;
}
