import { S3Client, CreateBucketCommand, PutBucketPolicyCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, lstatSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { withLock } from '../../lock.ts';
import { missingProgram, USERS, type Credentials, type User } from './ceph.ts';

export { type Credentials } from './ceph.ts';

/** A real S3 server on loopback: Ceph's gateway. Tests that use it share it; a bucket is their own. */
export interface Radosgw {
  readonly endpoint: string;
  readonly region: string;
  readonly users: Readonly<Record<User, Credentials>>;
  /** Makes a bucket of `owner` with a name of its own. Object Lock brings versioning with it. */
  makeBucket(options?: BucketOptions): Promise<string>;
  /** A client that sees the server without anything of ours between; `endpoint` may be that of a proxy in front. */
  client(user: User | Credentials, endpoint?: string): S3Client;
  close(): void;
}

export interface BucketOptions {
  readonly versioning?: boolean;
  readonly objectLock?: boolean;
  readonly owner?: User;
  /** Statements of a bucket policy, given the bucket's name. */
  readonly policy?: (bucket: string) => readonly object[];
}

/** Use as `describe.skipIf(radosgw.missing)(radosgw.name, ...)`: the name says why, where it is skipped. */
export const radosgw: { readonly name: string; readonly missing: boolean; start(): Promise<Radosgw> } = atHand();

function atHand(): typeof radosgw {
  const program = process.platform === 'linux' ? missingProgram() : 'Linux';
  const reason =
    program === 'Linux' ? 'Ceph runs on Linux only' : `${String(program)} is not installed; see scripts/provision.ts`;
  const name = "Ceph's radosgw";
  return program === undefined
    ? { name, missing: false, start: startRadosgw }
    : { name: `${name} (skipped: ${reason})`, missing: true, start: () => Promise.reject(new Error(reason)) };
}

/** Name of an Amazon resource as a user of this server. */
export const principal = (user: User): object => ({ AWS: [`arn:aws:iam:::user/${user}`] });

const REGION = 'default';
const credentials = z.strictObject({ accessKeyId: z.string(), secretAccessKey: z.string() });
const answer = z.union([
  z.strictObject({ failed: z.string() }),
  z.strictObject({ ready: z.strictObject({ endpoint: z.string(), users: z.record(z.enum(USERS), credentials) }) }),
]);

async function startRadosgw(): Promise<Radosgw> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = await connectToKeeper();
    socket.write(`${JSON.stringify({ run: process.ppid })}\n`);
    const line = await firstLine(socket);
    if (line === null && attempt < 3) continue; // it was just stopping
    const said = answer.parse(JSON.parse(line ?? '{"failed":"the keeper of Ceph ended"}'));
    if ('failed' in said) throw new Error(said.failed);
    // A test that has ended is not kept alive by this; the connection ends with its process.
    socket.unref();
    return speakTo(said.ready.endpoint, said.ready.users, () => socket.destroy());
  }
}

function speakTo(endpoint: string, users: Radosgw['users'], close: () => void): Radosgw {
  const clients: S3Client[] = [];
  const client: Radosgw['client'] = (user, at = endpoint) => {
    const made = new S3Client({
      endpoint: at,
      region: REGION,
      forcePathStyle: true,
      // A copy: the SDK writes into what it is given.
      credentials: { ...(typeof user === 'string' ? users[user] : user) },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    clients.push(made);
    return made;
  };
  return {
    endpoint,
    region: REGION,
    users,
    client,
    async makeBucket({ versioning = false, objectLock = false, owner = 'owner', policy } = {}) {
      const Bucket = `audit-${randomUUID()}`;
      const s3 = client(owner);
      await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: objectLock }));
      if (versioning && !objectLock)
        await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
      if (policy !== undefined) {
        const Policy = JSON.stringify({ Version: '2012-10-17', Statement: policy(Bucket) });
        await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      }
      return Bucket;
    },
    close() {
      for (const made of clients) made.destroy();
      close();
    },
  };
}

/** A connection to the keeper of this account's Ceph, which is started where none answers. */
async function connectToKeeper(): Promise<Socket> {
  const directory = join(tmpdir(), `countersign-radosgw-${String(userInfo().uid)}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== userInfo().uid || (found.mode & 0o077) !== 0)
    throw new Error(`${directory} is not this account's own`);
  const socketPath = join(directory, 'keeper');
  return withLock(join(directory, 'lock'), async () => {
    const running = await connected(socketPath);
    if (running !== null) return running;
    const script = fileURLToPath(new URL('./radosgw-keeper.ts', import.meta.url));
    // A session of its own: Ctrl+C in the terminal reaches the tests, and their end reaches it.
    const keeper = spawn(process.execPath, [script, socketPath], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await firstLine(keeper.stdout);
    keeper.stdout.destroy();
    keeper.unref();
    const started = await connected(socketPath);
    if (started === null) throw new Error('the keeper of Ceph did not start');
    return started;
  });
}

async function connected(path: string): Promise<Socket | null> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket.on('error', () => undefined);
  } catch {
    return null;
  }
}

/** The first line that comes; null where the other end closes without one. */
const firstLine = async (input: NodeJS.ReadableStream): Promise<string | null> =>
  new Promise((done) => {
    createInterface({ input })
      .once('line', done)
      .once('close', () => done(null));
  });
