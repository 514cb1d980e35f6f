import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { APP_ORIGIN, LINK_PORT } from '../../shared/electron-shell.ts';
import { connect, messagePortLink, serve, unary } from '../../shared/rpc/index.ts';
import { messagePortDial } from './message-port.ts';

const contract = { name: unary<string>()(z.void()) } as const;

/** A window that messages are posted in, with the fields that tell where they come from. */
class FakeWindow extends EventTarget {
  readonly origin = APP_ORIGIN;

  /** Posts a port to a gate process that calls itself `name`. */
  post(name: string, fields: { type?: string; nonce?: string; source?: unknown; origin?: string }): void {
    const { port1, port2 } = new MessageChannel();
    serve(messagePortLink(port1), contract, { name: () => name });
    const { type = LINK_PORT, nonce, source = this, origin = APP_ORIGIN } = fields;
    this.dispatchEvent(Object.assign(new Event('message'), { data: { type, nonce }, source, origin, ports: [port2] }));
  }
}

describe('a dialled message port', () => {
  it('is the one that was asked for, posted by the shell in this window', async () => {
    const page = new FakeWindow();
    const bridge = {
      openExternal: () => undefined,
      requestLink(nonce: string) {
        page.post('another origin', { nonce, origin: 'https://evil.test' });
        page.post('another window', { nonce, source: new FakeWindow() });
        page.post('another request', { nonce: 'guess' });
        page.post('another message', { nonce, type: 'hello' });
        page.post('the gate', { nonce });
        page.post('a second answer', { nonce });
      },
    };
    const { link } = await messagePortDial(bridge, page as unknown as Window)();
    expect(await connect(link, contract).name()).toBe('the gate');
    link.close();
  });
});
