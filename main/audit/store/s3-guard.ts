import { PROBES } from './key.ts';
import { type Bucket } from './s3-bucket.ts';
import { type Once } from './s3-requests.ts';

/**
 * Who refuses a second object of a key: the server, as it was asked to, or we, by the versions that it keeps all the same.
 * `nobody`: it replaces, which is no store.
 */
export type Guard = 'server' | 'versions' | 'nobody';

const KEY = `${PROBES}/create-once`;
const PROBE = Buffer.from('Countersign tries here whether an object can be created twice.\n');

/**
 * Tries what the server does with a second object of one key. All writers to this place share the one object, which is made
 * once: where the server does what it is asked, nothing is added by looking again.
 */
export async function findGuard(once: Once, bucket: Bucket): Promise<Guard> {
  const isDoubled = async (): Promise<boolean> => {
    const versions = await bucket.versions(once, KEY);
    return versions !== 'unknown' && versions.filter(({ marker }) => !marker).length > 1;
  };
  if (await isDoubled()) return 'versions';
  // The first write may be the one that makes it. The second never is.
  for (let write = 0; write < 2; write += 1) if ((await bucket.put(once, KEY, PROBE)).exists) return 'server';
  return (await isDoubled()) ? 'versions' : 'nobody';
}
