import { type RpcErrorShape } from './types.ts';

/** Codes that the protocol itself answers with; every other code comes from a handler. */
export type ProtocolCode =
  | 'disconnected'
  | 'internal'
  | 'invalid_arguments'
  | 'not_sendable'
  | 'too_large'
  | 'too_many_calls'
  | 'unknown_method';

/** An error that crossed a link, or that the link itself gave: the shape of a CountersignError, on the calling side. */
export class RpcError extends Error implements RpcErrorShape {
  override readonly name = 'RpcError';
  readonly code: string;
  readonly next?: string;

  constructor(shape: RpcErrorShape) {
    super(shape.message);
    this.code = shape.code;
    if (shape.next !== undefined) this.next = shape.next;
  }
}

/** What a caller gets when the link goes away under its call. */
export function disconnected(): RpcError {
  return new RpcError({
    code: 'disconnected' satisfies ProtocolCode,
    message: 'The connection to the Countersign process was lost before it answered.',
    next: 'Wait for the window to connect again, or start Countersign again.',
  });
}

/** The only thing that is told about an error not meant for people; its text stays in the log of the serving side. */
export const INTERNAL: RpcErrorShape = Object.freeze({
  code: 'internal' satisfies ProtocolCode,
  message: 'Something went wrong inside Countersign. The details are in its log.',
});

/** Longest message that is told, characters. */
const MAX_MESSAGE = 8192;

/**
 * The part of an error that may cross a link, or null when none of it may. Only CountersignError (main/errors.ts,
 * recognised by name because shared/ does not import main/) is written for people: drivers and the operating system
 * also set `code`, and their messages carry cells, paths and host names.
 */
export function shapeForPeople(error: unknown): RpcErrorShape | null {
  if (!(error instanceof Error)) return null;
  const forPeople = error.name === 'CountersignError' || (error instanceof RpcError && error.code === 'too_large');
  const { code, next } = error as Partial<RpcErrorShape>;
  if (!forPeople || typeof code !== 'string') return null;
  const message = error.message.slice(0, MAX_MESSAGE);
  return { code, message, ...(typeof next === 'string' ? { next: next.slice(0, MAX_MESSAGE) } : {}) };
}
