import { type VerdictView } from '../../shared/views.ts';
import { type Clock } from '../state/saver.ts';
import { type Boundary, guessBoundaries, statementAt } from './statements.ts';

export interface LiveVerdictPorts {
  readonly clock: Clock;
  /** Where statements begin and end, by the database's scanner. */
  split(text: string, signal: AbortSignal): Promise<readonly Boundary[]>;
  explain(connection: string, text: string, signal: AbortSignal): Promise<VerdictView>;
  /** The statement at the cursor, at once. */
  onStatement(statement: Boundary | null): void;
  /** The verdict on it, or null while there is none to show. */
  onVerdict(
    found: {
      readonly statement: Boundary;
      readonly text: string;
      readonly connection: string;
      readonly verdict: VerdictView;
    } | null,
  ): void;
}

/** ms of rest before the gate is asked. */
const REST = 300;
/** Past this the editor does not scan the text on every keystroke. */
const LARGE_TEXT = 400_000;

/**
 * Follows the cursor: marks its statement and, after a moment of rest, asks what the gate would say to it. One question at
 * a time; an answer to an older text is thrown away.
 */
export function followVerdict(ports: LiveVerdictPorts): {
  moved(connection: string | null, text: string, cursor: number): void;
  /** What was answered before may not be so any more: the next move asks again, also about the same statement. */
  forget(): void;
  stop(): void;
} {
  let callOff: (() => void) | null = null;
  let asking: AbortController | null = null;
  let shown: string | null = null;

  const ask = async (connection: string, text: string, cursor: number, signal: AbortSignal): Promise<void> => {
    const statement = statementAt(await ports.split(text, signal), text, cursor);
    if (signal.aborted) return;
    ports.onStatement(statement);
    if (statement === null) return;
    const part = text.slice(statement.start, statement.end);
    const key = `${connection}\0${String(statement.start)}\0${part}`;
    if (key === shown) return;
    const verdict = await ports.explain(connection, part, signal);
    if (signal.aborted) return;
    shown = key;
    ports.onVerdict({ statement, text: part, connection, verdict });
  };

  const stop = (): void => {
    callOff?.();
    asking?.abort();
    callOff = null;
    asking = null;
  };

  return {
    moved: (connection, text, cursor) => {
      stop();
      const statement = text.length > LARGE_TEXT ? null : statementAt(guessBoundaries(text), text, cursor);
      ports.onStatement(statement);
      const key =
        statement === null
          ? ''
          : `${connection ?? ''}\0${String(statement.start)}\0${text.slice(statement.start, statement.end)}`;
      if (shown !== null && key !== shown) {
        shown = null;
        ports.onVerdict(null);
      }
      if (connection === null || text.trim() === '') return;
      callOff = ports.clock.after(REST, () => {
        const controller = new AbortController();
        asking = controller;
        // No verdict line is shown where the gate gave none; running says why.
        ask(connection, text, cursor, controller.signal).catch(() => undefined);
      });
    },
    forget: () => {
      stop();
      shown = null;
    },
    stop,
  };
}
