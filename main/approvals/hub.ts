import { createHash } from 'node:crypto';
import { CountersignError } from '../errors.ts';

/**
 * Where signed events lie that people on several machines share: requests, decisions, grants and their ends. It is append-only
 * and never trusted: what counts is signed inside the event, and whoever reads verifies.
 */
export interface Hub {
  /** Resolves when the event is durable. The same id twice is the same event; another body or topic under it is refused. Throws `hub-*`. */
  append(event: HubEvent): Promise<{ readonly position: number }>;
  /**
   * Events after a position, in order; at most `limit`, and fewer where they are large: there are no more once none is given.
   * What is committed later never has an earlier position, so a reader that goes on from the last one misses nothing. Throws `hub-*`.
   */
  since(position: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Calls when there may be something new. @returns ends it */
  subscribe(changed: () => void): () => void;
  close(): Promise<void>;
}

export interface HubEvent {
  /** SHA-256 of the body's bytes, hex. */
  readonly id: string;
  /** What it is about, for example `grant`: the JWS `typ` says the same, so that a signature is not used for something else. */
  readonly topic: string;
  /** A flattened JWS (RFC 7515 §7.2.2) with its evidence, as JSON. */
  readonly body: string;
}

export interface StoredEvent extends HubEvent {
  /** From 1 on; not without gaps. */
  readonly position: number;
}

/** Bytes of a body (UTF-8). */
export const MAX_BODY = 1024 * 1024;

/** The id of a body: SHA-256 of its UTF-8 bytes, hex. */
export const idOf = (body: string): string => createHash('sha256').update(body).digest('hex');

/** What every hub refuses, wherever it keeps its events. @throws CountersignError `hub-event-refused` */
export function checkEvent({ id, topic, body }: HubEvent): void {
  const refuse = (why: string): never => {
    throw new CountersignError('hub-event-refused', `The event was not taken into the approvals: ${why}.`, {
      next: 'Try again, with a shorter reason where one was given.',
    });
  };
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(topic)) refuse('its topic is not a word');
  if (Buffer.byteLength(body) > MAX_BODY) refuse('it is larger than 1 MiB');
  // Half of a surrogate pair has no UTF-8: it would come back as something else.
  if (!body.isWellFormed() || body.includes('\0')) refuse('its text cannot be kept as it is');
  if (id !== idOf(body)) refuse('its id is not the hash of its body');
}
