import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import {
  type MatrixView,
  type PolicyCheckView,
  type PolicyDiffView,
  type PolicyDraft,
  type PolicyExplanationView,
  type PolicyStateView,
} from '../../shared/views.ts';
import { type Clock, systemClock } from '../state/saver.ts';
import { createStore, type Store } from '../state/store.ts';
import { type Trouble, troubleOf } from '../state/trouble.ts';
import { type Asker, createAsker } from './asker.ts';
import { type Classification, createClassification } from './classification.ts';
import { type Draft, draftOf, isEdited, onFile, rebased, restoredDraft } from './draft.ts';
import { firstQuestion, inputOf, type Question } from './explain-question.ts';
import { type CellName, everything, type MatrixFilter } from './matrix-model.ts';
import { createSimulation, type Simulation } from './simulation.ts';

/** ms of rest after a keystroke until the text is checked. */
const REST = 250;

export type PolicyTab = 'tests' | 'matrix' | 'changes' | 'explain' | 'simulate' | 'classification';

/** What the window may do with the policy's text on the screen. Lines and columns from 1. */
export interface PolicyTextHandle {
  reveal(line: number, column?: number): void;
  focus(): void;
}

/** A question about a text, as it is asked. */
interface Asked {
  readonly question: Question;
  readonly text: string | null;
}

export interface Policy {
  /** What is on disk and in force; null until it is known. */
  readonly state: Store<PolicyStateView | null>;
  /** Why that is not followed, or null. */
  readonly trouble: Store<Trouble | null>;
  /** The text in the editor; null until the file is known. */
  readonly draft: Store<Draft | null>;
  readonly check: Asker<string, PolicyCheckView>;
  readonly matrix: Asker<string, MatrixView>;
  readonly diff: Asker<string, PolicyDiffView>;
  readonly explanation: Asker<Asked, PolicyExplanationView>;
  readonly simulation: Simulation;
  readonly classification: Classification;
  readonly tab: Store<PolicyTab>;
  readonly filter: Store<MatrixFilter>;
  /** The cell of the matrix that is looked at. */
  readonly cell: Store<CellName | null>;
  readonly question: Store<Question>;
  /** What is asked of the person before they go on. */
  readonly dialog: Store<'save' | 'revert' | 'compare' | null>;
  readonly saving: Store<
    { readonly state: 'idle' | 'saving' } | { readonly state: 'failed'; readonly trouble: Trouble }
  >;
  /** The editor on the screen, once it is there. */
  readonly editor: Store<PolicyTextHandle | null>;
  /** Follows the file and keeps the answers up to date until the returned function is called. */
  follow(): () => void;
  /** Follows the file anew, after that failed. */
  again(): void;
  /** The text is now this one. */
  edit(text: string): void;
  /** A text from an earlier start, unless there is one already. */
  restore(kept: PolicyDraft): void;
  /** Gives up the draft for the file. */
  revert(): void;
  /** Keeps the draft although the file is another one by now: what is saved replaces it. */
  keep(): void;
  /** Compares the draft with what is in force, for whoever is about to save it. */
  weigh(): void;
  /** Writes the draft. */
  save(): Promise<void>;
  explain(text: 'draft' | 'in-force'): void;
  /** Lets go of everything: what one person wrote is not for the next. */
  clear(): void;
}

