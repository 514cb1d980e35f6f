import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Parsed, parserReady, parseText } from './parser.ts';

/**
 * From this many UTF-16 units on a text is parsed beside the gate's own thread. A shorter one cannot nest deeply enough
 * (two characters a level) to end the stack inside the parser's module; from 32 KiB on chains of operators and casts do.
 */
const LARGE_TEXT = 8 * 1024;
/** Nested comments cost the scanner time quadratic in their number, */
const MANY_COMMENTS = 200;
/** and so do operators of a length that none can have (NAMEDATALEN is 64): 8,000 plus signs take a second. */
const LONG_OPERATOR = /[-+*/<>=~!@#%^&|`?]{64}/;
/** Milliseconds after which a text was slow: the next time it is parsed beside the thread. */
const SLOW = 50;
const SLOW_TEXTS = 100;
/** Milliseconds that a text may take. */
const DEADLINE = 5_000;

/**
 * Parses texts, large and suspicious ones in a worker thread that is killed and replaced when it does not answer in
 * time. No text can hang or end the process: whatever goes wrong with one is a hazard of that one.
 */
export class ParsePool {
  readonly #deadline: number;
  readonly #script: URL;
  readonly #slow = new Set<string>();
  #worker: ParseWorker | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** `script`: what a worker runs; for tests of workers that fail. */
  constructor(options: { readonly deadline?: number; readonly script?: URL } = {}) {
    this.#deadline = options.deadline ?? DEADLINE;
    this.#script = options.script ?? new URL(`./parse-worker${extname(import.meta.url)}`, import.meta.url);
  }

  async parse(text: string): Promise<Parsed> {
    await parserReady();
    if (text.length >= LARGE_TEXT || this.#slow.has(text) || hasManyComments(text) || LONG_OPERATOR.test(text)) {
      const turn = this.#queue.then(() => this.#inWorker(text)).catch(() => stopped);
      this.#queue = turn;
      return turn;
    }
    const begun = performance.now();
    const parsed = parseText(text);
    if (performance.now() - begun > SLOW) this.#remember(text);
    return parsed;
  }

  #remember(text: string): void {
    const [oldest] = this.#slow;
    if (this.#slow.size >= SLOW_TEXTS && oldest !== undefined) this.#slow.delete(oldest);
    this.#slow.add(text);
  }

  /** Ends the worker; a later parse starts a new one. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.thread.terminate();
  }

  #start(): ParseWorker {
    const worker = startWorker(this.#script);
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

function startWorker(script: URL): ParseWorker {
  const thread = new Worker(script, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 1024 } });
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
