/** Why the log does not take an event, as it crosses from its thread. */
import { MAX_BLOB } from './blob.ts';
import { errorCode, isFull } from './journal/io.ts';

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly next?: string;
}

export const FULL: Problem = {
  code: 'audit-disk-full',
  message: 'The disk is full: nothing new can be recorded, so nothing new can run.',
  next: 'Free at least 32 MB on the disk that holds the profile, then run it again.',
};
export const ENDED: Problem = {
  code: 'audit-intent-ended',
  message: 'The statement has already been ended in the record.',
  next: 'Look at how it ended: `countersign activity`.',
};
export const TOO_LONG: Problem = {
  code: 'audit-too-long',
  message: `The statement is too long to be recorded (at most ${MAX_BLOB / 1024 / 1024} MB).`,
  next: 'Split it into smaller statements.',
};
export const GIVEN_UP: Problem = {
  code: 'audit-given-up',
  message: 'The audit log has been given up, so nothing more goes into it.',
  next: 'Start the program again: it begins a new log.',
};
export const OTHER_LOG: Problem = {
  code: 'audit-other-log',
  message: 'The audit log was given up meanwhile and another one is written now.',
  next: 'Run it again.',
};
export const NO_BLOB: Problem = {
  code: 'audit-no-blob',
  message: 'The log has no sealed content of this address.',
  next: 'Take the address from the event: `countersign activity show LOG INDEX --json`, the key `ref` of the content.',
};
export const BLOB_GONE: Problem = {
  code: 'audit-blob-erased',
  message: 'This content has already been erased.',
  next: 'Nothing is left to do: the event and its proof stay, the content is gone.',
};

export const noSession = (kind: string): Problem => ({
  code: 'audit-session',
  message: `The event ${kind} does not belong to a session that is open in this log.`,
  next: 'Run it again; if that does not help, sign in again.',
});

export const failure = (error: unknown): Problem => ({
  code: isFull(error) ? 'audit-disk-full' : 'audit-failed',
  message: `The audit log could not be written (${errorCode(error) || 'internal error'}): nothing can run until it is opened again.`,
  next: 'Check the disk that holds the profile, then start the program again.',
});
