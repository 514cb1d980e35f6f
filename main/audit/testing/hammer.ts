/**
 * A process that records statements until it is stopped and prints `log index hash` once each is acknowledged, and
 * `signed log size root` for each checkpoint it asks for. Tests kill it, trace its system calls and run several at once:
 * `node hammer.ts DIRECTORY KEY_FILE COUNT [GIVE_UP_EVERY]`.
 */
import { readFileSync } from 'node:fs';
import { openAuditLog } from '../log.ts';
import { rootAt } from '../proofs.ts';
import { statement } from './statement.ts';

const [directory = '', keyFile = '', count = '0', giveUpEvery = '0'] = process.argv.slice(2);
const log = await openAuditLog({
  directory,
  key: readFileSync(keyFile, 'utf8'),
  blobKey: Buffer.alloc(32, 7),
  origin: 'test.example/audit',
  app: { app: 'hammer', version: '0' },
});
interface Acknowledged {
  readonly log: string;
  readonly index: number;
  readonly hash: string;
}
const acknowledged = ({ log: id, index, hash }: Acknowledged): void =>
  void process.stdout.write(`${id} ${index} ${hash}\n`);

const s = `s-${process.pid}`;
const begin = async (): Promise<void> =>
  acknowledged(await log.append({ k: 'session.start', s, actor: statement(s, '').actor }));
await begin();
for (let i = 1; i <= Number(count); i++) {
  const intent = await log.recordIntent(statement(s, `select ${i} /* canary-literal */`));
  acknowledged(intent.receipt);
  acknowledged(await intent.end({ status: 'done', rows: 1 }));
  if (i % Number(giveUpEvery) !== 0) continue;
  const { size, root } = await log.checkpoint();
  process.stdout.write(`signed ${log.id} ${size} ${root}\n`);
  await log.giveUp('as asked', { size, root: rootAt(log.path, size).toString('hex') });
  await begin();
}
await log.close();
