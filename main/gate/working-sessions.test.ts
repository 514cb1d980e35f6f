import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logsDirectory, type LogsDirectory } from '../audit/testing/directory.ts';
import { createLoginBindings } from './record-identity.ts';
import { session } from './testing/session.ts';
import { createWorkingSessions } from './working-sessions.ts';

const APP = { app: 'test', version: '0' };
const AT = { size: 1, root: 'ab'.repeat(32) };
let here: LogsDirectory;
beforeEach(() => {
  here = logsDirectory();
});
afterEach(() => here.remove());

describe('a working session', () => {
  it('is begun once for each login, and ended', async () => {
    await here.withLog(async (log) => {
      const sessions = createWorkingSessions(log, APP, createLoginBindings(log, {}));
      const [one, two] = await Promise.all([sessions.begin(session, 'cli'), sessions.begin(session, 'cli')]);
      expect(one).toBe(two);
      await sessions.endAll('closed');
      expect(here.leaves(log.id).map(({ k }) => k)).toEqual(['log.open', 'session.start', 'session.end']);
    });
  });

  it('begins again in the log that follows one that was given up, where its end is recorded', async () => {
    await here.withLog(async (log) => {
      const sessions = createWorkingSessions(log, APP, createLoginBindings(log, {}));
      const before = await sessions.begin(session, 'cli');
      await log.giveUp('fork', AT);
      const after = await sessions.begin(session, 'cli');
      expect(after.id).not.toBe(before.id);
      await sessions.end(session.id, 'signed out');
      expect(here.leaves(log.id).map(({ k, s }) => [k, s])).toEqual([
        ['log.open', undefined],
        ['session.start', after.id],
        ['session.end', after.id],
      ]);
    });
  });

  it('that was beginning while its log was given up begins in the next one, and nowhere else', async () => {
    await here.withLog(async (log) => {
      const old = log.id;
      const sessions = createWorkingSessions(log, APP, createLoginBindings(log, {}));
      const giving = log.giveUp('fork', AT);
      const begun = await sessions.begin(session, 'cli');
      await giving;
      expect(await sessions.begin(session, 'cli')).toBe(begun);
      expect(here.leaves(old).map(({ k }) => k)).toEqual(['log.open']);
      expect(here.leaves(log.id).map(({ k, s }) => [k, s])).toEqual([
        ['log.open', undefined],
        ['session.start', begun.id],
      ]);
    });
  });

  it('records no end in a log that does not have its beginning', async () => {
    await here.withLog(async (log) => {
      const sessions = createWorkingSessions(log, APP, createLoginBindings(log, {}));
      await sessions.begin(session, 'cli');
      await log.giveUp('fork', AT);
      await sessions.endAll('closed');
      expect(here.leaves(log.id).map(({ k }) => k)).toEqual(['log.open']);
    });
  });

  it('is not begun where its login has lost the key that it was bound with: it is over', async () => {
    await here.withLog(async (log) => {
      const bindings = { bind: () => Promise.resolve(0), prove: () => Promise.resolve(undefined) };
      const sessions = createWorkingSessions(log, APP, { ...createLoginBindings(log, {}), ...bindings });
      await expect(sessions.begin(session, 'cli')).rejects.toMatchObject({ code: 'session-ended' });
      await sessions.endAll('closed');
      expect(here.leaves(log.id).map(({ k }) => k)).toEqual(['log.open']);
    });
  });
});
