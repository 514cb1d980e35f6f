import { runVerifier } from '../../../verify/command.ts';
import { VERIFIER_OPTIONS } from '../../../verify/options.ts';
import { auditDirectory } from '../../recording.ts';
import { type CliIo, type ExitCode, write } from './io.ts';
import { type VerifierValues } from './verify-options.ts';

/**
 * Checks a record with the independent verifier: the profile's own, or that of a directory or bucket. Needs no sign-in and
 * no secret: anybody may check.
 */
export async function verify(
  io: CliIo,
  home: string,
  source: string | undefined,
  values: VerifierValues,
): Promise<ExitCode> {
  return runVerifier(
    [...flags(values), '--', source ?? auditDirectory(home)],
    { out: (text) => write(io.stdout, text), error: (text) => void io.stderr.write(`countersign: ${text}`) },
    { command: 'countersign verify', environment: io.environment },
  );
}

/** The options as the verifier's own command line takes them: there is one road for both. */
function flags(values: VerifierValues): readonly string[] {
  return Object.keys(VERIFIER_OPTIONS).flatMap((name) => {
    const value = values[camelCased(name)];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    return [value].flat().map((text) => `--${name}=${text}`);
  });
}

/** As commander names what it parsed. */
const camelCased = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
