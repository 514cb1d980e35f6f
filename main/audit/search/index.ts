/** Search over the record: what this folder offers. */
export * from './activity-store.ts';
export { catchUp, takeInAnew } from './catch-up.ts';
export { type Feed, type FeedOptions, type FeedProgress, startFeed } from './feed.ts';
export { type IndexSettings, openIndex, openIndexHere } from './open-index.ts';
export { removeSqliteIndex } from './sqlite-schema.ts';
