/** Servers for the tests of doors, which may not reach into main/databases themselves. */
export { type TemporaryServer } from '../../databases/embedded/index.ts';
export { serversAtHand } from '../../databases/embedded/testing/installed.ts';
