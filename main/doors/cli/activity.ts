import { writeFile } from 'node:fs/promises';
import { type ActivityEventView, type ActivityQuery, type ActivityRowView } from '../../../shared/views.ts';
import { logsBelow } from '../../audit/journal/reader.ts';
import { catchUp, openIndexHere, takeInAnew } from '../../audit/search/index.ts';
import { CountersignError } from '../../errors.ts';
import { type Session } from '../../identity/principal.ts';
import { type Activity, createActivity } from '../activity/activity.ts';
import { isoTime, jsonLine, MOST_EXPORTED } from '../activity/export.ts';
import { indexOf, portsOf } from '../activity/open.ts';
import { type CliIo, DONE, type ExitCode, REFUSED, tell, write } from './io.ts';
import { printable } from '../format/printable.ts';
import { askerOf, withInstallation } from './signed-in.ts';
import { activityTable, resultOf } from './activity-table.ts';
import { instantOf } from '../instant.ts';

/** What `countersign activity` takes, as commander names it. */
export interface ActivityOptions {
  readonly as?: string;
  readonly person?: string;
  readonly agent?: string;
  readonly connection?: string;
  readonly env?: string;
  readonly table?: string;
  readonly column?: string;
  readonly class?: string;
  readonly verdict?: 'allow' | 'refuse' | 'ask';
  readonly status?: NonNullable<ActivityQuery['status']>;
  readonly kind?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly text?: string;
  readonly limit: number;
  readonly json?: boolean;
  readonly csv?: boolean;
}

const PAGE = 1_000;

/** `countersign activity`: events, newest first. What a reviewer searches or takes out is recorded, as in the window. */
export async function activity(io: CliIo, home: string, options: ActivityOptions): Promise<ExitCode> {
  const query = queryOf(options, Date.now());
  const { limit } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_EXPORTED) {
    throw new CountersignError('activity-limit', `--limit is a number from 1 to ${String(MOST_EXPORTED)}.`, {
      next: 'For more, ask several times, with --since and --until.',
    });
  }
  return withActivity(io, home, options, async (asked, session) => {
    if (options.csv === true) {
      for await (const part of asked.export(session, { query, format: 'csv', limit }, io.signal))
        await write(io.stdout, part);
      return DONE;
    }
    const found: ActivityRowView[] = [];
    let before: string | null | undefined;
    while (found.length < limit && before !== null) {
      const page = await asked.events(session, {
        query,
        before: before ?? null,
        limit: Math.min(PAGE, limit - found.length),
      });
      if (options.json === true) for (const event of page.events) await write(io.stdout, `${jsonLine(event)}\n`);
      found.push(...page.events);
      before = page.next;
    }
    if (options.json !== true) await write(io.stdout, activityTable(found));
    if (typeof before === 'string')
      io.stderr.write(
        `countersign: These are the newest ${String(limit)}; more match. See them with a higher --limit.\n`,
      );
    return DONE;
  });
}

/** `countersign activity show LOG INDEX`: one event with its decision, its text where it may be read, and its proof. */
export async function activityShow(
  io: CliIo,
  home: string,
  log: string,
  index: number,
  options: { readonly as?: string; readonly json?: boolean; readonly proof?: string },
): Promise<ExitCode> {
  return withActivity(io, home, options, async (asked, session) => {
    const view = await asked.event(session, { log, index });
    if (options.proof !== undefined) await writeProof(options.proof, view);
    await write(
      io.stdout,
      options.json === true
        ? `${JSON.stringify({ ...view, event: JSON.parse(jsonLine(view.event)) as unknown })}\n`
        : eventText(view),
    );
    return DONE;
  });
}

/** `countersign activity rebuild`: the search index of this profile's logs, made anew from the record. */
export async function activityRebuild(io: CliIo, home: string): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const { directory, blobKey } = portsOf(installation);
    const logs = logsBelow(directory).map(({ id }) => id);
    const store = await openIndexHere(await indexOf(installation));
    try {
      const trouble = await takeInAnew({ directory, store, blobKey }, logs);
      await write(
        io.stdout,
        trouble === null ? `The events of ${String(logs.length)} logs were taken in anew.\n` : `${trouble}\n`,
      );
      return trouble === null ? DONE : REFUSED;
    } finally {
      await store.close();
    }
  });
}

