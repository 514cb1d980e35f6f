import { type Socket } from 'node:net';
import { Client } from 'pg';
import { serialize } from 'pg-protocol';
import { FrameReader } from '../main/databases/postgres/frames.ts';
import { BodyReader, Message, readRowDescription } from '../main/databases/postgres/messages.ts';
import { type PostgresTarget } from '../main/databases/postgres/target.ts';
import { type CellTransform, type ResultWriter } from '../main/databases/result/index.ts';
import { maskerTransform } from '../main/gate/mask/maskers.ts';
import { type Masker } from '../main/gate/verdict.ts';

/**
 * A whole result in binary format into a result's writer. The gate itself asks for text; doors for drivers that want
 * binary mask it by the same transforms, so what that costs is measured with a connection of our own.
 */
export async function readBinary(
  { host, port, database, user, password }: PostgresTarget,
  query: string,
  maskers: Readonly<Record<string, Masker>>,
  writerOf: (transforms: readonly (CellTransform | undefined)[]) => ResultWriter,
  arrived: () => void,
): Promise<number> {
  const client = new Client({ host, port, database, user, password: password ?? '', ssl: false });
  await client.connect();
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  // From here on the connection is ours: nothing of pg's listens any more, not even for its end.
  for (const event of ['data', 'error', 'close', 'end']) stream.removeAllListeners(event);
  const rows = await new Promise<number>((resolve, reject) => {
    let writer: ResultWriter | undefined;
    let count = 0;
    const reader = new FrameReader((type, bytes, start, end) => {
      if (type === Message.rowDescription) {
        const columns = readRowDescription(new BodyReader(bytes, start, end));
        writer = writerOf(
          columns.map((column) => {
            const masker = maskers[column.name];
            return masker === undefined
              ? undefined
              : maskerTransform(masker, { ...column, type: '' }, { format: 'binary' });
          }),
        );
      } else if (type === Message.dataRow) {
        if (writer?.row(bytes, start, end) === true) count += 1;
        arrived();
      } else if (type === Message.error) reject(new Error('the server refused the query'));
      else if (type === Message.ready) resolve(count);
      return true;
    });
    stream.on('data', (chunk: Buffer) => void reader.push(chunk)).on('error', reject);
    const binary = serialize.bind({ binary: true });
    const describe = serialize.describe({ type: 'P' });
    stream.write(
      Buffer.concat([serialize.parse({ text: query }), binary, describe, serialize.execute({}), serialize.sync()]),
    );
  });
  stream.destroy();
  return rows;
}
