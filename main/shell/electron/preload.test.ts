import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP_ORIGIN, type ShellBridge } from '../../../shared/electron-shell.ts';
import * as electron from './testing/electron-stub.ts';

const posted: unknown[][] = [];

describe('the preload script', () => {
  beforeAll(async () => {
    Object.assign(globalThis, { window: { postMessage: (...args: unknown[]) => posted.push(args) } });
    await import('./preload.ts');
  });
  afterAll(() => {
    Reflect.deleteProperty(globalThis, 'window');
    electron.resetElectron();
  });

  const bridge = (): ShellBridge => electron.exposed.get('countersign') as ShellBridge;

  it('gives the page two functions and nothing that it could change', () => {
    expect([...electron.exposed.keys()]).toEqual(['countersign']);
    expect(Object.keys(bridge())).toEqual(['requestLink', 'openExternal']);
    expect(Object.isFrozen(bridge())).toBe(true);
  });

  it('sends what the page asks for on its own channels, as text', () => {
    bridge().requestLink('nonce');
    bridge().openExternal(['https://login.example.com/'] as unknown as string);
    expect(electron.callsOf('ipcRenderer.send')).toEqual([
      ['countersign:request-link', 'nonce'],
      ['countersign:open-external', 'https://login.example.com/'],
    ]);
  });

  it('posts the port to our own origin and no other', () => {
    const ports = [{}];
    electron.ipcRenderer.emit('countersign:link-port', { ports }, 'nonce');
    expect(posted).toEqual([[{ type: 'countersign:link-port', nonce: 'nonce' }, APP_ORIGIN, ports]]);
  });
});
