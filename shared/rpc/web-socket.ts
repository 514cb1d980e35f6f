import { decodeFrame, encodeFrame } from './codec.ts';
import { openLink } from './link.ts';
import { type Link } from './types.ts';

/** What the link needs of a socket: the browser's WebSocket and that of npm `ws` both have it. */
export interface SocketLike {
  binaryType: string;
  send(message: Uint8Array<ArrayBuffer>): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  close(code?: number): void;
}

/** A link over an open WebSocket; takes over its binaryType. Text frames and undecodable bytes close it. */
export function webSocketLink(socket: SocketLike): Link {
  socket.binaryType = 'arraybuffer';
  const { link, receive, closed } = openLink({
    post: (frame) => socket.send(encodeFrame(frame)),
    start: () => undefined,
    close: () => socket.close(),
  });
  socket.addEventListener('message', ({ data }) => {
    let frame: unknown;
    try {
      frame = data instanceof ArrayBuffer ? decodeFrame(data) : undefined;
    } catch {
      frame = undefined;
    }
    receive(frame);
  });
  socket.addEventListener('close', closed);
  return link;
}
