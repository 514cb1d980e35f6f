import { type Command, Option } from 'commander';
import { VERIFIER_OPTIONS } from '../../../verify/options.ts';

/** What commander makes of the verifier's options, by camel-cased name. */
export type VerifierValues = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

/** Gives a command every option of the verifier. */
export function withVerifierOptions(command: Command): Command {
  for (const [name, option] of Object.entries(VERIFIER_OPTIONS)) {
    const flag = new Option(`--${name}${option.value === null ? '' : ` <${option.value}>`}`, option.help);
    const repeatable = 'multiple' in option;
    command.addOption(
      repeatable
        ? flag.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
        : flag,
    );
  }
  return command;
}
