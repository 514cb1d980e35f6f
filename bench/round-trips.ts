import { type AddressInfo, connect, createServer } from 'node:net';

/** A way to a server on which round trips are counted: each ends in a ReadyForQuery (PostgreSQL protocol 54.7). */
export interface CountedWay {
  readonly port: number;
  /** Round trips of `work`, on every connection that goes this way. */
  of(work: () => Promise<unknown>): Promise<number>;
  close(): void;
}

const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

export async function countedWay(host: string, port: number): Promise<CountedWay> {
  let ready = 0;
  const relay = createServer((client) => {
    const server = connect(port, host);
    const ends = [client, server];
    for (const end of ends) end.on('error', () => undefined).on('close', () => ends.forEach((one) => one.destroy()));
    client.pipe(server);
    server.on('data', (bytes: Buffer) => {
      for (let at = bytes.indexOf(READY); at !== -1; at = bytes.indexOf(READY, at + 1)) ready += 1;
      client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return {
    port: (relay.address() as AddressInfo).port,
    async of(work) {
      const before = ready;
      await work();
      return ready - before;
    },
    close: () => void relay.close(),
  };
}
