/**
 * Trusted Types policies the window's libraries create: Monaco's, by the names in its source. Nothing else may turn
 * text into markup, script or a worker's address.
 */
const TRUSTED_TYPES = [
  'defaultWorkerFactory',
  'diffEditorWidget',
  'diffReview',
  'domLineBreaksComputer',
  'editorGhostText',
  'editorViewLayer',
  'standaloneColorizer',
  'stickyScroll',
  'tokenizeToString',
];

const directives: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  // Monaco and the virtual lists position by style attributes.
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
