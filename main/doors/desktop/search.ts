import { type Installation } from '../../installation.ts';
import { type Activity } from '../activity/activity.ts';

/** The search over a profile's record: opened when a window first asks, and followed until the program ends. */
export interface Search {
  activity(): Promise<Activity>;
  close(): Promise<void>;
}

export function createSearch(installation: Installation): Search {
  let opened: Promise<{ readonly activity: Activity; close(): Promise<void> }> | undefined;
  return {
    async activity() {
      // Loaded when it is asked for: a window opens without it.
      opened ??= import('../activity/open.ts').then(({ openActivity }) => openActivity(installation));
      // What is in the way may have gone by the next time somebody asks.
      opened.catch(() => (opened = undefined));
      return (await opened).activity;
    },
    async close() {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}
