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

/** For a process that must not wait: searches of an index in SQLite run in a thread of their own. */
export async function openIndex(settings: IndexSettings): Promise<ActivityStore> {
  if (settings.kind === 'sqlite') return (await import('./index-in-thread.ts')).openIndexInThread(settings.file);
  return openIndexHere(settings);
}
