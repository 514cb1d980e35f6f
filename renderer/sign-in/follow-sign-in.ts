import { type PersonView, type SignInStep } from '../../shared/views.ts';

/**
 * Follows a sign-in or a step-up to its end. `onOpen` is told the address that the person's browser must open.
 * @returns who came back; null where the stream ended without anybody
 */
export async function followSignIn(
  steps: AsyncIterable<SignInStep>,
  onOpen: (url: string) => void,
): Promise<PersonView | null> {
  for await (const step of steps) {
    if (step.kind === 'open') onOpen(step.url);
    if (step.kind === 'done') return step.person;
  }
  return null;
}
