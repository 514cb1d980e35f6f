import { parentPort, workerData } from 'node:worker_threads';
import { verifyDirectory } from '../../../verify/index.ts';

const { directory, blobKey } = workerData as { readonly directory: string; readonly blobKey: Uint8Array | undefined };
parentPort?.postMessage(verifyDirectory(directory, blobKey === undefined ? {} : { blobKey }));
