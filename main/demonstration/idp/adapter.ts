import { DatabaseSync } from 'node:sqlite';
import { type Adapter, type AdapterFactory, type AdapterPayload } from 'oidc-provider';

export interface ProviderState {
  readonly adapter: AdapterFactory;
  close(): void;
}

/** What the provider remembers (grants, tokens, sign-ins under way), in SQLite, so that a restart ends nobody's login. */
export function openProviderState(path: string): ProviderState {
  const database = new DatabaseSync(path, { timeout: 2_000 });
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS entry (
      model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires_at INTEGER, consumed_at INTEGER,
      grant_id TEXT, user_code TEXT, uid TEXT,
      PRIMARY KEY (model, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS entry_grant ON entry (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS entry_user_code ON entry (user_code) WHERE user_code IS NOT NULL;
    CREATE INDEX IF NOT EXISTS entry_uid ON entry (uid) WHERE uid IS NOT NULL;
  `);
  const seconds = (): number => Math.floor(Date.now() / 1000);
  database.prepare('DELETE FROM entry WHERE expires_at <= ?').run(seconds());

  const upsert = database.prepare(
    `INSERT INTO entry (model, id, payload, expires_at, consumed_at, grant_id, user_code, uid) VALUES (?, ?, ?, ?, NULL, ?, ?, ?)
     ON CONFLICT DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at, consumed_at = excluded.consumed_at,
       grant_id = excluded.grant_id, user_code = excluded.user_code, uid = excluded.uid`,
  );
  const byColumn = {
    id: database.prepare('SELECT payload, consumed_at, expires_at FROM entry WHERE model = ? AND id = ?'),
    user_code: database.prepare('SELECT payload, consumed_at, expires_at FROM entry WHERE model = ? AND user_code = ?'),
    uid: database.prepare('SELECT payload, consumed_at, expires_at FROM entry WHERE model = ? AND uid = ?'),
  };
  const consume = database.prepare('UPDATE entry SET consumed_at = ? WHERE model = ? AND id = ?');
  const destroy = database.prepare('DELETE FROM entry WHERE model = ? AND id = ?');
  const revoke = database.prepare('DELETE FROM entry WHERE grant_id = ?');

  function find(model: string, column: keyof typeof byColumn, value: string): Promise<AdapterPayload | undefined> {
    const row = byColumn[column].get(model, value);
    if (row === undefined || (typeof row['expires_at'] === 'number' && row['expires_at'] <= seconds()))
      return Promise.resolve(undefined);
    const payload = JSON.parse(String(row['payload'])) as AdapterPayload;
    return Promise.resolve(row['consumed_at'] === null ? payload : { ...payload, consumed: row['consumed_at'] });
  }
  const done = Promise.resolve();

  return {
    adapter: (model): Adapter => ({
      upsert(id, payload, expiresIn) {
        const expiresAt = expiresIn === undefined ? null : seconds() + expiresIn;
        upsert.run(
          model,
          id,
          JSON.stringify(payload),
          expiresAt,
          payload.grantId ?? null,
          payload.userCode ?? null,
          payload.uid ?? null,
        );
        return done;
      },
      find: (id) => find(model, 'id', id),
      findByUserCode: (userCode) => find(model, 'user_code', userCode),
      findByUid: (uid) => find(model, 'uid', uid),
      consume(id) {
        consume.run(seconds(), model, id);
        return done;
      },
      destroy(id) {
        destroy.run(model, id);
        return done;
      },
      revokeByGrantId(grantId) {
        revoke.run(grantId);
        return done;
      },
    }),
    close: () => database.close(),
  };
}
