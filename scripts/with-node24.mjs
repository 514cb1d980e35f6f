// Runs a script under Node 24, whatever Node npm itself runs under: the project brings Node 24 as an optional
// dependency per platform, so that `npm ci` on Node 20 is enough. Plain JavaScript for old Nodes on purpose.
import { spawnUnderNode24 } from '../bin/node24.mjs';

spawnUnderNode24(process.argv.slice(2));