/** What the Policy view shows, kept while the view itself is away. `now` in ms since 1970 UTC. */
export function createPolicy(
  client: Client<Desktop>,
  now: () => number = Date.now,
  clock: Clock = systemClock,
): Policy {
  const state = createStore<PolicyStateView | null>(null);
  const trouble = createStore<Trouble | null>(null);
  const draft = createStore<Draft | null>(null);
  const tab = createStore<PolicyTab>('tests');
  const filter = createStore(everything);
  const cell = createStore<CellName | null>(null);
  const question = createStore(firstQuestion);
  const dialog = createStore<ReturnType<Policy['dialog']['get']>>(null);
  const saving = createStore<ReturnType<Policy['saving']['get']>>({ state: 'idle' });
  const editor = createStore<PolicyTextHandle | null>(null);
  const check = createAsker(clock, (text: string, signal) => client['policy.check']({ text }, signal));
  const matrix = createAsker(clock, (text: string, signal) => client['policy.matrix']({ text }, signal));
  const diff = createAsker(clock, (text: string, signal) => client['policy.diff']({ text }, signal));
  const explanation = createAsker(clock, (asked: Asked, signal) =>
    client['policy.explain'](inputOf(asked.question, asked.text), signal),
  );
  const simulation = createSimulation(client, now);
  const classification = createClassification(client);
  let following = new AbortController();

  /** What depends on the text is asked for once it is known to be one that can be read, and only while it is looked at. */
  const askRest = (): void => {
    const { of, value } = check.answer.get();
    if (of === null || of !== draft.get()?.text || value === null || value.problems.length > 0) return;
    // Whom one can ask as is known from the matrix.
    if (tab.get() === 'matrix' || tab.get() === 'explain') matrix.ask(of);
    if (tab.get() === 'changes') diff.ask(of);
  };

  const askCheck = (): void => {
    const text = draft.get()?.text;
    if (text === undefined) return;
    check.ask(text, check.answer.get().of === null ? 0 : REST);
    // What is about an older text is not waited for.
    if (matrix.answer.get().of !== text) matrix.stop();
    if (diff.answer.get().of !== text) diff.stop();
    askRest();
  };

  /** What is in force has changed: what was compared with it is not true any more. */
  const askAnew = (): void => {
    diff.clear();
    askRest();
    if (dialog.get() === 'save') weigh();
  };

  const weigh = (): void => {
    const held = draft.get();
    saving.set({ state: 'idle' });
    if (held !== null) diff.ask(held.text);
  };

  const onState = (view: PolicyStateView): void => {
    const before = state.get();
    state.set(view);
    trouble.set(null);
    draft.update((held) => onFile(held, view));
    if (before !== null && before.inForce !== view.inForce) askAnew();
  };

  const read = async (signal: AbortSignal): Promise<void> => {
    try {
      for await (const view of client['policy.state'](undefined, signal)) if (!signal.aborted) onState(view);
    } catch (error) {
      if (!signal.aborted) trouble.set(troubleOf(error));
    }
  };

  const again = (): void => {
    following.abort();
    following = new AbortController();
    trouble.set(null);
    void read(following.signal);
  };

  const revert = (): void => {
    const file = state.get();
    if (file !== null) draft.set(draftOf(file));
  };

  const save = async (): Promise<void> => {
    const held = draft.get();
    if (held === null || saving.get().state === 'saving') return;
    saving.set({ state: 'saving' });
    try {
      onState(await client['policy.save']({ text: held.text, revision: held.revision }));
      saving.set({ state: 'idle' });
      dialog.set(null);
    } catch (error) {
      saving.set({ state: 'failed', trouble: troubleOf(error) });
    }
  };

  return {
    state,
    trouble,
    draft,
    check,
    matrix,
    diff,
    explanation,
    simulation,
    classification,
    tab,
    filter,
    cell,
    question,
    dialog,
    saving,
    editor,
    again,
    follow: () => {
      again();
      askCheck();
      const leave = [draft.subscribe(askCheck), tab.subscribe(askRest), check.answer.subscribe(askRest)];
      return () => {
        following.abort();
        for (const one of leave) one();
        for (const asker of [check, matrix, diff]) asker.stop();
      };
    },
    edit: (text) => {
      draft.update((held) => (held === null || held.text === text ? held : { ...held, text }));
    },
    restore: (kept) => {
      const file = state.get();
      const held = draft.get();
      if (held !== null && isEdited(held)) return;
      draft.set(file === null ? restoredDraft(kept) : onFile(restoredDraft(kept), file));
    },
    revert,
    keep: () => {
      const [held, file] = [draft.get(), state.get()];
      if (held !== null && file !== null) draft.set(rebased(held, file));
    },
    weigh,
    save,
    explain: (which) => {
      const text = which === 'draft' ? (draft.get()?.text ?? null) : null;
      explanation.ask({ question: question.get(), text });
    },
    clear: () => {
      following.abort();
      for (const asker of [check, matrix, diff, explanation]) asker.clear();
      simulation.clear();
      classification.clear();
      state.set(null);
      trouble.set(null);
      draft.set(null);
      filter.set(everything);
      cell.set(null);
      question.set(firstQuestion);
      dialog.set(null);
      saving.set({ state: 'idle' });
      tab.set('tests');
    },
  };
}
