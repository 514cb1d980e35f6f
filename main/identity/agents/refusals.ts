import { CountersignError } from '../../errors.ts';

const ASK_AGAIN = 'Ask the person it acts for to issue a new one with: countersign agent issue';

export const tokenRefused = (why: string): CountersignError =>
  new CountersignError('agent-token-refused', `The agent's token was refused: ${why}.`, { next: `${ASK_AGAIN}.` });

export const tokenExpired = (): CountersignError =>
  new CountersignError('agent-token-expired', "The agent's token has expired.", { next: `${ASK_AGAIN}.` });

export const stopped = (agent: string): CountersignError =>
  new CountersignError('agent-stopped', `The token of the agent ${agent} was stopped, or never issued here.`, {
    next: `${ASK_AGAIN} ${agent}.`,
  });

export const revoked = (agent: string): CountersignError =>
  new CountersignError('agent-revoked', `An administrator has revoked the agent ${agent} or this token of it.`, {
    next: 'Ask an administrator why; revocations.yaml of the profile names it.',
  });

export const loginEnded = (cause: CountersignError): CountersignError =>
  new CountersignError(
    'agent-login-ended',
    'The person whom this agent acts for is not, or no longer, signed in here by the login that its token names.',
    { next: 'The person signs in again and issues a new token with: countersign agent issue.', cause },
  );

export function unknownAgent(name: string, known: Iterable<string>): CountersignError {
  const names = [...known].sort();
  return new CountersignError('agent-unknown', `The policy in force knows no agent named ${JSON.stringify(name)}.`, {
    next: names.length === 0 ? 'Name it in policy.yaml under agents.' : `It knows: ${names.join(', ')}.`,
  });
}

export const notYours = (agent: string): CountersignError =>
  new CountersignError('agent-not-yours', `The policy does not let the agent ${agent} act for you.`, {
    next: 'Ask an administrator to add you, or a group of yours, to its line in policy.yaml.',
  });

export const mayNot = (what: string): CountersignError =>
  new CountersignError('agent-may-not', `An agent may not ${what}.`, {
    next: 'The person it acts for does that, signed in themselves.',
  });
