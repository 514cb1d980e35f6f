import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Parsed, parseText } from './parser.ts';

/**
 * From this many UTF-16 units on a text is parsed beside the gate's own thread. A shorter one cannot nest deeply enough
 * (two characters a level) to end the stack inside the parser's module, which could not be used again after that.
 */
const LARGE_TEXT = 8 * 1024;
/** Nested comments cost the scanner time quadratic in their number. */
const MANY_COMMENTS = 200;
/** Milliseconds that a text may take. */
const DEADLINE = 5_000;

/**
 * Parses texts, large and suspicious ones in a worker thread that is killed and replaced when it does not answer in
 * time. No text can hang or end the process: whatever goes wrong with one is a hazard of that one.
 */
export class ParsePool {
  readonly #deadline: number;
  #worker: ParseWorker | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  /** Set when the module in this thread has trapped: from then on only workers, which start with a fresh one, parse. */
  #broken = false;

  constructor(options: { readonly deadline?: number } = {}) {
    this.#deadline = options.deadline ?? DEADLINE;
  }

  async parse(text: string): Promise<Parsed> {
    if (this.#broken || text.length >= LARGE_TEXT || hasManyComments(text)) {
      const turn = this.#queue.then(() => this.#inWorker(text)).catch(() => stopped);
      this.#queue = turn;
      return turn;
    }
    const parsed = parseText(text);
    if (parsed.broken) this.#broken = true;
    return parsed;
  }

  /** Ends the worker; a later parse starts a new one. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.thread.terminate();
  }

  #start(): ParseWorker {
    const worker = startWorker();
    worker.thread.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  async #inWorker(text: string): Promise<Parsed> {
    const worker = (this.#worker ??= this.#start());
    worker.thread.ref();
    // The deadline is for the text: a new thread on a busy machine may need longer than that to begin.
    const answer = (await worker.ready) ? await ask(worker.thread, text, this.#deadline) : stopped;
    if (answer.broken) await this.close();
    else worker.thread.unref();
    return answer;
  }
}

interface ParseWorker {
  readonly thread: Worker;
  /** False where the thread ended before it could begin. */
  readonly ready: Promise<boolean>;
}

function startWorker(): ParseWorker {
  const file = `./parse-worker${extname(import.meta.url)}`;
  const thread = new Worker(new URL(file, import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
  });
  thread.unref();
  // An error while nothing is asked ends the thread, not the process.
  thread.on('error', () => undefined);
  const ready = new Promise<boolean>((resolve) => {
    const began = (): void => {
      thread.off('error', ended).off('exit', ended);
      resolve(true);
    };
    const ended = (): void => {
      resolve(false);
    };
    thread.once('message', began).once('error', ended).once('exit', ended);
  });
  return { thread, ready };
}

async function ask(thread: Worker, text: string, deadline: number): Promise<Parsed> {
  return new Promise((resolve) => {
    const settle = (parsed: Parsed): void => {
      clearTimeout(timer);
      thread.off('message', settle).off('error', onError).off('exit', onExit);
      resolve(parsed);
    };
    const onError = (): void => {
      settle(refused('too-deep', 'The statement is nested too deeply, or too large, to be understood.'));
    };
    const onExit = (): void => {
      settle(stopped);
    };
    const timer = setTimeout(() => {
      settle(refused('too-slow', 'The statement takes too long to be understood.'));
    }, deadline);
    thread.on('message', settle).on('error', onError).on('exit', onExit);
    thread.postMessage(text);
  });
}

function refused(code: string, sentence: string): Parsed {
  return { ok: false, broken: true, hazard: { code, sentence, next: 'Split it into smaller statements.' } };
}

const stopped = refused('too-slow', 'The statement could not be understood: the parser stopped.');

function hasManyComments(text: string): boolean {
  let found = 0;
  for (let at = text.indexOf('/*'); at >= 0; at = text.indexOf('/*', at + 2)) {
    found += 1;
    if (found > MANY_COMMENTS) return true;
  }
  return false;
}
