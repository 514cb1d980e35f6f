/** Store and witnesses as they are, and word of each answer that they give: who hears nothing need not wait for more. */
import { type ObjectStore } from '../store/store.ts';
import { type MonitoredWitness } from '../witness/client.ts';

/** @param answered called after each answer, refusals included, and after each key of a list */
export function heardStore(store: ObjectStore, answered: () => void): ObjectStore {
  return {
    name: store.name,
    create: (key, bytes, options) => store.create(key, bytes, options).finally(answered),
    read: (key, signal) => store.read(key, signal).finally(answered),
    async *list(prefix, options) {
      for await (const key of store.list(prefix, options)) {
        answered();
        yield key;
      }
      answered();
    },
    erase: (key, signal) => store.erase(key, signal).finally(answered),
    examine: (signal) => store.examine(signal).finally(answered),
    close: () => store.close(),
  };
}

export const heardWitness = (witness: MonitoredWitness, answered: () => void): MonitoredWitness => ({
  name: witness.name,
  key: witness.key,
  cosign: (request, signal) => witness.cosign(request, signal).finally(answered),
  newest: (log, signal) => witness.newest(log, signal).finally(answered),
});
