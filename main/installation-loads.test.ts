import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Prints the address of every module that comes with the import of an installation, in a process of its own. */
const LISTING = `
  const { registerHooks } = require('node:module');
  registerHooks({
    load(url, context, next) {
      console.log(url);
      return next(url, context);
    },
  });
  import(process.argv[1]);
`;

it('opening a profile loads none of what few processes need: the SDK of the store, time stamps, search, the witness’s own side', () => {
  const entry = new URL('installation.ts', import.meta.url).href;
  const output = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', LISTING, entry], {
    encoding: 'utf8',
  });
  const loaded = output.trim().split('\n');
  expect(loaded).toContain(entry);
  const heavy =
    /node_modules\/(@aws-sdk|@smithy|pkijs|asn1js)\/|\/audit\/search\/|\/audit\/witness\/(server|state)\.ts$/;
  expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
});
