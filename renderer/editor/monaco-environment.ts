/** What Monaco asks its page for. Imported before Monaco: it creates its Trusted Types policies while it loads. */
import workerUrl from 'monaco-editor/editor/editor.worker.js?worker&url';
import { createMonacoPolicy, trustedScriptUrl } from '../state/trusted-types.ts';

globalThis.MonacoEnvironment = {
  getWorker: () => new Worker(trustedScriptUrl(workerUrl), { type: 'module', name: 'editor' }),
  createTrustedTypesPolicy: createMonacoPolicy,
};
