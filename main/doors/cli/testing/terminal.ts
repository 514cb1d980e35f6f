import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { signInAt } from '../../../demonstration/idp/visitor.ts';
import { type CliIo, type ExitCode } from '../io.ts';
import { runCli } from '../main.ts';

/** What a command left behind, as a shell sees it. */
export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Typed {
  readonly stdin?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs one command in this process, on streams of its own. */
export async function run(argv: readonly string[], typed: Typed = {}): Promise<Ran> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const said = [text(stdout), text(stderr)];
  const code = await runCli(argv, ioOf(stdout, stderr, typed));
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(said);
  return { code, stdout: out, stderr: err };
}

export function ioOf(
  stdout: PassThrough,
  stderr: PassThrough,
  { stdin = '', signal = new AbortController().signal, environment = {} }: Typed = {},
): CliIo {
  return { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr, environment, signal };
}

/** Signs one of the demonstration's people in to the profile, through the provider's pages. */
export async function signIn(home: string, who: 'ana' | 'eli' | 'sam'): Promise<void> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const said = text(stderr);
  const login = runCli(['login', '--print-url', '--home', home], ioOf(stdout, stderr));
  const visit = once(stdout, 'data').then(async ([url]) =>
    fetch(await signInAt(String(url).trim(), `${who}@shop.example`, `${who}-demo`)),
  );
  await Promise.race([visit, login]);
  const code = await login;
  stderr.end();
  if (code !== 0) throw new Error(`${who} could not sign in: ${await said}`);
}
