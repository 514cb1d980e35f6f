import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type PersonView } from '../../shared/views.ts';
import { followSignIn } from '../sign-in/follow-sign-in.ts';
import { createStore, type Store } from '../state/store.ts';
import { type Trouble, troubleOf } from '../state/trouble.ts';

export type StepUpState =
  | { readonly kind: 'idle' }
  /** The browser has it; `url` once it is known. */
  | { readonly kind: 'waiting'; readonly url: string | null }
  | { readonly kind: 'failed'; readonly trouble: Trouble };

/** The person proves again who they are, in their browser. One at a time: whoever else asks for it meanwhile waits for the same one. */
export interface StepUp {
  readonly state: Store<StepUpState>;
  /** @returns whether they did; false also where it was called off, and `state` says why where it failed. */
  begin(): Promise<boolean>;
  cancel(): void;
}

export function createStepUp(
  client: Pick<Client<Desktop>, 'session.stepUp'>,
  open: (url: string) => void,
  onPerson: (person: PersonView) => void,
): StepUp {
  const state = createStore<StepUpState>({ kind: 'idle' });
  let going: { readonly controller: AbortController; readonly done: Promise<boolean> } | null = null;

  const run = async (controller: AbortController): Promise<boolean> => {
    const { signal } = controller;
    state.set({ kind: 'waiting', url: null });
    try {
      const person = await followSignIn(client['session.stepUp'](undefined, signal), (url) => {
        if (signal.aborted) return;
        state.set({ kind: 'waiting', url });
        open(url);
      });
      if (signal.aborted) return false;
      if (person !== null) onPerson(person);
      state.set({ kind: 'idle' });
      return person !== null;
    } catch (error) {
      if (!signal.aborted) state.set({ kind: 'failed', trouble: troubleOf(error) });
      return false;
    } finally {
      if (going?.controller === controller) going = null;
    }
  };

  return {
    state,
    begin: () => {
      if (going === null) {
        const controller = new AbortController();
        going = { controller, done: run(controller) };
      }
      return going.done;
    },
    cancel: () => {
      going?.controller.abort();
      going = null;
      state.set({ kind: 'idle' });
    },
  };
}
