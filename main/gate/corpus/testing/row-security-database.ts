import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asSuperuser } from '../../../databases/embedded/index.ts';
import { type ServerAtHand } from '../../../databases/embedded/testing/installed.ts';
import { databaseOf, startTwins, type Twins } from './twins.ts';

const sections = readFileSync(new URL('../row-security.sql', import.meta.url), 'utf8').split(/^-- @(\w+)$/m);

/** The statements of a section, and of those of its name that a server of the version understands. */
function statements(section: string, major = 0): readonly string[] {
  return sections.flatMap((text, at) => {
    const [name, since = 0] = (sections[at - 1] ?? '').split('_');
    if (at % 2 === 1 || name !== section || Number(since) > major) return [];
    return text.split(/;\n/).filter((statement) => statement.trim() !== '');
  });
}

/** Tables that hold the people of a twin, by the columns that all of them have. */
const FILLED = [
  ...statements('schema')
    .join('\n')
    .matchAll(/^CREATE TABLE (g_(?!members|\w*_(?:low|high)\b)\w+)/gm),
].map(([, table = '']) => table);

const CLASSIFICATION = `version: 1
detect: off
classes:
  ssn: { group: pii, masker: redact, title: social security number }
columns:
  - classes:
      public.people.ssn: ssn
      public.g_members.ssn: ssn
      public.g_parts_low.ssn: ssn
      public.g_parts_high.ssn: ssn
${FILLED.map((table) => `      public.${table}.ssn: ssn\n`).join('')}`;

const MASKED = `version: 1
rules:
  - { id: analysts, allow: [read, write] }
  - { id: masked, require: { mask: { pii: redact } } }
  - { id: reviewed, permit: view, of: ssn, views: public.g_reviewed }
`;
const CLEAR = `version: 1
rules:
  - { id: analysts, allow: [read, write] }
functions:
  - { name: public.g_guess, treat: reads }
`;

/** Twins of which every table has row security. */
export async function startGuardedTwins(server: Pick<ServerAtHand, 'major' | 'start'>): Promise<Twins> {
  const twins = await startTwins(statements('schema', server.major), server);
  try {
    for (const twin of ['a', 'b'] as const) {
      await asSuperuser(twins.server, databaseOf(twin), async (query) => {
        for (const table of FILLED)
          await query(`INSERT INTO ${table} (id, city, ssn, note) SELECT id, city, ssn, 'n' || id FROM people`);
        for (const statement of statements('data', server.major)) await query(statement);
        await query('VACUUM ANALYZE');
      });
    }
    await writeFile(join(twins.home, 'classification.yaml'), CLASSIFICATION, { mode: 0o600 });
    await judgeBy(twins, 'masked');
    return twins;
  } catch (error) {
    await twins.close();
    throw error;
  }
}

/** From now on the asker is somebody for whom ssn is masked, or who sees everything. */
export async function judgeBy({ home, installation }: Twins, policy: 'masked' | 'clear'): Promise<void> {
  await writeFile(join(home, 'policy.yaml'), policy === 'masked' ? MASKED : CLEAR, { mode: 0o600 });
  await installation.reload();
}
