import { join } from 'node:path';
import { type IndexSettings, openIndex, startFeed } from '../../audit/search/index.ts';
import { resolveSecret } from '../../credentials/index.ts';
import { type Installation } from '../../installation.ts';
import { auditDirectory } from '../../recording.ts';
import { isReviewer } from '../standing.ts';
import { type Activity, type ActivityPorts, createActivity } from './activity.ts';

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

/** What every door gives of an installation. */
export function portsOf(installation: Installation): Omit<ActivityPorts, 'store' | 'feed'> {
  const { home, recording, profile } = installation;
  return {
    directory: auditDirectory(home),
    blobKey: recording.blobKey,
    audit: recording.audit,
    anchors: recording.anchors,
    witnesses: profile().organisation.record.witnesses,
    actorOf: installation.actorOf,
    isReviewer: (session) => isReviewer(installation, session),
    reviewers: () => profile().organisation.record.reviewers,
  };
}

/** The activity of a profile for as long as a program is open on it, with the feed of its index. */
export async function openActivity(
  installation: Installation,
): Promise<{ readonly activity: Activity; close(): Promise<void> }> {
  const index = await indexOf(installation);
  const ports = portsOf(installation);
  const { directory, blobKey } = ports;
  const store = await openIndex(index);
  const feed = startFeed({ directory, index, blobKey });
  return {
    activity: createActivity({ ...ports, store, feed }),
    async close() {
      await feed.close();
      await store.close();
    },
  };
}
