import { type CompiledPlace } from './compiled-policy.ts';
import { isConnection } from './place.ts';
import { type TreatmentSource } from './policy-file.ts';

/**
 * What the policy says of functions that nothing here can read (`functions:` in policy.yaml). Without a word they are
 * refused.
 * - `pure`: computes from its arguments, and nothing else.
 * - `contained`: of what a write runs by itself, such as a trigger's function: no value of a classified column gets by it
 *   to where it is not classified. It says nothing of calls that a statement makes.
 * - `reads`: may read anything, and changes nothing: for people only who may read everything there and see it in clear.
 */
export type Treatment = TreatmentSource['treat'];

export interface CompiledTreatment {
  readonly treat: Treatment;
  readonly place: CompiledPlace;
  readonly functions:
    | {
        readonly schema: string;
        readonly name: string;
        /** Types of its arguments; undefined for every function of the name. */
        readonly args: readonly string[] | undefined;
      }
    | { readonly extension: string };
}

/** A function by what a policy may know it by. */
export interface TreatedFunction {
  readonly schema: string;
  readonly name: string;
  /** `integer`, and as pg_type has it `int4`: either may be written. */
  readonly args: readonly string[];
  readonly typeNames: readonly string[];
  readonly extension?: string;
  readonly compiled: boolean;
}

/** Schema and name of `app.net_price`; undefined where it is not written so. */
export function functionName(written: string): { readonly schema: string; readonly name: string } | undefined {
  const [schema, name, more] = written.split('.');
  return schema === undefined || name === undefined || more !== undefined || schema === '' || name === ''
    ? undefined
    : { schema, name };
}

/** How the policy treats a function on a connection, the strictest where several say it; undefined where none does. */
export function treatmentOf(
  treatments: readonly CompiledTreatment[],
  connection: { readonly name: string; readonly environment: string; readonly database: string },
  called: TreatedFunction,
): Treatment | undefined {
  const found = treatments.filter(
    ({ place, functions }) => isConnection(place, connection) && isMeant(functions, called),
  );
  if (found.length === 0) return undefined;
  return STRICTEST.find((treatment) => found.some(({ treat }) => treat === treatment));
}

/** Of a trigger, `pure` says less than `contained`; of what a statement calls, `contained` says nothing. */
const STRICTEST: readonly Treatment[] = ['reads', 'pure', 'contained'];

/** Of an extension only compiled members are meant: whoever owns its other functions can replace them. */
function isMeant(meant: CompiledTreatment['functions'], called: TreatedFunction): boolean {
  if ('extension' in meant) return called.compiled && called.extension === meant.extension;
  if (meant.schema !== called.schema || meant.name !== called.name) return false;
  const { args } = meant;
  return (
    args === undefined ||
    (args.length === called.args.length &&
      args.every((arg, at) => {
        const written = arg.trim().toLowerCase();
        return written === called.args[at] || written === called.typeNames[at];
      }))
  );
}
