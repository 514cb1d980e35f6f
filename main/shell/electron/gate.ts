import { utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import { answerProtection } from './safe-storage.ts';
import { type GateOrder, type GateReport } from '../gate-service.ts';
import { type ProfileChoice } from '../start-options.ts';

/** A gate process that ends by itself is started again this often, and then no more: something is wrong for good. */
const MAX_RESTARTS = 3;

/** The gate process, seen from Electron's main process. */
export interface Gate {
  /** Calls back once the process can serve: at once, when it has started, or when it has started again. */
  whenReady(listener: () => void): void;
  /** Gives the process a port to serve. */
  serve(port: MessagePortMain): void;
  /** Resolves when the process has stopped everything it runs and ended. */
  stop(): Promise<void>;
}

/** Starts the gate process and keeps it running. `onProgress` hears what a person may read while there is no link. */
export function startGate(options: {
  readonly entry: string;
  readonly profile: ProfileChoice;
  onProgress(text: string, failed: boolean): void;
}): Gate {
  const { entry, profile, onProgress } = options;
  let waiting: (() => void)[] = [];
  let state: 'starting' | 'ready' | 'stopping' | 'ended' = 'starting';
  let restarts = 0;
  let child = fork();

  function fork(): UtilityProcess {
    const args = ['--home', profile.home, ...(profile.demonstration ? ['--demonstration'] : [])];
    const forked = utilityProcess.fork(entry, args, { serviceName: 'Countersign gate', stdio: 'inherit' });
    let failed = false;
    forked.on('message', (report: GateReport) => {
      if (report.kind === 'ready') ready();
      else if (report.kind === 'secret') {
        void answerProtection(report).then((answer) => forked.postMessage({ kind: 'protected', ...answer }));
      } else {
        failed ||= report.kind === 'failed';
        onProgress(report.text, report.kind === 'failed');
      }
    });
    forked.on('exit', () => ended(failed));
    return forked;
  }

  function ready(): void {
    if (state !== 'starting') return;
    state = 'ready';
    const due = waiting;
    waiting = [];
    for (const listener of due) listener();
  }

  function ended(failed: boolean): void {
    if (state === 'stopping' || failed) {
      state = 'ended';
      return;
    }
    if (restarts === MAX_RESTARTS) {
      state = 'ended';
      return onProgress('Its gate process ended several times. Look into its log, and start it again.', true);
    }
    restarts++;
    state = 'starting';
    child = fork();
  }

  const tell = (order: GateOrder, ports: MessagePortMain[] = []): void => child.postMessage(order, ports);

  return {
    whenReady(listener) {
      if (state === 'ready') listener();
      else waiting.push(listener);
    },
    serve: (port) => tell({ kind: 'link' }, [port]),
    stop() {
      if (state === 'ended') return Promise.resolve();
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (state !== 'stopping') tell({ kind: 'stop' });
      state = 'stopping';
      return gone;
    },
  };
}
