import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProfileTexts } from './load.ts';
import { OPTIONAL_FILES, PROFILE_FILES } from './directory.ts';

/** The smallest four files that are a profile. */
export const smallest: ProfileTexts = {
  organisation: 'version: 1\nname: Test\nidentity: { kind: os-account }\nsecrets: file\n',
  connections: 'version: 1\n',
  classification: 'version: 1\n',
  policy: 'version: 1\nrules: []\n',
};

/** A profile directory for one test; `remove` takes it away again. */
export async function temporaryProfile(texts: Partial<ProfileTexts> = {}): Promise<{
  readonly home: string;
  write(name: keyof ProfileTexts, text: string): Promise<void>;
  remove(): Promise<void>;
}> {
  const home = await mkdtemp(join(tmpdir(), 'countersign-profile-'));
  const write = (name: keyof ProfileTexts, text: string) =>
    writeFile(join(home, { ...PROFILE_FILES, ...OPTIONAL_FILES }[name]), text, { mode: 0o600 });
  for (const name of ['organisation', 'connections', 'classification', 'policy'] as const) {
    await write(name, texts[name] ?? smallest[name]);
  }
  return { home, write, remove: () => rm(home, { recursive: true, force: true }) };
}
