import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { APP_ORIGIN, LINK_PORT, OPEN_EXTERNAL, REQUEST_LINK } from '../../../shared/electron-shell.ts';
import { connect, messagePortLink, serve, unary } from '../../../shared/rpc/index.ts';
import { runGateService, type OpenDesktop } from '../gate-service.ts';
import { mayOpenExternally } from './external.ts';
import { startElectronShell } from './shell.ts';
import * as electron from './testing/electron-stub.ts';

const contract = { name: unary<string>()(z.void()) } as const;
const openDesktop: OpenDesktop = () =>
  Promise.resolve({
    serveLink: (link) => serve(link, contract, { name: () => 'the gate' }),
    close: () => Promise.resolve(),
  });

let root: string;
let window: electron.BrowserWindow;
let signals: Record<string, readonly unknown[]>;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'countersign-electron-'));
  mkdirSync(join(root, 'renderer/assets'), { recursive: true });
  writeFileSync(join(root, 'renderer/index.html'), '<!doctype html><title>Countersign</title>');
  writeFileSync(join(root, 'renderer/assets/app.js'), 'export {}');
  writeFileSync(join(root, 'secret.html'), 'secret');
  symlinkSync(join(root, 'secret.html'), join(root, 'renderer/assets/link.html'));
  signals = { SIGINT: process.listeners('SIGINT'), SIGTERM: process.listeners('SIGTERM') };
  const parts = { rendererDirectory: join(root, 'renderer'), preload: '/app/preload.cjs', gateEntry: '/app/gate.js' };
  startElectronShell(['--home', join(root, 'home'), '--enable-features=Whatever'], parts);
  electron.becomeReady();
  await new Promise((resolve) => setImmediate(resolve));
  const [made] = electron.windows;
  if (made === undefined) throw new Error('no window was made');
  window = made;
});
afterAll(() => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    for (const listener of process.listeners(signal)) {
      if (!signals[signal]?.includes(listener)) process.removeListener(signal, listener);
    }
  }
  electron.resetElectron();
  rmSync(root, { recursive: true });
});

/** An event as Electron gives it, and whether it was prevented. */
function event(fields: object) {
  const state = { prevented: false };
  return { state, ...fields, preventDefault: () => void (state.prevented = true) };
}

const fromPage = (frame: Partial<electron.StubFrame> = {}) => ({
  sender: window.webContents,
  senderFrame: { ...window.webContents.mainFrame, ...frame },
});

