import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createS3Store } from './s3.ts';

let server: Server;
const sockets = new Set<Socket>();
beforeEach(async () => {
  server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server.close();
});

it('a store that is closed lets go of a server that never answers, whoever still asks it', async () => {
  const { port } = server.address() as AddressInfo;
  const store = createS3Store({
    bucket: 'bucket',
    prefix: '',
    region: 'test',
    endpoint: `http://127.0.0.1:${String(port)}`,
    pathStyle: true,
    retainDays: 0,
    accessKeyId: 'somebody',
    secretAccessKey: 'secret',
  });
  const connected = once(server, 'connection');
  const asked = expect(store.create('a/log.json', Buffer.from('{}'), {})).rejects.toThrow();
  const [socket] = (await connected) as [Socket];
  const left = once(socket.resume(), 'close');
  store.close();
  await asked;
  await left;
});
