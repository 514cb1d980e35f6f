/** A list of identifiers as settings hold it: `"odd ""name", public, $user` (SplitIdentifierString in varlena.c). */
export function identifiers(value: string): readonly string[] {
  const found = [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",\s]+))\s*(?:,|$)/g)];
  return found.map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? (bare ?? '').toLowerCase());
}
