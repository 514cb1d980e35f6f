import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { CannotVerify, type Report } from './report.ts';
import { verify, type VerifyOptions } from './verify.ts';

interface Task {
  readonly verifySource: string;
  readonly options: VerifyOptions;
}

/** `verify` in a thread of its own, so that a window stays quick. @throws CannotVerify as that does. */
export function verifyInThread(source: string, options: VerifyOptions = {}): Promise<Report> {
  const task: Task = { verifySource: source, options };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: task });
    worker.once('message', (answer: { readonly report: Report } | { readonly cannot: string }) =>
      'report' in answer ? resolve(answer.report) : reject(new CannotVerify(answer.cannot)),
    );
    worker.once('error', reject);
    worker.once('exit', () => reject(new CannotVerify('The verification stopped before its end.')));
  });
}

function isTask(value: unknown): value is Task {
  return typeof value === 'object' && value !== null && 'verifySource' in value && 'options' in value;
}

async function work(task: Task): Promise<{ readonly report: Report } | { readonly cannot: string }> {
  try {
    return { report: await verify(task.verifySource, task.options) };
  } catch (error) {
    if (!(error instanceof CannotVerify)) throw error;
    return { cannot: error.message };
  }
}

if (!isMainThread && isTask(workerData)) parentPort?.postMessage(await work(workerData));
