import { COMPLETE, DESCRIBED, Flight, PARSED, rowsOf, type Step } from './flight.ts';
import { readMarks } from './marks.ts';
import {
  BodyReader,
  type ColumnDescription,
  Message,
  readParameterDescription,
  readRowDescription,
} from './messages.ts';
import { type OwnStatement, parseInner, parseOnly, runOwn } from './own-statements.ts';
import type { BeginOptions, Prepared } from './session.ts';
import { type Probe, probeValues, readProbe } from './settings.ts';
import { TreeCollector } from './trees.ts';

/** What one flight learns of a statement that has not run. */
export interface Parsed extends Pick<Prepared, 'trees' | 'missingTrees' | 'marks'> {
  readonly probe: Probe;
  readonly columns: readonly ColumnDescription[];
  readonly parameterOids: readonly number[];
}

/**
 * BEGIN, the gate's own first query, Parse and Describe of the asker's statement, and the marks of what it uses, which
 * the server's locks keep from then on as far as they are of relations.
 */
export class ParseFlight extends Flight {
  readonly #finish: () => Parsed | undefined;

  /** `trees`: whether the session prints them of this statement. */
  constructor(options: BeginOptions, envelope: string, trees: boolean) {
    const { text, treeOf = text, marks: scope } = options;
    const values = probeValues({ ...options, trees }, envelope);
    const begin: Step = { ...own(runOwn(options.mode === 'read only' ? 'beginRead' : 'beginWrite')), ends: COMPLETE };
    const probe = rowsOf(runOwn('probe', values));
    const collector = new TreeCollector();
    const ownTrees = trees && treeOf === text;
    let columns: readonly ColumnDescription[] = [];
    let parameterOids: readonly number[] = [];
    const asked: Step = {
      messages: parseOnly(text),
      ends: DESCRIBED,
      take(type, ...body) {
        if (ownTrees) collector.message(type);
        if (type === Message.rowDescription) columns = readRowDescription(new BodyReader(...body));
        if (type === Message.parameterDescription) parameterOids = readParameterDescription(new BodyReader(...body));
      },
      notice: (fields) => ownTrees && collector.notice(fields),
    };
    const inner: Step | undefined =
      trees && treeOf !== null && !ownTrees
        ? { ...own(parseInner(treeOf)), ends: PARSED, notice: (fields) => collector.notice(fields) || true }
        : undefined;
    const marks = scope && rowsOf(runOwn('marks'));
    const stop = trees ? rowsOf(runOwn('stopPrinting')) : undefined;
    // Last: the gate's own statements keep the plans that they are given when they first run.
    const planning = planned(options).map((statement) => rowsOf(runOwn(statement)));
    super([begin, probe, asked, inner, stop, marks, ...planning].flatMap((step) => step ?? []));
    this.#finish = () => {
      const [row] = probe.rows;
      if (row === undefined || !this.complete) return undefined;
      const printed = collector.result;
      return {
        probe: readProbe(row),
        columns,
        parameterOids,
        ...(marks === undefined ? {} : { marks: readMarks(marks.rows) }),
        ...(!trees ? {} : typeof printed === 'string' ? { missingTrees: printed } : { trees: printed }),
      };
    };
  }

  /** Undefined where an answer is missing. */
  get parsed(): Parsed | undefined {
    return this.#finish();
  }
}

/** What tells the planner, in force when the statement is bound. */
function planned({ leftOut, plansOnly }: BeginOptions): readonly OwnStatement[] {
  if (leftOut === undefined) return [];
  if (leftOut === 'index-only') return ['withoutIndexOnlyScans'];
  return plansOnly === true ? ['withoutIndexScans'] : ['withoutIndexScans', 'leaveOutStrictly'];
}

/** Notices that answer a question of the gate's own are for nobody. */
const own = (messages: Step['messages']): Pick<Step, 'messages' | 'notice'> => ({ messages, notice: () => true });
