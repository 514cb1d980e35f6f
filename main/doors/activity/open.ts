import { join } from 'node:path';
import { type IndexSettings } from '../../audit/search/index.ts';
import { resolveSecret } from '../../credentials/index.ts';
import { type Installation } from '../../installation.ts';

/** Where a profile's events are searched: its own file, or the database that its organisation names. */
export async function indexOf({
  home,
  profile,
  secrets,
}: Pick<Installation, 'home' | 'profile' | 'secrets'>): Promise<IndexSettings> {
  const { index } = profile().organisation.record;
  if (index === undefined) return { kind: 'sqlite', file: join(home, 'activity.sqlite') };
  return { kind: 'postgres', url: await resolveSecret(index, { store: secrets, profileDirectory: home }) };
}
