/** YAML in Monaco, with what the gate says about a policy: the window itself reads none of it. */
import { monaco } from '../editor/monaco-setup.ts';
// After the set-up: parts of Monaco create their Trusted Types policies while they load. Not by the language's own registration, whose
// `import()` would have a bundler put Monaco before the set-up.
import 'monaco-editor/features/codeAction/register.js';
import 'monaco-editor/features/diffEditor/register.js';
import { conf, language } from 'monaco-editor/languages/definitions/yaml/yaml.js';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type PolicyCompletionView, type ProblemView } from '../../shared/views.ts';
import { withoutFences } from './hover-text.ts';
import { markedPart, mendsOf } from './positions.ts';

export const YAML = 'yaml';
export const policyUri = monaco.Uri.from({ scheme: 'policy', path: '/policy.yaml' });

monaco.languages.register({ id: YAML, extensions: ['.yaml'], aliases: ['YAML'] });
monaco.languages.setMonarchTokensProvider(YAML, language);
monaco.languages.setLanguageConfiguration(YAML, conf);

const kinds: Record<PolicyCompletionView['kind'], monaco.languages.CompletionItemKind> = {
  key: monaco.languages.CompletionItemKind.Field,
  value: monaco.languages.CompletionItemKind.Keyword,
  name: monaco.languages.CompletionItemKind.Struct,
  fact: monaco.languages.CompletionItemKind.Module,
};

/** Where a problem is underlined. */
export function rangeOfProblem(model: monaco.editor.ITextModel, problem: ProblemView): monaco.Range {
  const line = Math.max(1, Math.min(problem.line, model.getLineCount()));
  const part = markedPart(model.getLineContent(line), { ...problem, line });
  return new monaco.Range(line, part.startColumn, line, part.endColumn);
}

const isPolicy = (model: monaco.editor.ITextModel): boolean => model.uri.toString() === policyUri.toString();

/** Choices that are offered as mends at one place; the completion has them all. */
const MOST_MENDS = 8;

/** What could stand in the place of what is wrong there. */
function mendsAt(model: monaco.editor.ITextModel, range: monaco.Range, problems: readonly ProblemView[]) {
  return problems.flatMap((problem) => {
    if (problem.line > model.getLineCount()) return [];
    const part = rangeOfProblem(model, problem);
    if (monaco.Range.intersectRanges(part, range) === null) return [];
    const mends = mendsOf(model.getValueInRange(part), problem).slice(0, MOST_MENDS);
    return mends.map((text): monaco.languages.CodeAction => {
      const edit = { resource: model.uri, versionId: model.getVersionId(), textEdit: { range: part, text } };
      return { title: `Replace by ${text}`, kind: 'quickfix', edit: { edits: [edit] } };
    });
  });
}

/** A signal that is aborted when the editor does not want the answer any more. */
function signalOf(token: monaco.CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  else token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

function rangeOf(model: monaco.editor.ITextModel, { from, to }: { readonly from: number; readonly to: number }) {
  return monaco.Range.fromPositions(model.getPositionAt(from), model.getPositionAt(to));
}

/**
 * Completion, hover and mends of the policy's text. What cannot be had is left out without a word: typing goes on. `problems` are those
 * of the text as it stands.
 */
export function registerPolicyLanguage(
  client: Client<Desktop>,
  problems: () => readonly ProblemView[],
): monaco.IDisposable {
  const completion = monaco.languages.registerCompletionItemProvider(YAML, {
    triggerCharacters: [' ', ':', ',', '[', '{', '.', '-'],
    provideCompletionItems: async (model, position, _, token) => {
      if (!isPolicy(model)) return { suggestions: [] };
      const question = { text: model.getValue(), offset: model.getOffsetAt(position) };
      const found = await client['policy.complete'](question, signalOf(token)).catch(() => []);
      if (token.isCancellationRequested) return { suggestions: [] };
      return {
        incomplete: true,
        suggestions: found.map(({ label, kind, detail, insert, from, to }, index) => ({
          label: { label, description: detail },
          kind: kinds[kind],
          insertText: insert,
          filterText: label,
          sortText: String(index).padStart(4, '0'),
          range: rangeOf(model, { from, to }),
        })),
      };
    },
  });
  const hover = monaco.languages.registerHoverProvider(YAML, {
    provideHover: async (model, position, token) => {
      if (!isPolicy(model)) return null;
      const question = { text: model.getValue(), offset: model.getOffsetAt(position) };
      const found = await client['policy.hover'](question, signalOf(token)).catch(() => null);
      if (found === null || token.isCancellationRequested) return null;
      return { range: rangeOf(model, found), contents: [{ value: withoutFences(found.text) }] };
    },
  });
  const mends = monaco.languages.registerCodeActionProvider(YAML, {
    provideCodeActions: (model, range) => ({
      actions: isPolicy(model) ? mendsAt(model, range, problems()) : [],
      dispose: () => undefined,
    }),
  });
  return {
    dispose: () => {
      for (const one of [completion, hover, mends]) one.dispose();
    },
  };
}
