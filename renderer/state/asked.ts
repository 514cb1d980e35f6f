import { type TabState, type VerdictView } from '../../shared/views.ts';
import { saysSomething } from '../account/grants.ts';

export type Need = VerdictView['needs'][number];

/**
 * What a tab's statement asks of the person before it runs, and what they have said so far. Kept until the statement changes,
 * so that running it again does not ask again; held by this window only.
 */
export interface Asked {
  readonly connection: string;
  /** The statement that asks, exactly as it was to run, and where it stood in the tab, UTF-16 units. */
  readonly text: string;
  readonly offset: number;
  /** What it asks for; a reason stays among them once it was asked for, a step-up until it was done. */
  readonly needs: readonly Need[];
  /** The policy's own words. */
  readonly sentences: readonly string[];
  readonly reason: string;
  readonly ticket: string;
  /** The person's browser has the step-up: the statement runs once when it is done, however often Run is pressed meanwhile. */
  readonly confirming: boolean;
  /** Nothing was missing when it ran last. */
  readonly answered: boolean;
  /** Counts how often it asked: each time what is missing takes the focus. */
  readonly turn: number;
}

interface Statement {
  readonly connection: string;
  readonly text: string;
  readonly offset: number;
}

export const sameStatement = (asked: Asked, { connection, text }: Omit<Statement, 'offset'>): boolean =>
  asked.connection === connection && asked.text === text;

/** After a verdict that asks for something. What was said to the same statement before is kept. */
export function askFor(statement: Statement, verdict: VerdictView, before: Asked | undefined): Asked {
  const kept = before !== undefined && sameStatement(before, statement) ? before : null;
  const reason = kept?.needs.includes('reason') === true && !verdict.needs.includes('reason');
  return {
    ...statement,
    needs: reason ? ['reason', ...verdict.needs] : verdict.needs,
    sentences: verdict.reasons.filter(({ code }) => isNeed(code)).map(({ sentence }) => sentence),
    reason: kept?.reason ?? '',
    ticket: kept?.ticket ?? '',
    confirming: false,
    answered: false,
    turn: (before?.turn ?? 0) + 1,
  };
}

/** The codes with which the gate asks for what a person can give. */
const isNeed = (code: string): boolean => code === 'reason-needed' || code === 'step-up-needed';

/** Where the statement stands in its tab by now, UTF-16 units; null where it does not stand there any more. */
export function placeOfAsked(asked: Asked, tab: Pick<TabState, 'connection' | 'text'>): number | null {
  if (tab.connection !== asked.connection || asked.text === '') return null;
  if (tab.text.startsWith(asked.text, asked.offset)) return asked.offset;
  const at = tab.text.indexOf(asked.text);
  return at < 0 ? null : at;
}

/** What the person must still write before it is worth asking the gate again. */
export const lacksReason = ({ needs, reason }: Asked): boolean => needs.includes('reason') && !saysSomething(reason);

/** The step-up was done: the gate says if it is not enough. */
export const steppedUp = (asked: Asked): Asked => ({
  ...asked,
  confirming: false,
  needs: asked.needs.filter((need) => need !== 'step-up'),
});

/** What goes with the statement when it is run. */
export const givenWith = ({
  reason,
  ticket,
}: Pick<Asked, 'reason' | 'ticket'>): { readonly reason?: string; readonly ticket?: string } => ({
  ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
  ...(ticket.trim() === '' ? {} : { ticket: ticket.trim() }),
});
