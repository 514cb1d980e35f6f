import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type VerifyView } from '../../../shared/views.ts';
import { type Report } from '../../../verify/index.ts';
import { CountersignError } from '../../errors.ts';

/** Runs the independent verifier over a record, in a thread of its own: a large log takes seconds of work. */
export async function verifyRecord(
  directory: string,
  blobKey: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<VerifyView> {
  const file = new URL(`./verify-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: { directory, blobKey } });
  const abort = (): void => void worker.terminate();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const report = await new Promise<Report>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the verifier ended without a report')));
    });
    return {
      good: report.good,
      checked: report.checked.map(({ what, count }) => ({ what, count })),
      findings: report.findings.map(({ code, sentence, where }) => ({ code, sentence, where: where ?? null })),
      notChecked: report.notChecked,
    };
  } catch (error) {
    throw new CountersignError('verify-failed', 'The record could not be checked.', {
      next: 'Check that the audit directory of the profile can be read, or run: countersign verify',
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
