import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const missing =
  process.platform !== 'linux'
    ? 'only Linux can start a key store of its own'
    : ['dbus-run-session', 'gnome-keyring-daemon']
        .filter((tool) => spawnSync(tool, ['--version']).error !== undefined)
        .join(' and ') + ' not installed';
const skipped = missing === ' not installed' ? undefined : missing;

const round = `
  import { openSecretStore } from ${JSON.stringify(new URL('./open-secret-store.ts', import.meta.url).href)};
  const store = await openSecretStore('keyring', process.env.HOME);
  await store.set('big', new Uint8Array(9000).fill(3));
  const again = await openSecretStore('keyring', process.env.HOME);
  const value = await again.get('big');
  await again.delete('big');
  console.log(JSON.stringify({ length: value?.length, after: (await store.get('big'))?.length ?? null, kind: store.describe().kind }));
`;

describe('the key store of this operating system', () => {
  it.skipIf(skipped !== undefined)(
    `keeps a large secret between two openings of a profile${skipped === undefined ? '' : ` (skipped: ${skipped})`}`,
    async () => {
      const home = await mkdtemp(join(tmpdir(), 'countersign-keyring-'));
      try {
        const { stdout } = await promisify(execFile)(
          'dbus-run-session',
          [
            '--',
            'bash',
            '-c',
            'echo -n pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null; "$0" --input-type=module -e "$ROUND"',
            process.execPath,
          ],
          { env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: home, ROUND: round } },
        );
        expect(JSON.parse(stdout)).toEqual({ length: 9000, after: null, kind: 'os-key-store' });
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    },
  );
});
