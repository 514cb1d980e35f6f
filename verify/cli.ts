#!/usr/bin/env node
/** The verifier as a program of its own: `node verify/cli.ts DIR|s3://BUCKET/PREFIX`. */
import { runVerifier } from './command.ts';

process.exitCode = await runVerifier(
  process.argv.slice(2),
  { out: (text) => process.stdout.write(text), error: (text) => process.stderr.write(text) },
  { command: 'verify' },
);
