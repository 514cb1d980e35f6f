import { existsSync } from 'node:fs';
import { type StatementSync } from 'node:sqlite';
import { CountsUnavailable, makePrivate, sealedCount, sealOf, within } from './sealed-counts.ts';

/** One use of a permit that is counted. */
export interface CountedUse {
  /** Issuer and subject: the same person in every session, and whoever acts for them. */
  readonly person: string;
  readonly connection: string;
  readonly class: string;
  /** Id of the rule. */
  readonly permit: string;
  /** YYYY-MM-DD where the policy lives. */
  readonly day: string;
  readonly perDay: number;
}

/**
 * How often permits were used, per person, connection, class and day, over all processes of a profile and their
 * restarts. Whoever may write the file can delete it, and counts then start at zero; what is in the record tells.
 */
export interface Budgets {
  /** The first use that has none left today; nothing is spent. @throws CountsUnavailable */
  exhausted(uses: readonly CountedUse[]): CountedUse | undefined;
  /**
   * Spends every one of the uses, or none and gives the first that has none left. They are on stable storage when it
   * returns, and nothing gives them back. @throws CountsUnavailable
   */
  spend(uses: readonly CountedUse[]): CountedUse | undefined;
}

const TABLE = `
CREATE TABLE IF NOT EXISTS spent (
  person TEXT NOT NULL, connection TEXT NOT NULL, class TEXT NOT NULL, permit TEXT NOT NULL, day TEXT NOT NULL,
  used INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (person, connection, class, permit, day)
) STRICT, WITHOUT ROWID`;
const READ =
  'SELECT used, seal FROM spent WHERE person = ? AND connection = ? AND class = ? AND permit = ? AND day = ?';
const WRITE = 'INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?, ?, ?, ?)';

/** `key` seals each row, so that a number that somebody else wrote is not taken for a count. */
export function createBudgets(path: string, key: Uint8Array): Budgets {
  function usedUp(read: StatementSync, use: CountedUse): number {
    const row = read.get(...keyOf(use));
    return row === undefined ? 0 : sealedCount(path, key, keyOf(use), { count: row['used'], seal: row['seal'] });
  }

  return {
    exhausted(uses) {
      if (uses.length === 0 || !existsSync(path)) return undefined;
      return within(path, { readOnly: true }, (database) => {
        const read = database.prepare(READ);
        return uses.find((use) => usedUp(read, use) >= use.perDay);
      });
    },
    spend(uses) {
      if (uses.length === 0) return undefined;
      makePrivate(path);
      return within(path, {}, (database) => {
        // EXTRA: the directory is synced too, so that a journal that was deleted does not come back after a power cut.
        database.exec(`PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE; ${TABLE}`);
        const [read, write] = [database.prepare(READ), database.prepare(WRITE)];
        for (const use of uses) {
          const used = usedUp(read, use) + 1;
          if (used > use.perDay) return use;
          write.run(...keyOf(use), used, sealOf(key, [...keyOf(use), used]));
        }
        database.exec('COMMIT');
        return undefined;
      });
    },
  };
}

/** For a gate that has nowhere to count: nothing that is counted runs. */
export const noBudgets: Budgets = {
  exhausted: () => undefined,
  spend() {
    throw new CountsUnavailable('there is no file to count in');
  },
};

function keyOf({ person, connection, class: columnClass, permit, day }: CountedUse): readonly string[] {
  return [person, connection, columnClass, permit, day];
}
