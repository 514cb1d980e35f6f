/** Matches a catalog name exactly, or with `*` for any run of characters. */
export type NamePattern = (name: string) => boolean;

/** Every name that any of the patterns matches. Linear: each `*` splits, and parts are found left to right. */
export function namePattern(patterns: readonly string[]): NamePattern {
  const exact = new Set(patterns.filter((text) => !text.includes('*')));
  const wild = patterns.filter((text) => text.includes('*')).map((text) => text.split('*'));
  return (name) => exact.has(name) || wild.some((parts) => matchesParts(parts, name));
}

function matchesParts(parts: readonly string[], name: string): boolean {
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let from = first.length;
  const until = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > until) return false;
    from = at + part.length;
  }
  return true;
}
