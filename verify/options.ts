/** Options of the verifier's command line; imports nothing, so that a command line can list them without loading it. */

/** Options by name, as `node:util` parseArgs takes them, each with what it takes and is for. */
export const VERIFIER_OPTIONS = {
  json: { type: 'boolean', value: null, help: 'print the report as JSON' },
  with: { type: 'string', value: 'DIR|s3://...', help: 'a copy to compare with' },
  key: { type: 'string', multiple: true, value: 'VKEY', help: 'verifier key of a log that you trust; may be repeated' },
  witness: { type: 'string', multiple: true, value: 'VKEY', help: 'key of a witness that you trust; may be repeated' },
  quorum: { type: 'string', value: 'N', help: 'how many of the witnesses it takes (all where absent)' },
  policy: { type: 'string', value: 'FILE', help: 'trusted logs, witnesses and quorum (C2SP tlog-policy)' },
  'tsa-ca': { type: 'string', value: 'FILE', help: 'certificates of time stamping authorities that you trust (PEM)' },
  'blob-key-file': {
    type: 'string',
    value: 'FILE',
    help: 'key of the encrypted texts (32 bytes, or their base64 or hex)',
  },
  reconcile: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    help: 'log of the PostgreSQL server (csvlog, jsonlog); may be repeated, in order of time',
  },
  issuers: {
    type: 'string',
    value: 'FILE',
    help: 'identity providers that you trust (JSON: {ISSUER: {keys, client}})',
  },
  endpoint: { type: 'string', value: 'URL', help: 'S3-compatible server, where it is not AWS' },
  region: { type: 'string', value: 'NAME', help: 'region of the bucket' },
  anonymous: { type: 'boolean', value: null, help: 'read the bucket without credentials' },
} as const;