describe('the window of the Electron shell', () => {
  it('has a page without power', () => {
    expect(window.options.webPreferences).toEqual({
      preload: '/app/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      disableBlinkFeatures: 'Auxclick',
      spellcheck: false,
      devTools: true,
    });
  });

  it('is preceded by the scheme, the sandbox and the lock, which all come before Electron is ready', () => {
    const order = electron.recorded.map(({ call }) => call);
    const before = order.slice(0, order.indexOf('ready'));
    expect(before).toEqual([
      'app.enableSandbox',
      'protocol.registerSchemesAsPrivileged',
      'app.setPath',
      'app.requestSingleInstanceLock',
    ]);
    expect(electron.callsOf('app.setPath')).toEqual([['userData', join(root, 'home/electron')]]);
  });

  it('shows our own page', () => {
    expect(electron.callsOf('window.loadURL')).toEqual([['app://countersign/']]);
  });

  it.each([
    ['will-navigate', 'https://evil.test/', true],
    ['will-navigate', 'app://countersign.evil.test/', true],
    ['will-navigate', 'app://countersign/assets/app.js', true],
    ['will-navigate', 'file:///etc/passwd', true],
    ['will-navigate', 'app://countersign/', false],
    ['will-frame-navigate', 'https://evil.test/', true],
    ['will-redirect', 'app://countersign/', true],
    ['will-attach-webview', '', true],
  ])('on %s to "%s" prevents it: %s', (name, url, prevented) => {
    const navigation = event({ url, isMainFrame: true });
    window.webContents.emit(name, navigation);
    expect(navigation.state.prevented).toBe(prevented);
  });

  it('opens no other window', () => {
    const handler = electron.callsOf('webContents.setWindowOpenHandler')[0]?.[0] as () => unknown;
    expect(handler()).toEqual({ action: 'deny' });
  });

  it.each([
    [`blob:${APP_ORIGIN}/1b9d6bcd`, 'activity-2026-11-21.csv', true],
    [`blob:${APP_ORIGIN}/1b9d6bcd`, '01a1fffc-0373-73ad-ae83-2e640d412ace-8.tlog-proof', true],
    [`blob:${APP_ORIGIN}/1b9d6bcd`, 'activity-2026-11-21.csv.exe', false],
    [`blob:${APP_ORIGIN}/1b9d6bcd`, '../.bashrc', false],
    ['blob:https://evil.test/1b9d6bcd', 'activity-2026-11-21.csv', false],
    ['https://evil.test/activity-2026-11-21.csv', 'activity-2026-11-21.csv', false],
    ['data:text/csv,a', 'activity-2026-11-21.csv', false],
  ])('has the person choose where %s is saved as %s: %s', (url, name, saved) => {
    const download = event({});
    const asked: unknown[] = [];
    electron.session.defaultSession.emit('will-download', download, {
      getURL: () => url,
      getFilename: () => name,
      setSaveDialogOptions: (options: unknown) => asked.push(options),
    });
    expect(download.state.prevented).toBe(!saved);
    expect(asked).toEqual(saved ? [{ defaultPath: name }] : []);
  });

  it('requests nothing from elsewhere', () => {
    const [filter, handler] = electron.callsOf('webRequest.onBeforeRequest')[0] as [
      unknown,
      (d: object, a: (r: object) => void) => void,
    ];
    expect(filter).toMatchObject({
      urls: expect.arrayContaining(['https://*/*', 'ws://*/*', 'file://*/*']) as string[],
    });
    handler({}, (answer) => expect(answer).toEqual({ cancel: true }));
  });

  it.each([
    ['clipboard-sanitized-write', APP_ORIGIN, true, true],
    ['clipboard-sanitized-write', APP_ORIGIN, false, false],
    ['clipboard-sanitized-write', 'https://evil.test', true, false],
    ['clipboard-read', APP_ORIGIN, true, false],
    ['media', APP_ORIGIN, true, false],
    ['openExternal', APP_ORIGIN, true, false],
    ['notifications', APP_ORIGIN, true, false],
  ])('has the permission %s from %s, top frame %s: %s', (permission, origin, isMainFrame, granted) => {
    const check = electron.callsOf('session.setPermissionCheckHandler')[0]?.[0] as (...args: unknown[]) => boolean;
    const ask = electron.callsOf('session.setPermissionRequestHandler')[0]?.[0] as (...args: unknown[]) => void;
    expect(check(null, permission, origin, { isMainFrame })).toBe(granted);
    ask(null, permission, (answer: boolean) => expect(answer).toBe(granted), { isMainFrame, requestingUrl: origin });
  });

  it('comes to the front when the program is started again', () => {
    electron.app.emit('second-instance');
    expect(electron.callsOf('window.focus')).toHaveLength(1);
  });
});

describe('the app:// scheme', () => {
  const get = (url: string, method = 'GET'): Promise<Response> => {
    const handler = electron.handlers.get('app');
    if (handler === undefined) throw new Error('no handler');
    // Not a Request: Node's refuses schemes that fetch does not know, and gives no url as written.
    return handler({ url, method } as Request);
  };

  it('gives the page with its policy', async () => {
    const response = await get('app://countersign/');
    expect(await response.text()).toContain('<title>Countersign</title>');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect((await get('app://countersign/assets/app.js')).status).toBe(200);
    expect((await get('app://countersign/assets/app.js?721d4c0a')).status).toBe(200);
  });

  it.each([
    'app://countersign/../secret.html',
    'app://countersign/%2e%2e/secret.html',
    'app://countersign/..%2fsecret.html',
    'app://countersign/..%5csecret.html',
    'app://countersign//secret.html',
    'app://countersign/assets/link.html',
    'app://countersign/assets/',
    'app://countersign/__proto__',
    'app://elsewhere/',
    'app://countersign:80/',
  ])('gives nothing at %s', async (url) => {
    const response = await get(url);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('');
  });

  it('only reads', async () => {
    expect((await get('app://countersign/', 'POST')).status).toBe(404);
  });
});

