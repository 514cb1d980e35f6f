import { openIndex, startFeed } from '../../audit/search/index.ts';
import { type Installation } from '../../installation.ts';
import { auditDirectory } from '../../recording.ts';
import { type Activity, createActivity } from '../activity/activity.ts';
import { indexOf } from '../activity/open.ts';
import { isReviewer } from '../reviewers.ts';

/** The search over a profile's record: opened when a window first asks, and followed until the program ends. */
export interface Search {
  activity(): Promise<Activity>;
  close(): Promise<void>;
}

export function createSearch(installation: Installation): Search {
  let opened: Promise<{ readonly activity: Activity; readonly close: () => Promise<void> }> | undefined;

  async function open() {
    const { home, recording, profile } = installation;
    const { audit, anchors, blobKey } = recording;
    const directory = auditDirectory(home);
    const index = await indexOf(installation);
    const store = await openIndex(index);
    const feed = startFeed({ directory, index, blobKey });
    const activity = createActivity({
      store,
      feed,
      directory,
      blobKey,
      audit,
      anchors,
      witnesses: profile().organisation.record.witnesses,
      isReviewer: (session) => isReviewer(installation, session),
      reviewers: () => profile().organisation.record.reviewers,
    });
    const close = async (): Promise<void> => {
      await feed.close();
      await store.close();
    };
    return { activity, close };
  }

  return {
    async activity() {
      opened ??= open();
      // What is in the way may have gone by the next time somebody asks.
      opened.catch(() => (opened = undefined));
      return (await opened).activity;
    },
    async close() {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}
