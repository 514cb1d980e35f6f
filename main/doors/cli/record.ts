import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AnchorState } from '../../audit/anchors/index.ts';
import { type Actor, type AuditLog } from '../../audit/index.ts';
import { logsBelow, readEvent } from '../../audit/journal/reader.ts';
import { newestCheckpoint } from '../../audit/proofs.ts';
import { CountersignError } from '../../errors.ts';
import { type Installation } from '../../installation.ts';
import { auditDirectory } from '../../recording.ts';
import { printable } from '../format/printable.ts';
import { openIndexHere, takeInAnew } from '../../audit/search/index.ts';
import { indexOf, portsOf } from '../activity/open.ts';
import { requireReviewer } from '../standing.ts';
import { type CliIo, DONE, type ExitCode, REFUSED, tell, write } from './io.ts';
import { askerOf, withInstallation } from './signed-in.ts';

interface Printed {
  readonly json?: boolean;
}

/** Longest that a look at store and witnesses takes, ms: how things stand is told, whether or not all has come. */
const LOOK = 5_000;

/** `countersign record status`: how far the record has come, here and outside this machine. */
export async function recordStatus(io: CliIo, home: string, options: Printed): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    await settled(installation, LOOK, io.signal);
    const status = statusOf(home, installation);
    await write(io.stdout, options.json === true ? `${JSON.stringify(status)}\n` : statusText(status));
    return status.trouble === null ? DONE : REFUSED;
  });
}

/** `countersign record upload`: brings everything recorded to store and witnesses. Exit code 1 where something is left. */
export async function recordUpload(
  io: CliIo,
  home: string,
  options: Printed & { readonly seconds: number },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const { store, witnesses } = installation.recording;
    if (store === undefined && witnesses.length === 0) {
      throw new CountersignError('no-record-store', 'The record of this profile is kept on this machine only.', {
        next: 'organisation.yaml says where copies go (record.store, record.witnesses).',
      });
    }
    installation.recording.anchors.retry();
    await settled(installation, options.seconds * 1000, io.signal, isWaiting);
    await haveSigned(installation, io.signal);
    const status = statusOf(home, installation);
    await write(io.stdout, options.json === true ? `${JSON.stringify(status)}\n` : statusText(status));
    return isBehind(status) || status.trouble !== null ? REFUSED : DONE;
  });
}

/** `countersign record doctor`: what the store does not promise, and what ends it. Exit code 1 where there is something. */
export async function recordDoctor(io: CliIo, home: string, options: Printed): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const { store, anchors } = installation.recording;
    const weaknesses = store === undefined ? [] : await store.examine(io.signal);
    await settled(installation, LOOK, io.signal);
    const { trouble } = anchors.state();
    const found = { store: store?.name ?? null, weaknesses, trouble };
    if (options.json === true) await write(io.stdout, `${JSON.stringify(found)}\n`);
    else {
      const lines = weaknesses.map(({ code, sentence, mend }) => `${code}: ${sentence}\n  ${mend}`);
      const where =
        store === undefined ? 'The record is kept on this machine only.' : `The record is copied to ${store.name}.`;
      await write(io.stdout, printable(`${[where, ...lines, ...(trouble === null ? [] : [trouble])].join('\n')}\n`));
    }
    return weaknesses.length === 0 && trouble === null ? DONE : REFUSED;
  });
}

/** `countersign record erase`: SQL text, parameters and everything else sealed of one event, for good; its proof stays. */
export async function recordErase(
  io: CliIo,
  home: string,
  log: string,
  index: number,
  options: Printed & { readonly as?: string; readonly reason: string },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await installation.identity.ensureLive(await askerOf(installation, options, io));
    requireReviewer(installation, session, 'erase content of the record');
    const { addresses, isLong } = sealedIn(home, log, index);
    const actor = await installation.actorOf(session);
    let erased = 0;
    for (const address of addresses)
      erased += (await eraseOnce(installation.audit, log, address, actor, options.reason)) ? 1 : 0;
    if (isLong) await takeOutOfIndex(io, installation, log);
    const done = { log, index, sealed: addresses.length, erased };
    await write(
      io.stdout,
      options.json === true
        ? `${JSON.stringify(done)}\n`
        : `Erased ${String(erased)} of ${String(addresses.length)} sealed contents of event ${String(index)}; the event and its proof stay.\n`,
    );
    return DONE;
  });
}

/** False where it has been erased before. */
async function eraseOnce(
  audit: AuditLog,
  log: string,
  address: string,
  actor: Actor,
  reason: string,
): Promise<boolean> {
  try {
    await audit.eraseBlob(log, address, actor, reason);
    return true;
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'audit-blob-erased') return false;
    throw error;
  }
}

