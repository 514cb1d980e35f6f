import { join } from 'node:path';
import { type SecretStore } from './credentials/index.ts';
import { withLock } from './lock.ts';

/** A key of this installation, made the first time: one process makes it while others wait. */
export async function ownKey(
  home: string,
  secrets: SecretStore,
  name: string,
  make: () => Uint8Array,
): Promise<Uint8Array> {
  return withLock(join(home, 'keys.lock'), async () => {
    const known = await secrets.get(name);
    if (known !== undefined) return known;
    const made = make();
    await secrets.set(name, made);
    return made;
  });
}
