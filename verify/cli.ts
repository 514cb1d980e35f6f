#!/usr/bin/env node
/** The verifier as a program of its own: `node verify/cli.ts DIR|s3://BUCKET/PREFIX`. */
import { isMainThread } from 'node:worker_threads';
import { runVerifier } from './command.ts';

// As one file it is also what its own threads begin with (read-ahead.ts).
if (isMainThread)
  process.exitCode = await runVerifier(
    process.argv.slice(2),
    { out: (text) => process.stdout.write(text), error: (text) => process.stderr.write(text) },
    { command: 'verify' },
  );
