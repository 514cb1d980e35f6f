import { type WebSocket } from 'ws';
import { CLOSE_REPLACED, CLOSE_STOPPED } from '../../../shared/browser-shell.ts';

export interface Tabs {
  readonly size: number;
  /** Whether a tab with this key may connect: one that is known may always come back. */
  hasRoom(key: string): boolean;
  /** A tab has connected. A second connection with the same key replaces the first: a reload, or a copied tab. */
  add(key: string, socket: WebSocket): void;
  /** Starts the wait for a first tab again, for a window that closed before its page connected. */
  expect(): void;
  close(): void;
}

/**
 * The tabs that are connected. When there has been none for `graceMs` after the last has gone, `onLastGone` is called
 * once for each time that happens; a reload, or the machine waking up, comes back sooner.
 */
export function trackTabs(
  limits: { readonly maxTabs: number; readonly graceMs: number },
  onLastGone: () => void,
): Tabs {
  const live = new Map<string, WebSocket>();
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  const expectTab = (): void => {
    clearTimeout(timer);
    if (open && live.size === 0) timer = setTimeout(onLastGone, limits.graceMs);
  };

  return {
    get size() {
      return live.size;
    },
    hasRoom: (key) => live.has(key) || live.size < limits.maxTabs,
    add(key, socket) {
      clearTimeout(timer);
      live.get(key)?.close(CLOSE_REPLACED);
      live.set(key, socket);
      socket.on('close', () => {
        if (live.get(key) !== socket) return;
        live.delete(key);
        expectTab();
      });
    },
    expect: expectTab,
    close() {
      open = false;
      clearTimeout(timer);
      for (const socket of live.values()) socket.close(CLOSE_STOPPED);
    },
  };
}
