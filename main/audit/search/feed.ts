/** The feed of a profile's index, in a thread of its own; one for each profile, whichever process has it. */
import { Worker } from 'node:worker_threads';
import { type IndexSettings } from './open-index.ts';

export interface FeedOptions {
  /** Holds all logs of the profile. */
  readonly directory: string;
  readonly index: IndexSettings;
  /** 32 bytes; opens the long parts of events. */
  readonly blobKey?: Uint8Array;
}

export interface FeedProgress {
  /** Events that the index has of each log of this profile. */
  readonly indexed: ReadonlyMap<string, number>;
  /** Why the index does not follow, or null. */
  readonly trouble: string | null;
}

export interface Feed {
  progress(): FeedProgress;
  /** Calls `listener` after every change; gives what ends that. */
  onProgress(listener: (progress: FeedProgress) => void): () => void;
  /** Ends what it does and lets go of the index. */
  close(): Promise<void>;
}

/** What the thread tells. */
export type FeedMessage = Partial<FeedProgress>;

/** Where another process feeds the index, this one tells how far it is, and goes on when that one ends. */
export function startFeed(options: FeedOptions): Feed {
  // Run from source under type stripping, from the build as JavaScript.
  const file = import.meta.url.endsWith('.ts') ? './feed-thread.ts' : './feed-thread.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: options });
  worker.unref();
  const listeners = new Set<(progress: FeedProgress) => void>();
  let progress: FeedProgress = { indexed: new Map(), trouble: null };
  let closing: Promise<void> | undefined;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  const change = (to: Partial<FeedProgress>): void => {
    progress = { ...progress, ...to };
    for (const listener of listeners) listener(progress);
  };
  worker.on('message', (message: FeedMessage) => change(message));
  worker.on('error', () => change({ trouble: 'The search index has stopped: start the program again to go on.' }));

  return {
    progress: () => progress,
    onProgress(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      worker.ref();
      worker.postMessage('close');
      closing ??= exited;
      return closing;
    },
  };
}
