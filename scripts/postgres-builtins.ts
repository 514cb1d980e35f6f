// Makes main/gate/understand/postgres/builtins.json: what every supported version of PostgreSQL brings, each function and
// relation with the verdict of the review beside main/gate/understand/postgres/testing/review.ts.
//
//   node scripts/postgres-builtins.ts            the file from the review and a server of each version
//   node scripts/postgres-builtins.ts --review   first lists every function that is new, or has changed, in the review:
//                                                as unknown and refused, for somebody to read and decide
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serversAtHand } from '../main/databases/embedded/testing/installed.ts';
import {
  builtinsText,
  formOf,
  FUNCTIONS_FILE,
  readReview,
  type ReviewedFunction,
  signatureOf,
} from '../main/gate/understand/postgres/testing/review.ts';
import { readBuiltins, type ServerBuiltins } from '../main/gate/understand/postgres/testing/server-builtins.ts';
import { versionsText } from '../main/gate/understand/postgres/testing/versions.ts';

async function readAll(): Promise<readonly ServerBuiltins[]> {
  const all: ServerBuiltins[] = [];
  for (const { major, start } of serversAtHand) {
    const server = await start();
    try {
      all.push(await readBuiltins(server, major));
    } finally {
      await server.stop();
    }
  }
  return all;
}

/** The review with the forms that the servers have and with the versions that have them. */
function renewed(servers: readonly ServerBuiltins[], known: readonly ReviewedFunction[]): readonly ReviewedFunction[] {
  const reviewed = new Map(known.map((one) => [formOf(one.signature, one.identity), one]));
  const majors = new Map<string, number[]>();
  for (const { major, functions } of servers) {
    for (const one of functions) {
      const form = formOf(signatureOf(one), one.identity);
      majors.set(form, [...(majors.get(form) ?? []), major]);
    }
  }
  return [...majors].map(([form, list]): ReviewedFunction => {
    const [signature = '', identity = ''] = form.split('\t');
    const one = reviewed.get(form);
    if (one === undefined) console.log(`to be reviewed: ${signature} (${identity}) of ${list.join(', ')}`);
    const versions = versionsText(list);
    return { signature, class: one?.class ?? 'unknown', allow: one?.allow ?? 'no', versions, identity };
  });
}

function writeReview(functions: readonly ReviewedFunction[]): void {
  const rows = functions.map((one) => [one.signature, one.class, one.allow, one.versions, one.identity].join('\t'));
  const header = ['signature', 'class', 'allow', 'versions', 'identity'].join('\t');
  writeFileSync(FUNCTIONS_FILE, `${[header, ...rows.sort()].join('\n')}\n`);
}

const servers = await readAll();
if (process.argv.includes('--review')) writeReview(renewed(servers, readReview().functions));
writeFileSync(
  fileURLToPath(new URL('../main/gate/understand/postgres/builtins.json', import.meta.url)),
  builtinsText(servers, readReview()),
);
