import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { serialize } from 'pg-protocol';

/** Milliseconds that the request may take to arrive. */
const PATIENCE = 5000;

export interface CancelTarget {
  readonly host: string;
  readonly port: number;
  readonly processId: number;
  readonly secretKey: number;
  /** False where the session itself is not encrypted. */
  readonly tls: ConnectionOptions | false;
}

/**
 * Sends a CancelRequest on a connection of its own (PostgreSQL protocol 54.2.8), encrypted where the session is: the key
 * it carries lets its bearer cancel. Resolves when the server has closed that connection, which it does after it has
 * signalled the session, or when it does not answer; whether the statement was cancelled is for the session to see.
 */
export function sendCancel({ host, port, processId, secretKey, tls }: CancelTarget): Promise<void> {
  return new Promise((done) => {
    const plain = connect({ host, port });
    const sockets: Socket[] = [plain];
    const finish = (): void => {
      clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      done();
    };
    const timer = setTimeout(finish, PATIENCE);
    const watch = (socket: Socket): Socket => socket.on('error', finish).on('close', finish);
    const send = (socket: Socket): void => void socket.write(serialize.cancel(processId, secretKey));
    watch(plain).once('connect', () => {
      if (tls === false) return send(plain);
      plain.write(serialize.requestSsl());
      plain.once('data', (answer) => {
        if (answer.length !== 1 || answer[0] !== 0x53) return finish();
        const secure = connectTls({ ...tls, socket: plain, host, ...(isIP(host) === 0 ? { servername: host } : {}) });
        sockets.push(secure);
        watch(secure).once('secureConnect', () => send(secure));
        return undefined;
      });
    });
    plain.resume();
  });
}
