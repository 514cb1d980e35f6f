import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { databaseOf, startTwins, type Twins } from './testing/twins.ts';

const COMMANDS = [
  ...['\\d', '\\d customers', '\\d+ orders', '\\d v_ref', '\\d cust_part', '\\d seq1', '\\d customers_ssn', '\\dt+'],
  ...['\\dv', '\\di+', '\\ds', '\\df', '\\df+ get_ssn', '\\dn+', '\\du', '\\dx', '\\dT', '\\dp orders', '\\dy', '\\db'],
  ...['\\dD', '\\do ~~~', '\\dRp', '\\sf get_ssn', '\\sv v_ref', '\\dC', '\\drds', '\\dX', '\\dP', '\\dm', '\\dE'],
  ...['\\dF', '\\dc', '\\dL', '\\ddp', '\\da', '\\dg'],
];

const psql = spawnSync('psql', ['--version']).status === 0;

for (const server of serversAtHand) {
  describe.skipIf(server.missing)(`what psql asks to describe a database of ${server.name}`, () => {
    let twins: Twins;
    beforeAll(async () => {
      twins = await startTwins([], server);
    }, 120_000);
    afterAll(() => twins.close());

    for (const command of COMMANDS) {
      it.skipIf(!psql)(`is answered for ${command}${psql ? '' : ' (skipped: psql is not installed)'}`, async () => {
        const refused: unknown[] = [];
        for (const text of queriesOf(command)) {
          const { verdict, because, output, failed } = await twins.run('a', text);
          // A psql of another version asks for columns that this server does not have.
          const otherVersion = because.length > 0 && because.every((code) => code === 'unknown-column');
          if ((verdict !== 'allow' && !otherVersion) || failed) refused.push([text, output.reasons, output.ending]);
        }
        expect(refused).toEqual([]);
      });
    }

    /** psql prints its own queries with -E. */
    function queriesOf(command: string): readonly string[] {
      const { host, port } = twins.server;
      const { stdout } = spawnSync(
        'psql',
        ['-X', '-E', '-h', host, '-p', String(port), '-U', 'analyst', '-d', databaseOf('a'), '-c', command],
        { encoding: 'utf8', env: { ...process.env, PGPASSWORD: twins.password, LC_ALL: 'C' } },
      );
      return [...stdout.matchAll(/\*{3,} QUERY \*{3,}\n(.*?)\n\*{3,}\n/gs)].map(([, text]) =>
        (text ?? '').replace(/;\s*$/, ''),
      );
    }
  });
}
