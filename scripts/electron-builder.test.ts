import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const require = createRequire(import.meta.url);
const { validateConfiguration } = require('app-builder-lib/out/util/config/config') as {
  validateConfiguration(configuration: unknown, debugLogger: { isEnabled: boolean }): Promise<void>;
};
const read = (): Record<string, unknown> =>
  parse(readFileSync(new URL('../electron-builder.yml', import.meta.url), 'utf8')) as Record<string, unknown>;
const validate = (configuration: unknown): Promise<void> => validateConfiguration(configuration, { isEnabled: false });

describe('electron-builder.yml', () => {
  it('is valid by the schema of electron-builder', async () => {
    await expect(validate(read())).resolves.toBeUndefined();
  });

  it.each([
    ['an unknown key', { asarr: true }],
    ['a fuse that does not exist', { electronFuses: { runAsNodee: false } }],
    ['a value of another type', { asar: 'yes please' }],
  ])('would be refused with %s', async (_name, change) => {
    await expect(validate({ ...read(), ...change })).rejects.toThrow(/Invalid configuration object/);
  });

  it('flips every fuse to the safe side', () => {
    expect(read().electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });
});
