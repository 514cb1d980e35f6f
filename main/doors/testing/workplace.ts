import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Demonstration, startDemonstration } from '../../demonstration/demonstration.ts';
import { PROFILE_FILES } from '../../profile/directory.ts';

/** A small demonstration for the tests of one file, and profiles that differ from it in what a test is about. */
export interface Workplace {
  readonly home: string;
  readonly demonstration: Demonstration;
  /** A profile on the same databases and provider, with the logins there are now and a record of its own. */
  profileBeside(directory?: string): string;
  /** A statement of the server's superuser, past the gate: to see what the server does. */
  observe(text: string, ...values: readonly string[]): Promise<readonly Record<string, unknown>[]>;
  /** Disables somebody at the provider; gives what enables them again. */
  disable(who: 'ana' | 'eli' | 'sam'): () => void;
  /** Server processes at work on the endless statement now. */
  running(): Promise<readonly number[]>;
  stop(): Promise<void>;
}

const FEW = { customers: 200, products: 20, orders: 600, events: 3_000 };

/** A statement that takes minutes in the small shop, and that policy allows to be tried. */
export const ENDLESS = 'SELECT count(*) FROM events a, events b, events c';

/** `home` is kept when it is given, and else removed with everything beside it. */
export async function startWorkplace(home?: string): Promise<Workplace> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-trouble-'));
  return workplaceAt(home ?? join(directory, 'home'), directory);
}

async function workplaceAt(home: string, directory: string): Promise<Workplace> {
  const demonstration = await startDemonstration(home, () => undefined, { staging: FEW, production: FEW });
  const [connection] = demonstration.connections;
  const superuser = {
    host: connection?.host ?? '',
    port: connection?.port ?? 0,
    database: 'postgres',
    user: 'postgres',
    password: readFileSync(join(home, 'secrets', 'demonstration-superuser'), 'utf8'),
  };
  let made = 0;
  const workplace: Workplace = {
    home,
    demonstration,
    profileBeside(beside = join(directory, `beside-${String(made++)}`)) {
      mkdirSync(beside, { recursive: true, mode: 0o700 });
      const parts = [...Object.values(PROFILE_FILES), 'secrets', 'identity'].filter((name) =>
        existsSync(join(home, name)),
      );
      for (const name of parts) {
        cpSync(join(home, name), join(beside, name), { recursive: true });
        // What is copied gets the permissions of new directories.
        if (!name.endsWith('.yaml')) chmodSync(join(beside, name), 0o700);
      }
      return beside;
    },
    async observe(text, ...values) {
      // Anew each time: some tests crash the server.
      const client = new Client(superuser);
      client.on('error', () => undefined);
      try {
        await client.connect();
        return (await client.query<Record<string, unknown>>(text, [...values])).rows;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    disable(who) {
      const path = join(home, 'demonstration', 'identity-provider', 'people.json');
      const before = readFileSync(path, 'utf8');
      const people = JSON.parse(before) as { id: string; disabled: boolean }[];
      writeFileSync(path, JSON.stringify(people.map((one) => (one.id === who ? { ...one, disabled: true } : one))));
      return () => writeFileSync(path, before);
    },
    async running() {
      const rows = await workplace.observe(
        "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query = $1",
        ENDLESS,
      );
      return rows.map((row) => Number(row['pid']));
    },
    async stop() {
      await demonstration.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return workplace;
}

/** Changes a text file of a profile; `from` must be in it. */
export function edit(home: string, name: string, from: string | RegExp, to: string): void {
  const path = join(home, name);
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${name} does not hold ${String(from)}`);
  writeFileSync(path, changed);
}

/** Resolves when `condition` holds; asked again and again, because servers and files announce nothing. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
