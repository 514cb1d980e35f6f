/**
 * A process that records statements until it is stopped and prints `log index hash` once each is acknowledged. Tests kill
 * it, trace its system calls and run several at once: `node hammer.ts DIRECTORY KEY_FILE COUNT`.
 */
import { readFileSync } from 'node:fs';
import { statement } from './statement.ts';
import { openAuditLog } from '../log.ts';

const [directory = '', keyFile = '', count = '0'] = process.argv.slice(2);
const log = await openAuditLog({
  directory,
  key: readFileSync(keyFile, 'utf8'),
  blobKey: Buffer.alloc(32, 7),
  origin: 'test.example/audit',
  app: { app: 'hammer', version: '0' },
});
const acknowledged = ({ index, hash }: { readonly index: number; readonly hash: string }): void =>
  void process.stdout.write(`${log.id} ${index} ${hash}\n`);

const s = `s-${process.pid}`;
acknowledged(await log.append({ k: 'session.start', s, actor: statement(s, '').actor }));
for (let i = 0; i < Number(count); i++) {
  const intent = await log.recordIntent(statement(s, `select ${i} /* canary-literal */`));
  acknowledged(intent.receipt);
  acknowledged(await intent.end({ status: 'done', rows: 1 }));
}
await log.close();
