import { type Workbench } from '../state/workbench.ts';
import { catalogOf } from './catalog.ts';
import { type Catalog, type Completion, completionsFor } from './completion.ts';
import { LANGUAGE, monaco } from './monaco-setup.ts';
import { scopeAt } from './scope.ts';
import { guessBoundaries, statementAt } from './statements.ts';

const kinds: Record<Completion['kind'], monaco.languages.CompletionItemKind> = {
  column: monaco.languages.CompletionItemKind.Field,
  relation: monaco.languages.CompletionItemKind.Struct,
  schema: monaco.languages.CompletionItemKind.Module,
  keyword: monaco.languages.CompletionItemKind.Keyword,
};

/** Past this the statement around the cursor is looked for in a window of the text only. */
const LARGE_TEXT = 200_000;
const WINDOW = 20_000;

/** Completion for every tab; the tab's connection says which catalog. Returns what ends it. */
export function registerCompletion(workbench: Workbench): monaco.IDisposable {
  const catalogs = new Map<string, Catalog>();
  const catalogFor = (connection: string): Catalog => {
    const catalog = catalogs.get(connection) ?? catalogOf(workbench.schema, connection);
    catalogs.set(connection, catalog);
    return catalog;
  };

  return monaco.languages.registerCompletionItemProvider(LANGUAGE, {
    triggerCharacters: ['.', '"'],
    provideCompletionItems: async (model, position, _, token) => {
      const tab = workbench.workspace.get().tabs.find(({ id }) => model.uri.path === `/${id}`);
      if (tab?.connection == null) return { suggestions: [] };
      const cursor = model.getOffsetAt(position);
      const whole = model.getValue();
      const from = whole.length > LARGE_TEXT ? Math.max(0, cursor - WINDOW) : 0;
      const text = whole.length > LARGE_TEXT ? whole.slice(from, cursor + WINDOW) : whole;
      const statement = statementAt(guessBoundaries(text), text, cursor - from) ?? { start: 0, end: text.length };
      const start = Math.min(statement.start, cursor - from);
      const end = Math.max(statement.end, cursor - from);
      const scope = scopeAt(text.slice(start, end), cursor - from - start);
      const found = await completionsFor(scope, catalogFor(tab.connection));
      if (token.isCancellationRequested) return { suggestions: [] };
      const range = monaco.Range.fromPositions(model.getPositionAt(from + start + scope.replaceFrom), position);
      return {
        incomplete: true,
        suggestions: found.map(({ kind, label, insert, detail }, index) => ({
          kind: kinds[kind],
          label: { label, description: detail },
          insertText: insert,
          filterText: model.getValueInRange(range).startsWith('"') ? `"${label}` : label,
          sortText: String(index).padStart(4, '0'),
          range,
        })),
      };
    },
  });
}
