import { CountersignError } from '../../errors.ts';
import { type Principal } from '../../identity/principal.ts';
import { type CompiledPolicy } from '../../policy/compiled-policy.ts';
import { type Judged } from '../judge.ts';
import { type SetAside, type Usage } from '../usage.ts';
import { type Allow, type Reason } from '../verdict.ts';
import { refused } from './charge.ts';

/** Whose rows are counted together: a person's own, those of each agent of theirs, those of a service. */
export function countedAs({ issuer, subject, agent, service }: Principal): string {
  return JSON.stringify([
    issuer,
    subject,
    ...(agent === undefined ? [] : ['agent', agent.id]),
    ...(service === undefined ? [] : ['service', service.name]),
  ]);
}

/** Whether anything in a policy depends on the rows of the last hour: else nobody counts them. */
function counts({ document }: CompiledPolicy): boolean {
  return document.includes('rowsPerHour') || document.includes('rowsLastHour');
}

/** The fact for the policy's conditions; undefined, which closes them, where it cannot be had. */
export function rowsLastHour(
  usage: Usage,
  policy: CompiledPolicy,
  principal: Principal,
  now: Date,
): number | undefined {
  if (!counts(policy)) return undefined;
  try {
    return usage.rowsLastHour(countedAs(principal), now);
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

/** A judgement bound by what is left of the hour, and how what was set aside for it is given back. */
export interface WithinTheHour {
  readonly judged: Judged;
  /** Counts the rows that came out. What cannot be counted stays as it was set aside. */
  readonly settle: (rows: number) => void;
}

interface Asking {
  readonly usage: Usage;
  readonly policy: CompiledPolicy;
  readonly principal: Principal;
  readonly now: () => Date;
}

/** Sets aside, before anything is sent, what the statement may give at most; refused where nothing is left. */
export function setAside(judged: Judged, { usage, policy, principal, now }: Asking): WithinTheHour {
  const allowed = judged.judgement.verdict;
  const free = { judged, settle: () => undefined };
  if (allowed.verdict !== 'allow' || !counts(policy) || givesNoRows(judged)) return free;
  const { rowsPerHour } = allowed;
  const [wanted, perHour] = rowsPerHour === undefined ? [0, Infinity] : [allowed.limits.rows, rowsPerHour.value];
  let aside: SetAside;
  try {
    aside = usage.reserve(countedAs(principal), wanted, perHour, now());
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return rowsPerHour === undefined ? free : { ...free, judged: refused(judged, unavailable(error)) };
  }
  return {
    judged: bound(judged, allowed, aside.rows, aside.freesAt),
    settle(rows) {
      try {
        aside.settle(rows, now());
      } catch (error) {
        if (!isUnavailable(error)) throw error;
      }
    },
  };
}

/** The same without setting anything aside: for a verdict that nothing follows. */
export function leftOfHour(judged: Judged, { usage, principal, now }: Asking): Judged {
  const allowed = judged.judgement.verdict;
  if (allowed.verdict !== 'allow' || allowed.rowsPerHour === undefined || givesNoRows(judged)) return judged;
  try {
    const left = Math.max(0, allowed.rowsPerHour.value - usage.rowsLastHour(countedAs(principal), now()));
    return bound(judged, allowed, left, undefined);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return refused(judged, unavailable(error));
  }
}

function bound(judged: Judged, allowed: Allow, left: number, freesAt: Date | undefined): Judged {
  const { rowsPerHour, limits } = allowed;
  if (rowsPerHour === undefined || left >= limits.rows) return judged;
  if (left === 0) return refused(judged, spent(rowsPerHour, freesAt));
  const verdict = { ...allowed, limits: { ...limits, rows: left }, narrowedFrom: allowed.narrowedFrom ?? limits };
  return { ...judged, judgement: { ...judged.judgement, verdict } };
}

/** A write that returns nothing. */
function givesNoRows({ judgement: { facts, lineage } }: Judged): boolean {
  return facts.action !== 'explain' && lineage?.outputs.length === 0;
}

function spent({ value, rule }: NonNullable<Allow['rowsPerHour']>, freesAt: Date | undefined): Reason {
  return {
    code: 'rows-per-hour-spent',
    sentence: `Rule ${rule.id} gives ${value.toLocaleString('en')} rows in any hour, and they have been had, or are set aside for statements that still run.`,
    next:
      freesAt === undefined
        ? 'Some are free again within the hour.'
        : `The first are free again at ${freesAt.toISOString().slice(11, 16)} UTC.`,
  };
}

const isUnavailable = (error: unknown): error is CountersignError =>
  error instanceof CountersignError && error.code === 'usage-unavailable';

function unavailable({ code, message, next }: CountersignError): Reason {
  return {
    code,
    sentence: `The policy bounds the rows of an hour, so it does not run: ${message}`,
    ...(next === undefined ? {} : { next }),
  };
}
