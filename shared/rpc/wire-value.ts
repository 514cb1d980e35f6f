/**
 * What may cross a link, the same on every link: null, booleans, finite numbers, strings, Uint8Arrays, arrays and plain
 * objects of these. JSON and structured clone each take more and differ in it; a value outside the common part would
 * arrive changed on one link and intact on the other.
 */
import { RpcError } from './errors.ts';

/** Largest frame, bytes; also the WebSocket servers' payload limit. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 64;
/** Counted for every value besides its text or bytes, so that the walk over a cyclic value ends at the size limit. */
const NODE_BYTES = 8;

export type Path = readonly (string | number)[];

/** @throws RpcError `too_large` always. */
export function tooLarge(): never {
  throw new RpcError({
    code: 'too_large',
    message: `The message is larger than ${MAX_FRAME_BYTES / 1024 / 1024} MB and was not sent.`,
    next: 'Ask for fewer rows, or for less text, at a time.',
  });
}

function notSendable(what: string): never {
  throw new RpcError({ code: 'not_sendable', message: `A value of this kind does not cross the link: ${what}.` });
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Checks `value` and replaces every Uint8Array in it by what `replace` gives; parts without one are shared, not copied.
 * @throws RpcError `not_sendable` or `too_large`.
 */
export function mapBytes(value: unknown, replace: (bytes: Uint8Array, path: Path) => unknown): unknown {
  let size = 0;
  const path: (string | number)[] = [];

  const count = (bytes: number): void => {
    size += bytes + NODE_BYTES;
    if (size > MAX_FRAME_BYTES) tooLarge();
  };

  const child = (key: string | number, item: unknown): unknown => {
    path.push(key);
    const mapped = walk(item);
    path.pop();
    return mapped;
  };

  const walk = (item: unknown): unknown => {
    if (path.length > MAX_DEPTH) notSendable(`nested deeper than ${MAX_DEPTH}`);
    switch (typeof item) {
      case 'string':
        count(item.length);
        return item;
      case 'number':
        if (!Number.isFinite(item)) notSendable('a number that is not finite');
        count(0);
        return item;
      case 'boolean':
        count(0);
        return item;
      case 'object':
        break;
      default:
        return notSendable(typeof item);
    }
    if (item === null) {
      count(0);
      return item;
    }
    if (item instanceof Uint8Array) {
      count(item.byteLength);
      return replace(item, [...path]);
    }
    count(0);
    if (Array.isArray(item)) {
      let copy: unknown[] | undefined;
      item.forEach((element: unknown, i) => {
        const mapped = child(i, element);
        if (mapped !== element) (copy ??= item.slice())[i] = mapped;
      });
      // forEach passes over holes, which one link would fill with null.
      if (Object.keys(item).length !== item.length) notSendable('an array with holes or names');
      return copy ?? item;
    }
    if (!isPlain(item)) notSendable('an instance of a class');
    let entries: [string, unknown][] | undefined;
    const own = Object.entries(item);
    own.forEach(([key, element], i) => {
      count(key.length);
      if (element === undefined) return;
      const mapped = child(key, element);
      if (mapped !== element) (entries ??= own.slice())[i] = [key, mapped];
    });
    return entries === undefined ? item : Object.fromEntries(entries);
  };

  return value === undefined ? value : walk(value);
}
