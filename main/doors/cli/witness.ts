import { resolve } from 'node:path';
import { type Contradiction, isKeyName, serveWitness, type WitnessNotice } from '../../audit/witness/index.ts';
import { CountersignError } from '../../errors.ts';
import { type CliIo, DONE, type ExitCode, printError, REFUSED, write } from './io.ts';
import { createWitnessDirectory, openStateOf, readWitnessKey, readWitnessSettings } from './witness-directory.ts';

interface Printed {
  readonly json?: boolean;
}

/** Where a witness listens when nobody says otherwise. */
const WITNESS_LISTEN = '127.0.0.1:8765';

/** Makes a witness in a directory of its own: a key, an empty memory, an empty list of logs. */
export async function witnessInit(
  io: CliIo,
  directory: string,
  options: Printed & { readonly name: string; readonly secrets?: 'file' | 'keyring' },
): Promise<ExitCode> {
  if (!isKeyName(options.name) || options.name.length > 255) {
    throw new CountersignError('witness-name-invalid', 'A witness is named like an address without https://.', {
      next: 'Choose a name without spaces and +, such as witness.example.com/w1; nothing has to answer there.',
    });
  }
  const path = resolve(directory);
  const key = await createWitnessDirectory(path, options.name, options.secrets ?? 'file');
  if (options.json === true) {
    await write(io.stdout, `${JSON.stringify({ directory: path, name: key.name, key: key.text })}\n`);
    return DONE;
  }
  await write(
    io.stdout,
    `${key.text}\nThis is the key of the witness, for organisation.yaml of its logs and for verifiers.\n` +
      `List the logs in ${path}/witness.yaml, then: countersign witness serve ${path}\n`,
  );
  return DONE;
}

/** Runs the witness in the foreground until the person ends it. */
export async function witnessServe(
  io: CliIo,
  directory: string,
  options: Printed & { readonly listen?: string },
): Promise<ExitCode> {
  const path = resolve(directory);
  const settings = await readWitnessSettings(path);
  const key = await readWitnessKey(path, settings);
  const listen = listenAddress(options.listen ?? WITNESS_LISTEN);
  const state = openStateOf(path, key.verifier);
  try {
    const server = await serveWitness(
      {
        key,
        state,
        logs: async () => (await readWitnessSettings(path)).logs,
        report: (notice) => report(io, notice),
      },
      listen,
    );
    try {
      const { name, text } = key.verifier;
      await write(
        io.stdout,
        options.json === true
          ? `${JSON.stringify({ directory: path, name, key: text, url: server.url })}\n`
          : `The witness ${name} listens on ${server.url}\n${text}\nCtrl+C ends it.\n`,
      );
      if (!['127.0.0.1', '::1', 'localhost'].includes(listen.host))
        io.stderr.write('Logs ask over https only: put a server that speaks TLS in front of this address.\n');
      if (!io.signal.aborted)
        await new Promise<void>((end) => io.signal.addEventListener('abort', () => end(), { once: true }));
    } finally {
      await server.close();
    }
  } finally {
    state.close();
  }
  return DONE;
}

/** Who the witness is, what it knows of each log, and the evidence it keeps. Exit code 1 where a log contradicts itself. */
export async function witnessShow(io: CliIo, directory: string, options: Printed): Promise<ExitCode> {
  const path = resolve(directory);
  const settings = await readWitnessSettings(path);
  const state = openStateOf(path, settings.key);
  try {
    const logs = state.logs().map(({ checkpoint: { origin, size, root }, time }) => ({
      origin,
      size,
      root: root.toString('hex'),
      time: new Date(time * 1000).toISOString(),
      status: statusOf(settings.logs.keysFor(origin)),
    }));
    const contradictions = state.contradictions();
    const { name, text: key } = settings.key;
    const shown = { directory: path, name, key, logs, contradictions };
    await write(io.stdout, options.json === true ? `${JSON.stringify(shown)}\n` : showText(shown));
    return contradictions.length === 0 ? DONE : REFUSED;
  } finally {
    state.close();
  }
}

type LogStatus = 'listed' | 'revoked' | 'unlisted';

const statusOf = (keys: readonly { readonly revoked: boolean }[]): LogStatus =>
  keys.length === 0 ? 'unlisted' : keys.some(({ revoked }) => !revoked) ? 'listed' : 'revoked';

function showText(shown: {
  readonly key: string;
  readonly logs: readonly {
    readonly origin: string;
    readonly size: number;
    readonly time: string;
    readonly status: LogStatus;
  }[];
  readonly contradictions: readonly Contradiction[];
}): string {
  return [
    shown.key,
    ...(shown.logs.length === 0 ? ['No checkpoint was cosigned yet.'] : []),
    ...shown.logs.map(({ origin, size, time, status }) => {
      const word = status === 'listed' ? '' : ` (${status})`;
      return `${origin}${word}: ${size} entries, cosigned ${time}`;
    }),
    ...shown.contradictions.map(
      ({ origin, size, cosigned, refused }) =>
        `${origin} signed two histories of ${size} entries. Cosigned:\n${cosigned}Refused:\n${refused}`,
    ),
    '',
  ].join('\n');
}

function report(io: CliIo, notice: WitnessNotice): void {
  if (notice.kind === 'trouble') return printError(io, notice.error);
  const { origin, size } = notice.contradiction;
  io.stderr.write(
    `countersign: ${origin} signed two histories of ${size} entries. The second was refused; both are kept as evidence.\n` +
      'See countersign witness show.\n',
  );
}

/** `host:port`, `[::1]:port`. */
function listenAddress(text: string): { readonly host: string; readonly port: number } {
  const [, six, four, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? four;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new CountersignError('witness-listen-invalid', `${JSON.stringify(text)} is not an address to listen on.`, {
    next: 'Write host:port, such as 127.0.0.1:8765 or [::1]:8765; port 0 takes a free one.',
  });
}
