/**
 * Stands in for `electron` in unit tests (alias in vitest.config.ts). It records calls, and anything of Electron that is
 * not listed here throws: the shell cannot come to use more of it unnoticed.
 */
import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

export interface Recorded {
  readonly call: string;
  readonly args: readonly unknown[];
}

export const recorded: Recorded[] = [];

/** The arguments of every recorded call of this name. */
export function callsOf(call: string): readonly (readonly unknown[])[] {
  return recorded.filter((entry) => entry.call === call).map(({ args }) => args);
}

const record =
  <R>(call: string, answer: (...args: never[]) => R) =>
  (...args: unknown[]): R => {
    recorded.push({ call, args });
    return answer(...(args as never[]));
  };

/** Lets only what is there be read; assignments and everything else throw. */
function strict<T extends object>(name: string, listed: T): T {
  return new Proxy(listed, {
    get(target, key) {
      if (typeof key === 'symbol' || key === 'then' || key in target) return Reflect.get(target, key) as unknown;
      throw new Error(`${name}.${key} is not among the APIs that the shell uses: list it in electron-stub.ts.`);
    },
    set(target, key, value) {
      // EventEmitter's own state.
      if (typeof key === 'symbol' || key.startsWith('_')) return Reflect.set(target, key, value);
      throw new Error(`${name}.${key} may not be set.`);
    },
  });
}

const nothing = (): undefined => undefined;
/** EventEmitter's own members, by name: a Proxy over an emitter lists them through its prototype. */
type Emitting<T> = EventEmitter & T;
const emitting = <T extends object>(members: T): Emitting<T> => Object.assign(new EventEmitter(), members);

let makeReady: () => void = nothing;
const ready = new Promise<void>((resolve) => {
  makeReady = resolve;
});
/** Electron becomes ready. */
export const becomeReady = (): void => {
  recorded.push({ call: 'ready', args: [] });
  makeReady();
};

export const app = strict(
  'app',
  emitting({
    isPackaged: false,
    enableSandbox: record('app.enableSandbox', nothing),
    setPath: record('app.setPath', nothing),
    requestSingleInstanceLock: record('app.requestSingleInstanceLock', () => true),
    whenReady: () => ready,
    quit: record('app.quit', nothing),
    exit: record('app.exit', nothing),
  }),
);

export type Handler = (request: Request) => Promise<Response>;
export const handlers = new Map<string, Handler>();
export const protocol = strict('protocol', {
  registerSchemesAsPrivileged: record('protocol.registerSchemesAsPrivileged', nothing),
  handle: record('protocol.handle', (scheme: string, handler: Handler) => void handlers.set(scheme, handler)),
});

export const session = strict('session', {
  defaultSession: strict(
    'session.defaultSession',
    emitting({
      setPermissionRequestHandler: record('session.setPermissionRequestHandler', nothing),
      setPermissionCheckHandler: record('session.setPermissionCheckHandler', nothing),
      setDevicePermissionHandler: record('session.setDevicePermissionHandler', nothing),
      webRequest: strict('webRequest', { onBeforeRequest: record('webRequest.onBeforeRequest', nothing) }),
    }),
  ),
});

export const ipcMain = strict('ipcMain', emitting({}));
export const shell = strict('shell', {
  openExternal: record('shell.openExternal', () => Promise.resolve()),
});
export const Menu = strict('Menu', {
  setApplicationMenu: record('Menu.setApplicationMenu', nothing),
  buildFromTemplate: record('Menu.buildFromTemplate', nothing),
});

/** Electron's MessagePortMain over a port of node:worker_threads: its 'message' is an event with data and ports. */
export class StubPort extends EventEmitter {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
    port.on('message', (data: unknown) => this.emit('message', { data, ports: [] }));
    port.on('close', () => this.emit('close'));
    port.unref();
  }

  postMessage(message: unknown): void {
    this.#port.postMessage(message);
  }

  start(): void {
    this.#port.ref();
  }

  close(): void {
    this.#port.close();
  }

  /** What the page would get. */
  get page(): MessagePort {
    return this.#port;
  }
}

export class MessageChannelMain {
  readonly port1: StubPort;
  readonly port2: StubPort;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    [this.port1, this.port2] = [new StubPort(port1), new StubPort(port2)];
  }
}

export interface StubFrame {
  readonly parent: StubFrame | null;
  readonly origin: string;
}

export class StubContents extends EventEmitter {
  readonly mainFrame: StubFrame = { parent: null, origin: 'app://countersign' };
  readonly postMessage = record('webContents.postMessage', (channel: string, message: unknown, ports: StubPort[]) => {
    this.emit('posted', channel, message, ports);
  });
  readonly send = record('webContents.send', nothing);
  readonly setWindowOpenHandler = record('webContents.setWindowOpenHandler', nothing);
}

/** Every window that was made. */
export const windows: BrowserWindow[] = [];
export class BrowserWindow extends EventEmitter {
  readonly options: { readonly webPreferences: Readonly<Record<string, unknown>> };
  readonly webContents = strict('webContents', new StubContents());
  readonly loadURL = record('window.loadURL', () => Promise.resolve());
  readonly show = record('window.show', nothing);
  readonly focus = record('window.focus', nothing);
  readonly restore = record('window.restore', nothing);
  readonly isMinimized = (): boolean => true;
  readonly isDestroyed = (): boolean => false;

  constructor(options: BrowserWindow['options']) {
    super();
    this.options = options;
    const window = strict('BrowserWindow', this);
    windows.push(window);
    app.emit('web-contents-created', {}, this.webContents);
    return window;
  }
}

/** A utility process: what it is told is emitted as 'told', what it tells is emitted as 'message'. */
export class StubProcess extends EventEmitter {
  readonly postMessage = record('utilityProcess.postMessage', (message: unknown, ports: StubPort[]) => {
    this.emit('told', message, ports);
  });
}
export const children: StubProcess[] = [];
export const utilityProcess = strict('utilityProcess', {
  fork: record('utilityProcess.fork', () => {
    const child = new StubProcess();
    children.push(child);
    return child;
  }),
});

/** The store that Electron chose, and a stand-in for what it does: bytes turned round. */
export const storage = { available: true, backend: 'gnome_libsecret' };
const reversed = (bytes: Uint8Array): Buffer => Buffer.from(bytes).reverse();
export const safeStorage = strict('safeStorage', {
  isAsyncEncryptionAvailable: () => Promise.resolve(storage.available),
  getSelectedStorageBackend: () => storage.backend,
  encryptStringAsync: (text: string) => Promise.resolve(reversed(Buffer.from(`v1 ${text}`))),
  decryptStringAsync: (encrypted: Buffer) => {
    const text = reversed(encrypted).toString();
    if (!text.startsWith('v1 ')) return Promise.reject(new Error('not encrypted here'));
    return Promise.resolve({ shouldReEncrypt: false, result: text.slice(3) });
  },
});

/** What the preload script gave the page. */
export const exposed = new Map<string, unknown>();
export const contextBridge = strict('contextBridge', {
  exposeInMainWorld: (name: string, api: unknown) => void exposed.set(name, api),
});
export const ipcRenderer = strict('ipcRenderer', emitting({ send: record('ipcRenderer.send', nothing) }));

/** Forgets everything between tests. */
export function resetElectron(): void {
  recorded.length = 0;
  windows.length = 0;
  children.length = 0;
  handlers.clear();
  for (const emitter of [app, ipcMain, ipcRenderer, session.defaultSession]) emitter.removeAllListeners();
}
