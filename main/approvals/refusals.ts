import { CountersignError } from '../errors.ts';

/** Why a grant is not taken or ended, in the words of whoever asked for it. */

const refusal = (code: string, message: string, next?: string): CountersignError =>
  new CountersignError(code, message, next === undefined ? {} : { next });

export const notForPrograms = (): CountersignError =>
  refusal(
    'grant-not-yours',
    'Agents and services take and end no grants.',
    'A person takes it, signed in as themselves; what binds an agent it does not lift.',
  );

export const unknown = (offered: readonly string[]): CountersignError =>
  refusal(
    'grant-unknown',
    'The policy has no grant of that name.',
    offered.length === 0 ? 'It offers you none.' : `It offers you ${offered.join(', ')}.`,
  );

export const notYours = (grant: string, connections: readonly string[]): CountersignError =>
  refusal(
    'grant-not-yours',
    `The policy does not give you the grant ${grant} for that connection.`,
    connections.length === 0
      ? 'See what it offers you: countersign grant offers'
      : `You may take it for ${connections.join(', ')}.`,
  );

export const approvalNeeded = (grant: string, approval: string): CountersignError =>
  refusal('approval-needed', `The grant ${grant} needs approval of ${approval}.`, 'It cannot be taken without that.');

export const tooLong = (grant: string, maxMinutes: number): CountersignError =>
  refusal(
    'grant-too-long',
    `The grant ${grant} lasts at most ${String(maxMinutes)} minutes.`,
    `Give a whole number of minutes from 1 to ${String(maxMinutes)}, or none for the longest.`,
  );

export const reasonNeeded = (grant: string): CountersignError =>
  refusal(
    'grant-reason-needed',
    `The grant ${grant} needs a reason.`,
    'Say in a few words why: --reason TEXT. It is recorded.',
  );

export const stepUpNeeded = (grant: string, minutes: number): CountersignError =>
  refusal(
    'step-up-needed',
    `The grant ${grant} needs a proof of who you are that is at most ${String(minutes)} minutes old.`,
    'Prove it again: countersign login --step-up',
  );

export const noDeviceKey = (): CountersignError =>
  refusal(
    'grant-unsigned',
    'Your sign-in is bound to no device key, so nothing can be signed with it.',
    'Sign in in the browser (countersign login), and not with a code on another device.',
  );

export const clockBehind = (): CountersignError =>
  refusal(
    'grant-clock',
    "This machine's clock was set back, so nothing that lasts for a time can be taken.",
    'Set the clock, then start the program again.',
  );

export const tooMany = (most: number): CountersignError =>
  refusal(
    'grant-too-many',
    `You hold ${String(most)} grants, and nobody holds more at once.`,
    'End one that you do not need: countersign grant end ID',
  );

/** It was signed and recorded, and does not count all the same. */
export const notInForce = (grant: string): CountersignError =>
  refusal(
    'grant-not-in-force',
    `The grant ${grant} was taken and is not in force: the policy or your sign-in changed meanwhile.`,
    'Try again; if it stays so, sign in again.',
  );

export const notFound = (): CountersignError =>
  refusal('grant-not-found', 'No grant of that id is in force.', 'See which are: countersign grant list');

/** An administrator whose login does not say so yet: others would not heed it. */
export const unproven = (): CountersignError =>
  refusal(
    'grant-end-unproven',
    'You are an administrator, and your sign-in was made before you were, so nobody else could tell.',
    'Sign in again, then end the grant.',
  );

export const notTheirs = (): CountersignError =>
  refusal('grant-not-yours', "That grant is somebody else's.", 'Only they and administrators end it.');
