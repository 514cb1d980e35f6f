/** What of untrusted JSON the checks need. */
export interface Json {
  readonly [key: string]: unknown;
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path of keys, or undefined. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let inner = value;
  for (const key of path) {
    if (!isObject(inner)) return undefined;
    inner = inner[key];
  }
  return inner;
}

export function parseObject(bytes: Buffer): Json | null {
  return parseText(bytes.toString());
}

export function parseText(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** JSON of a value as files beside a log have it: indented by two, newline; null for what is nested too deep to write. */
export function fileText(value: unknown): string | null {
  try {
    return `${JSON.stringify(value, null, 2)}\n`;
  } catch {
    return null;
  }
}

/** A value in a sentence: hostile JSON can hold objects that refuse to become text. */
export const inWords = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? 'an object'
    : typeof value === 'string'
      ? value.slice(0, 200)
      : String(value);