describe('addresses for the person’s own browser', () => {
  it.each([
    ['https://login.example.com/authorize?x=1', true],
    ['http://127.0.0.1:4000/auth', true],
    ['http://localhost:4000/auth', true],
    ['http://[::1]:4000/auth', true],
    ['http://example.com/', false],
    ['http://127.0.0.1.evil.test/', false],
    ['http://localhost@evil.test/', false],
    ['https://user:pass@example.com/', false],
    ['file:///etc/passwd', false],
    ['javascript:alert(1)', false],
    ['ms-msdt:/id', false],
    ['smb://host/share', false],
    ['app://countersign/', false],
    ['', false],
    [`https://example.com/${'x'.repeat(9000)}`, false],
  ])('%s may be opened: %s', (address, allowed) => {
    expect(mayOpenExternally(address)).toBe(allowed);
  });

  it('are text, and nothing that turns into it', () => {
    expect(mayOpenExternally(['https://example.com/'])).toBe(false);
  });

  it('are opened for our own top frame only', () => {
    const url = 'https://login.example.com/';
    electron.ipcMain.emit(OPEN_EXTERNAL, fromPage({ origin: 'https://evil.test' }), url);
    electron.ipcMain.emit(OPEN_EXTERNAL, fromPage({ parent: window.webContents.mainFrame }), url);
    electron.ipcMain.emit(OPEN_EXTERNAL, { sender: {}, senderFrame: window.webContents.mainFrame }, url);
    electron.ipcMain.emit(OPEN_EXTERNAL, { sender: window.webContents, senderFrame: null }, url);
    expect(electron.callsOf('shell.openExternal')).toEqual([]);
    electron.ipcMain.emit(OPEN_EXTERNAL, fromPage(), url);
    expect(electron.callsOf('shell.openExternal')).toEqual([[url]]);
  });
});

describe('the port to the gate process', () => {
  /** Runs the gate's side of the process that was forked last. */
  function runGate(): void {
    const child = electron.children.at(-1);
    if (child === undefined) throw new Error('nothing was forked');
    void runGateService({
      parent: {
        postMessage: (report) => void child.emit('message', report),
        on: (_event, listener) =>
          child.on('told', (data: unknown, ports: electron.StubPort[]) => listener({ data, ports })),
      },
      profile: { home: join(root, 'home'), demonstration: true },
      open: openDesktop,
      exit: (code) => void child.emit('exit', code),
    });
  }

  const ask = (nonce: unknown, frame: Partial<electron.StubFrame> = {}): void =>
    void electron.ipcMain.emit(REQUEST_LINK, fromPage(frame), nonce);
  const posted = (): readonly (readonly unknown[])[] => electron.callsOf('webContents.postMessage');
  const nextPort = (): Promise<[string, string, electron.StubPort[]]> =>
    new Promise((resolve) =>
      window.webContents.once('posted', (...args: unknown[]) => resolve(args as [string, string, electron.StubPort[]])),
    );

  afterEach(() => {
    electron.recorded.splice(
      0,
      Infinity,
      ...electron.recorded.filter(({ call }) => call !== 'webContents.postMessage'),
    );
  });

  it('starts the gate as a process of its own on the profile', () => {
    const [entry, args] = electron.callsOf('utilityProcess.fork')[0] as [string, string[]];
    expect(entry).toBe('/app/gate.js');
    expect(args).toEqual(['--home', join(root, 'home'), '--demonstration']);
  });

  it('waits for the gate, then carries calls of the page', async () => {
    ask('early');
    expect(posted()).toEqual([]);
    const given = nextPort();
    runGate();
    const [channel, nonce, [port]] = await given;
    expect([channel, nonce]).toEqual([LINK_PORT, 'early']);
    if (port === undefined) throw new Error('no port was given');
    const link = messagePortLink(port.page);
    expect(await connect(link, contract).name()).toBe('the gate');
    link.close();
  });

  it.each<[string, unknown, Partial<electron.StubFrame>]>([
    ['a frame inside the page', 'n', { parent: { parent: null, origin: APP_ORIGIN } }],
    ['a page of another origin', 'n', { origin: 'https://evil.test' }],
    ['a page of an opaque origin', 'n', { origin: 'null' }],
    ['a question without a nonce', undefined, {}],
    ['a question with an object for a nonce', {}, {}],
    ['a question with an endless nonce', 'n'.repeat(1000), {}],
  ])('is not given to %s', (_name, nonce, frame) => {
    ask(nonce, frame);
    expect(posted()).toEqual([]);
  });

  it('is given anew after the gate has been started again', async () => {
    const before = electron.children.length;
    electron.children.at(-1)?.emit('exit', 9);
    expect(electron.children).toHaveLength(before + 1);
    ask('again');
    const given = nextPort();
    runGate();
    expect((await given)[1]).toBe('again');
  });

  it('tells the page when the gate cannot start', () => {
    electron.children.at(-1)?.emit('message', { kind: 'failed', text: 'The disk is full.' });
    expect(electron.callsOf('webContents.send')).toContainEqual(['countersign:progress', 'The disk is full.', true]);
  });
});

describe('the end of the program', () => {
  it('waits until the gate has stopped, once', async () => {
    const [first, second] = [event({}), event({})];
    electron.app.emit('before-quit', first);
    electron.app.emit('before-quit', second);
    expect([first.state.prevented, second.state.prevented]).toEqual([true, false]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(electron.callsOf('app.exit')).toEqual([[0]]);
  });
});
