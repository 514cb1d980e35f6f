#!/usr/bin/env node
/** `node verify/cli.ts DIRECTORY [--json] [--key VKEY]...`: exit 0 good, 1 findings, 2 cannot check. */
import { parseArgs } from 'node:util';
import { CannotVerify, reportText } from './report.ts';
import { verifyDirectory } from './verify.ts';

const USAGE = 'Usage: verify DIRECTORY [--json] [--key VKEY]...';

function run(): number {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, key: { type: 'string', multiple: true } },
    });
    const [directory] = positionals;
    if (directory === undefined || positionals.length !== 1) throw new CannotVerify(USAGE);
    const report = verifyDirectory(directory, values.key === undefined ? {} : { trustedKeys: values.key });
    process.stdout.write(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    return report.good ? 0 : 1;
  } catch (error) {
    const known = error instanceof CannotVerify || (error instanceof Error && 'code' in error);
    process.stderr.write(`${known ? error.message : 'The verification stopped on an internal error.'}\n`);
    return 2;
  }
}

process.exitCode = run();
