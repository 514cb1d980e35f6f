import { type Suggestion } from '../../gate/suggest.ts';
import { suggestedClassification, writtenColumn } from '../../policy/suggested-classification.ts';
import { formatTable } from '../format/rows.ts';
import { CountersignError } from '../../errors.ts';
import { acceptClassification, classifiedColumnsOf } from '../classification.ts';
import { type CliIo, DONE, type ExitCode, tell, write } from './io.ts';
import { askerOf, withInstallation } from './signed-in.ts';

/** `countersign classify suggest`: what detectors propose, how sure they are, and the lines to write down. */
export async function classifySuggest(
  io: CliIo,
  home: string,
  connection: string,
  options: { readonly as?: string; readonly json?: boolean },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await askerOf(installation, options, io);
    const found: Suggestion[] = [];
    for await (const suggestion of installation.gate.suggestClassification(session, connection, io.signal)) {
      found.push(suggestion);
    }
    const lines = suggestedClassification(connection, found, installation.inForce().classification);
    await write(io.stdout, options.json === true ? `${asJson(connection, found, lines)}\n` : asText(found, lines));
    return DONE;
  });
}

/** `countersign classify show`: every classified column with what says so. */
export async function classifyShow(
  io: CliIo,
  home: string,
  connection: string,
  options: { readonly as?: string; readonly json?: boolean },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await askerOf(installation, options, io);
    const columns = await classifiedColumnsOf(installation, session, connection);
    if (options.json === true) await write(io.stdout, `${JSON.stringify({ connection, columns })}\n`);
    else {
      const rows = columns.map(({ column, class: of, group, source }) => [column, of, group, SOURCES[source]]);
      const names = ['column', 'class', 'group', 'because of'].map((name) => ({ name, numeric: false }));
      await write(io.stdout, rows.length === 0 ? 'No column is classified.\n' : formatTable(names, rows));
    }
    return DONE;
  });
}

const SOURCES = { file: 'classification.yaml', comment: 'its comment', detected: 'its values' } as const;

/** `countersign classify accept`: what a person has looked at and confirms. */
export async function classifyAccept(
  io: CliIo,
  home: string,
  connection: string,
  columns: readonly string[],
  options: { readonly as?: string },
): Promise<ExitCode> {
  const accepted = columns.map((text) => {
    const at = text.lastIndexOf('=');
    if (at > 0) return { column: text.slice(0, at), class: text.slice(at + 1) };
    throw new CountersignError('usage', `"${text}" is not of the form schema.table.column=class.`, {
      next: 'Write, for example: public.customers.email=email',
    });
  });
  return withInstallation(home, async (installation) => {
    const session = await askerOf(installation, options, io);
    await acceptClassification(installation, session, connection, accepted);
    tell(io, `classification.yaml has ${accepted.length === 1 ? 'it' : 'them'}; in force from now on.\n`);
    return DONE;
  });
}

function asJson(connection: string, found: readonly Suggestion[], lines: string): string {
  const suggestions = found.map(({ column, type, class: of, by, share, samples, form }) => ({
    column: writtenColumn(column),
    type,
    class: of,
    by,
    share,
    samples,
    form: form ?? null,
  }));
  return JSON.stringify({ connection, suggestions, classification: lines });
}

function asText(found: readonly Suggestion[], lines: string): string {
  if (found.length === 0) return 'No column looks personal that is not classified.\n';
  const rows = found.map(({ column, class: of, by, share, samples, form = '' }) => [
    writtenColumn(column),
    of,
    by === 'name' ? 'its name' : `${String(Math.round(share * 100))} % of ${String(samples)} different values`,
    form,
  ]);
  const names = ['column', 'class', 'because of', 'looks like'].map((name) => ({ name, numeric: false }));
  return `${formatTable(names, rows)}\n# For classification.yaml, once somebody has looked at them:\n${lines}`;
}
