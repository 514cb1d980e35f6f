/**
 * Every view that has Monaco in it, for `import()`: one chunk, so that what Monaco asks its page for (editor/monaco-environment.ts) is
 * there before Monaco is. Between chunks a bundler keeps no order.
 */
export { SqlEditor } from './editor/sql-editor.tsx';
export { CompareText } from './policy/compare-text.tsx';
export { PolicyText } from './policy/policy-text.tsx';
export { SqlBox } from './policy/sql-box.tsx';
