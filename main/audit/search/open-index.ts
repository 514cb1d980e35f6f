/** Which index a profile has, and opening it. */
import { type ActivityStore } from './activity-store.ts';

export type IndexSettings =
  /** In the profile. */
  | { readonly kind: 'sqlite'; readonly file: string }
  /** Of a team; the address is a secret. */
  | { readonly kind: 'postgres'; readonly url: string };

/** In this thread: searches of an index in SQLite keep it busy while they run. */
export async function openIndexHere(settings: IndexSettings): Promise<ActivityStore> {
  // Loaded as needed: a profile has one or the other.
  if (settings.kind === 'sqlite') return (await import('./sqlite-index.ts')).openSqliteIndex(settings.file);
  return (await import('./postgres-index.ts')).openPostgresIndex(settings.url);
}

/**
 * For a process that must neither wait nor fail: searches of an index in SQLite run in a thread of their own, and an index that
 * cannot be opened is no reason not to start. It is opened by the first question, and by the next one where that failed.
 */
export function openIndex(settings: IndexSettings): ActivityStore {
  return whenAsked(async () =>
    settings.kind === 'sqlite'
      ? (await import('./index-in-thread.ts')).openIndexInThread(settings.file)
      : openIndexHere(settings),
  );
}

function whenAsked(open: () => Promise<ActivityStore>): ActivityStore {
  let opening: Promise<ActivityStore> | undefined;
  const opened = (): Promise<ActivityStore> => {
    if (opening !== undefined) return opening;
    opening = open();
    opening.catch(() => (opening = undefined));
    return opening;
  };
  return {
    logs: async () => (await opened()).logs(),
    add: async (...args) => (await opened()).add(...args),
    forget: async (...args) => (await opened()).forget(...args),
    events: async (...args) => (await opened()).events(...args),
    chart: async (...args) => (await opened()).chart(...args),
    facets: async (...args) => (await opened()).facets(...args),
    event: async (...args) => (await opened()).event(...args),
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
