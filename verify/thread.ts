import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { CannotVerify, type Report } from './report.ts';
import { verifyDirectory, type VerifyOptions } from './verify.ts';

interface Task {
  readonly verifyDirectory: string;
  readonly options: VerifyOptions;
}

/** `verifyDirectory` in a thread of its own, so that a window stays quick. @throws CannotVerify as that does. */
export function verifyInThread(directory: string, options: VerifyOptions = {}): Promise<Report> {
  const task: Task = { verifyDirectory: directory, options };
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
  return typeof value === 'object' && value !== null && 'verifyDirectory' in value && 'options' in value;
}

if (!isMainThread && parentPort !== null && isTask(workerData)) {
  try {
    parentPort.postMessage({ report: verifyDirectory(workerData.verifyDirectory, workerData.options) });
  } catch (error) {
    if (!(error instanceof CannotVerify)) throw error;
    parentPort.postMessage({ cannot: error.message });
  }
}
