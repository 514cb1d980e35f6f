import { reasonIn } from '../approvals/reason.ts';
import { type Why } from '../audit/events.ts';

/** UTF-16 units of a reason and of a ticket that the record keeps: a leaf has little room. */
const REASON = 2_000;
const TICKET = 200;

/** What the record says of why somebody wanted it: what they gave, without what nobody can see. */
export function whyOf({ reason, ticket }: { readonly reason?: string; readonly ticket?: string }): Why {
  const given = cut(reasonIn(reason), REASON);
  const belongs = cut(ticket?.replaceAll(/[\p{Cc}\p{Cf}]/gu, '').trim(), TICKET);
  return { ...(given === undefined ? {} : { reason: given }), ...(belongs ? { ticket: belongs } : {}) };
}

const cut = (text: string | undefined, most: number): string | undefined =>
  text?.slice(0, most).replace(/[\ud800-\udbff]$/, '');
