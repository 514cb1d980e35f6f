/**
 * Where signed events lie that people on several machines share: requests, decisions, grants and their ends. It is append-only
 * and never trusted: what counts is signed inside the event, and whoever reads verifies.
 */
export interface Hub {
  /** Resolves when the event is durable. The same id twice is the same event; another body under it is refused. */
  append(event: HubEvent): Promise<{ readonly position: number }>;
  /** Events after a position, in order; at most `limit`. */
  since(position: number, limit: number): Promise<readonly (HubEvent & { readonly position: number })[]>;
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
