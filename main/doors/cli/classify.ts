import { type Suggestion } from '../../gate/suggest.ts';
import { suggestedClassification, writtenColumn } from '../../policy/suggested-classification.ts';
import { formatTable } from '../format/rows.ts';
import { type CliIo, DONE, type ExitCode, write } from './io.ts';
import { sessionOf, withInstallation } from './signed-in.ts';

/** `countersign classify suggest`: what detectors propose, how sure they are, and the lines to write down. */
export async function classifySuggest(
  io: CliIo,
  home: string,
  connection: string,
  options: { readonly as?: string; readonly json?: boolean },
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await sessionOf(installation, options.as);
    const found: Suggestion[] = [];
    for await (const suggestion of installation.gate.suggestClassification(session, connection, io.signal)) {
      found.push(suggestion);
    }
    const lines = suggestedClassification(connection, found, installation.inForce().classification);
    await write(io.stdout, options.json === true ? `${asJson(connection, found, lines)}\n` : asText(found, lines));
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
