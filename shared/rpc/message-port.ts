import { openLink } from './link.ts';
import { type Link } from './types.ts';
import { mapBytes } from './wire-value.ts';

/** What the link needs of a port: the DOM's MessagePort and that of node:worker_threads both have it. */
export interface PortLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'close', listener: (event: Event) => void): void;
  start(): void;
  close(): void;
}

/**
 * Structured clone of a view copies the whole buffer behind it, and a Buffer of Node is a view of a shared pool: without
 * this the other side could read what lies beside the bytes.
 */
function ownBuffer(bytes: Uint8Array): Uint8Array {
  const whole = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
  return whole ? bytes : new Uint8Array(bytes);
}

/** A value as it may be posted to a port. @throws RpcError `not_sendable` or `too_large`. */
export function portable(value: unknown): unknown {
  return mapBytes(value, ownBuffer);
}

/** A link over one end of a MessageChannel. */
export function messagePortLink(port: PortLike): Link {
  const { link, receive, closed } = openLink({
    post: (frame) => port.postMessage(portable(frame)),
    start: () => port.start(),
    close: () => port.close(),
  });
  port.addEventListener('message', (event) => receive('data' in event ? event.data : undefined));
  port.addEventListener('close', closed);
  return link;
}