/** Addresses of everything sealed that a leaf names: objects `{h, len, ref}`, wherever they stand. */
function sealedIn(
  home: string,
  log: string,
  index: number,
): { readonly addresses: readonly string[]; readonly isLong: boolean } {
  const known = logsBelow(auditDirectory(home)).find(({ id }) => id === log);
  const event = known === undefined ? null : readEvent(known.path, index);
  if (event === null) {
    throw new CountersignError('no-such-event', `There is no event ${String(index)} in a log ${log} of this profile.`, {
      next: 'countersign activity --json gives log and index of each event.',
    });
  }
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('h' in value && 'len' in value && 'ref' in value && typeof value.ref === 'string') found.add(value.ref);
    for (const inner of Object.values(value)) look(inner);
  };
  const leaf: unknown = JSON.parse(event.leaf.toString());
  look(leaf);
  return { addresses: [...found], isLong: typeof leaf === 'object' && leaf !== null && 'long' in leaf };
}

/** Names of a long statement are sealed, and in the index: it takes the log in again, now without them. */
async function takeOutOfIndex(io: CliIo, installation: Installation, log: string): Promise<void> {
  const { directory, blobKey } = portsOf(installation);
  try {
    const store = await openIndexHere(await indexOf(installation));
    try {
      await takeInAnew({ directory, store, blobKey }, [log]);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    tell(
      io,
      `countersign: names of the statement are still in the search index. ${error.message} ${error.next ?? ''}\nThen: countersign activity rebuild\n`,
    );
  }
}

interface Status extends AnchorState {
  /** The log that this process writes. */
  readonly log: string;
  readonly recorded: number;
  readonly logs: readonly {
    readonly id: string;
    readonly signed: number;
    /** Why the log was given up; null where it was not. */
    readonly givenUp: string | null;
  }[];
}

function statusOf(home: string, { recording: { audit, anchors } }: Installation): Status {
  const { log, recorded, trouble } = audit.state();
  const state = anchors.state();
  const logs = logsBelow(auditDirectory(home)).map(({ id, path }) => ({
    id,
    signed: newestCheckpoint(path)?.size ?? 0,
    givenUp: givenUpBecause(path),
  }));
  return { log, recorded, logs, ...state, trouble: trouble ?? state.trouble };
}

/** A log that could not be continued, or that was found to go on elsewhere, says so beside itself. */
function givenUpBecause(path: string): string | null {
  const file = join(path, 'dead.json');
  if (!existsSync(file)) return null;
  try {
    const mark: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof mark === 'object' && mark !== null && 'reason' in mark) return String(mark.reason);
  } catch {
    // Said below: what it says cannot be read.
  }
  return 'the reason cannot be read';
}

type Progress = AnchorState & { readonly recorded: number };

const isWaiting = ({ recorded, uploaded, waitingSince }: Progress): boolean =>
  waitingSince !== null || (uploaded ?? recorded) < recorded;

const isBehind = (state: Progress): boolean => isWaiting(state) || (state.witnessed ?? state.recorded) < state.recorded;

/** Has the witnesses sign what is recorded now, instead of in their next round. What is in the way is told by the state. */
async function haveSigned(
  { recording: { audit, anchors, witnesses } }: Installation,
  signal: AbortSignal,
): Promise<void> {
  const { log, recorded } = audit.state();
  if (witnesses.length === 0 || anchors.state().trouble !== null) return;
  await anchors.reach({ log, index: recorded - 1, hash: '' }, 'witnessed', signal).catch(() => undefined);
}

/** Waits until nothing is behind, something is in the way, or the time is over. */
async function settled(
  { recording: { audit, anchors } }: Installation,
  within: number,
  signal: AbortSignal,
  isLeft: (state: Progress) => boolean = isBehind,
): Promise<void> {
  const done = new AbortController();
  const stopped = AbortSignal.any([signal, done.signal]);
  const look = (): void => {
    const state = anchors.state();
    if (!isLeft({ ...state, recorded: audit.state().recorded }) || state.trouble !== null) done.abort();
  };
  const stop = anchors.onState(look);
  look();
  await delay(within, undefined, { signal: stopped }).catch(() => undefined);
  stop();
}

function statusText(status: Status): string {
  const count = (events: number): string => events.toLocaleString('en');
  const lines = [
    `Log        ${status.log}`,
    `Recorded   ${count(status.recorded)} events`,
    ...(status.uploaded === null
      ? ['Uploaded   nowhere: no store is configured']
      : [`Uploaded   ${count(status.uploaded)} events to ${status.store ?? ''}`]),
    ...(status.witnessed === null ? [] : [`Witnessed  ${count(status.witnessed)} events`]),
    ...(status.waitingSince === null ? [] : [`Waiting    since ${status.waitingSince}`]),
    ...(status.pressure === 'none' ? [] : [`Pressure   ${status.pressure}`]),
    ...(status.trouble === null ? [] : [status.trouble]),
    ...status.weaknesses.map(({ sentence, mend }) => `${sentence}\n  ${mend}`),
    '',
    'Logs of this profile, with the events under a signature',
    ...status.logs.map(
      ({ id, signed, givenUp }) => `  ${id}  ${count(signed)}${givenUp === null ? '' : `  given up: ${givenUp}`}`,
    ),
  ];
  return printable(`${lines.join('\n')}\n`);
}
