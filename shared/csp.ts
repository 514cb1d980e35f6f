/**
 * Trusted Types policies of the window; nothing else may turn text into markup or into a script's address. `countersign`
 * is ours (renderer/state/trusted-types.ts: scripts of our own origin only), the others are created by Monaco and by the
 * sanitiser inside it, by the names in their sources.
 */
const TRUSTED_TYPES = [
  'countersign',
  'diffEditorWidget',
  'diffReview',
  'domLineBreaksComputer',
  'dompurify',
  'editorViewLayer',
  'richScreenReaderContent',
];

const directives: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  // Monaco writes its themes into style elements.
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'worker-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': TRUSTED_TYPES.join(' '),
};

/** The Content-Security-Policy of the window, the same in both shells: nothing but the product's own files. */
export function contentSecurityPolicy(): string {
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');
}
