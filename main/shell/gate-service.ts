import { openLink, portable, type Link } from '../../shared/rpc/index.ts';
import { CountersignError } from '../errors.ts';
import { protectorBeyond } from './protector-beyond.ts';
import { type Protector } from '../credentials/index.ts';
import { type ProfileChoice } from './start-options.ts';

/** The workbench behind the window, as main/doors/desktop opens it. */
export interface Desktop {
  serveLink(link: Link, place?: string): void;
  close(): Promise<void>;
}

export type OpenDesktop = (
  options: ProfileChoice & { readonly protector?: Protector; onProgress(text: string): void },
) => Promise<Desktop>;

/** Electron's MessagePortMain, as far as a link needs it; this module runs where Electron's types have no say. */
export interface MainPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

/** What the gate process tells Electron's main process. */
export type GateReport =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly text: string }
  /** Asks for a value to be encrypted or opened by safeStorage. */
  | { readonly kind: 'secret'; readonly id: number; readonly how: 'protect' | 'unprotect'; readonly value: Uint8Array };

/** What Electron's main process tells the gate process; `link` brings a port. */
export type GateOrder =
  { readonly kind: 'link' } | { readonly kind: 'stop' } | ({ readonly kind: 'protected' } & Protected);

/** `value`, or the code of why there is none. */
export interface Protected {
  readonly id: number;
  readonly value?: Uint8Array;
  readonly refused?: 'unavailable' | 'damaged';
}

/** The channel to Electron's main process: `process.parentPort`. */
export interface ParentPort {
  postMessage(report: GateReport): void;
  on(
    event: 'message',
    listener: (event: { readonly data: unknown; readonly ports: readonly MainPort[] }) => void,
  ): unknown;
}

function mainPortLink(port: MainPort): Link {
  const { link, receive, closed } = openLink({
    post: (frame) => port.postMessage(portable(frame)),
    start: () => port.start(),
    close: () => port.close(),
  });
  port.on('message', (event) => receive(event.data));
  port.on('close', closed);
  return link;
}

function sentence(error: unknown): string {
  if (!(error instanceof CountersignError))
    return 'Something went wrong inside Countersign. The details are in its log.';
  return error.next === undefined ? error.message : `${error.message} ${error.next}`;
}

/**
 * Runs the gate for Electron: opens the profile, reports how that goes, serves each port it is sent, and ends with exit
 * code 0 when told to stop, 1 when the profile cannot be opened.
 */
export async function runGateService(options: {
  readonly parent: ParentPort;
  readonly profile: ProfileChoice;
  readonly open: OpenDesktop;
  exit(code: number): void;
}): Promise<void> {
  const { parent, profile, open, exit } = options;
  let stopped = false;
  const { protector, answered } = protectorBeyond(parent);
  // Heard from the start: opening the profile asks for secrets.
  parent.on('message', ({ data }) => {
    const order = data as GateOrder;
    if (order.kind === 'protected') answered(order);
  });
  const opening = open({ ...profile, protector, onProgress: (text) => parent.postMessage({ kind: 'progress', text }) });

  parent.on('message', ({ data, ports: [port] }) => {
    const order = data as GateOrder;
    if (order.kind === 'link' && port !== undefined) void serve(port);
    else if (order.kind === 'stop' && !stopped) void stop();
  });

  async function serve(port: MainPort): Promise<void> {
    const desktop = await opening.catch(() => null);
    if (desktop === null || stopped) port.close();
    else desktop.serveLink(mainPortLink(port));
  }

  async function stop(): Promise<void> {
    stopped = true;
    const desktop = await opening.catch(() => null);
    await desktop?.close();
    exit(0);
  }

  try {
    await opening;
    parent.postMessage({ kind: 'ready' });
  } catch (error) {
    // The log has the whole of it: main/doors/desktop writes it before it rejects.
    if (!(error instanceof CountersignError)) console.error(error);
    parent.postMessage({ kind: 'failed', text: sentence(error) });
    exit(1);
  }
}
