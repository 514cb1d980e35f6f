import { resolve } from 'node:path';
import { CannotVerify, reportText, verifyDirectory } from '../../../verify/index.ts';
import { auditDirectory } from '../../installation.ts';
import { CANNOT, type CliIo, DONE, type ExitCode, REFUSED, write } from './io.ts';

/** Checks a record with the independent verifier. Needs no sign-in and no secret: anybody may check. */
export async function verify(
  io: CliIo,
  home: string,
  directory: string | undefined,
  options: { readonly json?: boolean },
): Promise<ExitCode> {
  try {
    const report = verifyDirectory(directory === undefined ? auditDirectory(home) : resolve(directory));
    await write(io.stdout, options.json === true ? `${JSON.stringify(report)}\n` : reportText(report));
    return report.good ? DONE : REFUSED;
  } catch (error) {
    if (!(error instanceof CannotVerify)) throw error;
    io.stderr.write(`countersign: ${error.message}\n`);
    return CANNOT;
  }
}
