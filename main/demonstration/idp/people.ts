import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';

const person = z.strictObject({
  /** Stable subject of the ID token. */
  id: z.string().regex(/^[a-z0-9-]{1,40}$/),
  name: z.string().min(1).max(100),
  email: z.email().max(200),
  role: z.string().max(100),
  groups: z.array(z.string()),
  password: z.string().min(1).max(100),
  /** True: no sign-in, and the next refresh of a login that exists is refused. */
  disabled: z.boolean().default(false),
});
export type Person = Readonly<z.infer<typeof person>>;

/**
 * The made-up shop's people. Their passwords are published on purpose: the provider listens on loopback only and guards
 * nothing but made-up data, and a demonstration that hides its passwords teaches people to look for them.
 */
export const PEOPLE: readonly Person[] = [
  {
    id: 'ana',
    name: 'Ana Ruiz',
    email: 'ana@shop.example',
    role: 'Analyst',
    groups: ['analysts'],
    password: 'ana-demo',
    disabled: false,
  },
  {
    id: 'eli',
    name: 'Eli Park',
    email: 'eli@shop.example',
    role: 'Engineer',
    groups: ['engineers'],
    password: 'eli-demo',
    disabled: false,
  },
  {
    id: 'sam',
    name: 'Sam Okafor',
    email: 'sam@shop.example',
    role: 'Security',
    groups: ['security'],
    password: 'sam-demo',
    disabled: false,
  },
];

/** The people of the provider, read from people.json again at each question: setting `disabled` there takes effect at once. */
export interface Directory {
  all(): Promise<readonly Person[]>;
  /** Somebody who is there and not disabled. */
  active(id: string): Promise<Person | undefined>;
}

/** Creates people.json from `people` where it is absent. */
export async function openDirectory(directory: string, people: readonly Person[]): Promise<Directory> {
  const path = join(directory, 'people.json');
  await writeFile(path, `${JSON.stringify(people, null, 2)}\n`, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  async function all(): Promise<readonly Person[]> {
    try {
      return z.array(person).parse(JSON.parse(await readFile(path, 'utf8')));
    } catch {
      throw new CountersignError(
        'demonstration-people-invalid',
        `${path} does not list people as the demonstration writes it.`,
        {
          next: 'Correct it, or remove it to have the three people back.',
        },
      );
    }
  }
  return { all, active: async (id) => (await all()).find((candidate) => candidate.id === id && !candidate.disabled) };
}
