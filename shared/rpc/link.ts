import { parseFrame } from './frames.ts';
import { type Frame, type Link } from './types.ts';
import { mapBytes } from './wire-value.ts';

/** The part of a link that differs between channels. */
export interface Channel {
  /** Called only while the link is open. @throws RpcError `not_sendable` or `too_large`. */
  post(frame: Frame): void;
  /** Starts delivery, once, when somebody listens; channels that queue until then lose nothing. */
  start(): void;
  close(): void;
}

export interface OpenLink {
  readonly link: Link;
  /** What arrived, as it arrived. Anything that a link would not have sent closes this one. */
  receive(value: unknown): void;
  /** The channel has gone away. */
  closed(): void;
}

/** A link over `channel`: the same states and the same refusals whatever carries the frames. */
export function openLink(channel: Channel): OpenLink {
  const frameListeners: ((frame: Frame) => void)[] = [];
  const closeListeners: (() => void)[] = [];
  let open = true;

  const closed = (): void => {
    if (!open) return;
    open = false;
    for (const listener of closeListeners) listener();
  };

  const close = (): void => {
    if (!open) return;
    channel.close();
    closed();
  };

  return {
    link: {
      send(frame) {
        if (open) channel.post(frame);
      },
      onFrame(listener) {
        frameListeners.push(listener);
        if (frameListeners.length === 1 && open) channel.start();
      },
      onClose(listener) {
        if (open) closeListeners.push(listener);
        else queueMicrotask(listener);
      },
      close,
    },
    receive(value) {
      if (!open) return;
      const frame = sendable(value) ? parseFrame(value) : null;
      if (frame === null) close();
      else for (const listener of frameListeners) listener(frame);
    },
    closed,
  };
}

/** Whether an honest peer could have sent this: size, depth and kinds of value. */
function sendable(value: unknown): boolean {
  try {
    mapBytes(value, (bytes) => bytes);
    return true;
  } catch {
    return false;
  }
}
