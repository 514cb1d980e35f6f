import { CountersignError } from '../../errors.ts';

/** What happened and what to do, for the state that people see. */
export const inWords = (error: unknown): string =>
  error instanceof CountersignError
    ? [error.message, error.next].filter((part) => part !== undefined).join(' ')
    : 'Copying or signing the record failed for a reason inside this program.';
