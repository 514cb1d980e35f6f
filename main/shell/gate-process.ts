/** Entry of the gate process under Electron (utilityProcess): plain Node, without Electron's modules. */
import { parseArgs } from 'node:util';
import { prepareRuntime } from '../runtime.ts';
import { runGateService, type ParentPort } from './gate-service.ts';

prepareRuntime();
// Only now: what it imports is compiled under what was just set.
const { openDesktop } = await import('../doors/desktop/open.ts');

const { values } = parseArgs({
  options: { home: { type: 'string' }, demonstration: { type: 'boolean', default: false } },
});
const { parentPort: parent } = process as NodeJS.Process & { readonly parentPort?: ParentPort };
if (parent === undefined || values.home === undefined) {
  console.error('This file is started by the desktop application: run "npm start".');
  process.exit(2);
}

await runGateService({
  parent,
  profile: { home: values.home, demonstration: values.demonstration },
  open: openDesktop,
  exit: (code) => process.exit(code),
});