async function withActivity(
  io: CliIo,
  home: string,
  options: { readonly as?: string },
  work: (asked: Activity, session: Session) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await installation.identity.ensureLive(await askerOf(installation, options, io));
    const store = await openIndexHere(await indexOf(installation));
    try {
      const ports = portsOf(installation);
      const behind = await catchUp({ directory: ports.directory, store, blobKey: ports.blobKey });
      if (behind !== null) tell(io, `countersign: ${behind}\n`);
      const asked = createActivity({ ...ports, store });
      return await work(asked, session);
    } finally {
      await store.close();
    }
  });
}

function queryOf(options: ActivityOptions, now: number): ActivityQuery {
  const { person, agent, connection, table, column, verdict, status, text } = options;
  return {
    person,
    agent,
    connection,
    environment: options.env,
    table,
    column,
    columnClass: options.class,
    verdict,
    status,
    kinds: options.kind,
    from: options.since === undefined ? undefined : instantOf(options.since, '--since', now),
    to: options.until === undefined ? undefined : instantOf(options.until, '--until', now),
    text,
  };
}

/** A proof that is not one is not written: a file with this name is taken for one. */
async function writeProof(path: string, { proof }: ActivityEventView): Promise<void> {
  if (proof.file === null) {
    throw new CountersignError(
      'no-proof',
      'There is no proof of this event yet: no checkpoint that covers it can be shown to lead to it.',
      {
        next: 'A checkpoint is signed every few seconds while something is recorded, and when the program ends: try again. If it stays so, run: countersign verify',
      },
    );
  }
  try {
    await writeFile(path, proof.file, { flag: 'wx' });
  } catch (cause) {
    throw new CountersignError('output-failed', `The proof could not be written to ${path}.`, {
      next: 'Name a file that is not there yet, in a directory that you may write to.',
      cause,
    });
  }
}

function eventText(view: ActivityEventView): string {
  const { event, decision, proof } = view;
  const list = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
  const lines = [
    `${event.title} (${event.kind}), event ${String(event.index)} of ${event.log}`,
    ...list('When', [isoTime(event.at)]),
    ...list(
      'Who',
      [event.personName, event.person, event.agent].filter((one) => one !== null),
    ),
    ...list(
      'Where',
      [event.connection, event.environment].filter((one) => one !== null),
    ),
    ...list(
      'Result',
      [resultOf(event), ...figures(event)].filter((one) => one !== ''),
    ),
    ...list('Rules', decision?.rules ?? []),
    ...list('Obligations', decision?.obligations ?? []),
    ...list('Reasons', decision?.reasons ?? []),
    ...list(
      'Objects',
      view.objects.map(({ name, access }) => `${access} ${name}`),
    ),
    ...list(
      'Columns',
      view.columns.map(
        ({ name, place, class: columnClass }) =>
          `${name} in ${place}${columnClass === null ? '' : ` (${columnClass})`}`,
      ),
    ),
    ...list(
      'Text',
      [view.text, view.params, view.textHidden].filter((one) => one !== null).flatMap((one) => one.split('\n')),
    ),
    ...list(
      'Related',
      view.related.map((other) => `${String(other.index)} ${other.kind} ${other.status ?? ''}`),
    ),
    ...list('Proof', proofLines(proof)),
  ];
  return `${lines.map((line) => printable(line.replaceAll('\n', '↵'))).join('\n')}\n`;
}

const figures = ({ rows, changed, milliseconds, maskedCells }: ActivityRowView): readonly string[] =>
  (
    [
      [rows, 'rows'],
      [changed, 'rows changed'],
      [maskedCells, 'cells masked'],
      [milliseconds, 'ms'],
    ] as const
  )
    .filter(([count]) => count !== null)
    .map(([count, what]) => `${String(count)} ${what}`);

function proofLines({
  leafHash,
  checkpoint,
  holds,
  uploaded,
  witnesses,
}: ActivityEventView['proof']): readonly string[] {
  if (leafHash === '') return [];
  return [
    `leaf ${leafHash}`,
    checkpoint === null
      ? 'no checkpoint covers it yet'
      : holds
        ? `is under the root ${checkpoint.root} that was signed over ${String(checkpoint.size)} events`
        : `DOES NOT LEAD to the root that was signed over ${String(checkpoint.size)} events: run countersign verify`,
    ...(uploaded === null ? [] : [uploaded ? 'uploaded' : 'not uploaded yet']),
    ...(witnesses === null
      ? []
      : [witnesses.length === 0 ? 'not witnessed yet' : `witnessed by ${witnesses.join(', ')}`]),
  ];
}
