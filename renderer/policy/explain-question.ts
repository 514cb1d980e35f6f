import { type Desktop } from '../../shared/contract.ts';
import { type Input } from '../../shared/rpc/types.ts';

/** What is asked: who would run which statement where and when. Fields as they are typed. */
export interface Question {
  /** Selectors with spaces between: `group:analysts agent`; empty for oneself. */
  readonly as: string;
  readonly connection: string | null;
  readonly sql: string;
  /** `2026-03-02 09:00` or ISO 8601; empty for now. */
  readonly at: string;
  /** Names of grants with spaces between. */
  readonly grants: string;
  readonly policy: 'draft' | 'in-force';
}

export const firstQuestion: Question = { as: '', connection: null, sql: '', at: '', grants: '', policy: 'draft' };

const words = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** @param text the policy to ask; null for the one in force. */
export function inputOf(question: Question, text: string | null): Input<Desktop['policy.explain']> {
  const { as, connection, sql, at, grants } = question;
  return {
    text,
    as: words(as),
    connection: connection ?? '',
    sql,
    ...(at.trim() === '' ? {} : { at: at.trim() }),
    ...(words(grants).length === 0 ? {} : { grants: words(grants) }),
  };
}

/** Can it be asked. */
export const isComplete = ({ connection, sql }: Question): boolean => connection !== null && sql.trim() !== '';

/** The asker among the selectors, once: for choosing from a list what could be typed. */
export const withAsker = (as: string, asker: string): string => [...new Set([...words(as), asker])].join(' ');
