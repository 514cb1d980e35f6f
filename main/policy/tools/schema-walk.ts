import { policyFile } from '../policy-file.ts';
import { definition, unwrap } from '../zod-definition.ts';

/** The schema of a policy file as an editor needs it: what may stand where. */

export interface Spot {
  /** Keys on the way there, without the names that a policy gives and the places in lists: `rules`, `require`, `mask`. */
  readonly keys: readonly string[];
  readonly schema: unknown;
}

type Step = string | number;

/** What may stand at a path; undefined where nothing may. The one item of a list may stand there without it. */
export function spotAt(path: readonly Step[]): Spot | undefined {
  let spot: Spot = { keys: [], schema: unwrap(policyFile) };
  for (const step of path) {
    const next = below(spot, step);
    if (next === undefined) return undefined;
    spot = next;
  }
  return spot;
}

function below({ keys, schema }: Spot, step: Step): Spot | undefined {
  const { element, valueType, options = [schema] } = definition(schema);
  if (typeof step === 'number') return { keys, schema: element === undefined ? schema : unwrap(element) };
  if (valueType !== undefined) return { keys, schema: unwrap(valueType) };
  const shaped = options.map((option) => definition(unwrap(option)).shape?.[step]).find((part) => part !== undefined);
  return shaped === undefined ? undefined : { keys: [...keys, step], schema: unwrap(shaped) };
}

/** Keys of a map that the schema knows, with what may stand below each; none where the names are the policy's own. */
export function keysAt({ keys, schema }: Spot): readonly Spot[] {
  const { element, options = [schema] } = definition(schema);
  if (element !== undefined) return keysAt({ keys, schema: unwrap(element) });
  return options.flatMap((option) =>
    Object.entries(definition(unwrap(option)).shape ?? {}).map(([key, part]) => ({
      keys: [...keys, key],
      schema: unwrap(part),
    })),
  );
}

/** Words that a value may be one of. */
export function wordsAt({ schema }: Spot): readonly string[] {
  const { type, element, entries, values, options } = definition(schema);
  if (element !== undefined) return wordsAt({ keys: [], schema: unwrap(element) });
  if (options !== undefined)
    return [...new Set(options.flatMap((option) => wordsAt({ keys: [], schema: unwrap(option) })))];
  if (type === 'boolean') return ['true', 'false'];
  return (values ?? Object.values(entries ?? {})).map(String);
}

/** Whether the names there are the policy's own: those of groups, or of what is masked. */
export function isNamed({ schema }: Spot): boolean {
  return definition(schema).valueType !== undefined;
}

/** Every key that a policy file can have, wherever. */
export function* everySpot(spot: Spot = { keys: [], schema: unwrap(policyFile) }): Generator<Spot> {
  const { valueType, element } = definition(spot.schema);
  const inner = valueType ?? element;
  if (inner !== undefined) yield* everySpot({ keys: spot.keys, schema: unwrap(inner) });
  else
    for (const next of keysAt(spot)) {
      yield next;
      yield* everySpot(next);
    }
}
