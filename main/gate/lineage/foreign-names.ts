import { type Hazard } from '../facts.ts';
import { builtinSignatures, isBuiltinType } from '../understand/postgres/builtins.ts';
import { type Inspection } from '../understand/postgres/inspect.ts';
import { type CatalogIndex } from './catalog-index.ts';

/**
 * Names of functions, operators and types that, in this catalog, mean or could mean something that PostgreSQL does not
 * bring. Resolution by argument types may pick any overload, so one that is not built in makes the name refused.
 */
export function nameHazards(inspection: Inspection, index: CatalogIndex): readonly Hazard[] {
  const hazards: Hazard[] = [];
  for (const call of inspection.calls) {
    const { name, span } = call;
    const [bare = '', ...rest] = name;
    const [overload] = rest.length === 0 ? index.functionsNamed(bare) : [];
    // A name that is no built-in function at all was refused as such already.
    if (overload === undefined || builtinSignatures(call).length === 0) continue;
    hazards.push({
      code: 'user-function',
      sentence: `${bare}() can mean ${overload.schema}.${overload.name}(${overload.args}), and what that reads or changes is not known.`,
      next: `Write pg_catalog.${bare}() where PostgreSQL's own is meant.`,
      ...(span === undefined ? {} : { span }),
    });
  }
  for (const { name, span } of inspection.operators) {
    if (name.length > 1 || !index.hasUserOperator(name[0] ?? '')) continue;
    hazards.push({
      code: 'user-operator',
      sentence: `The operator ${name[0] ?? ''} can mean one that this database defines itself, and what that calls is not known.`,
      next: `Write OPERATOR(pg_catalog.${name[0] ?? ''}) where PostgreSQL's own is meant.`,
      ...(span === undefined ? {} : { span }),
    });
  }
  for (const { name, span } of inspection.types) {
    const builtin =
      (name.length === 1 || name[0] === 'pg_catalog') && isBuiltinType(name.at(-1) ?? '', index.snapshot.serverMajor);
    const cast = index.hasUserCast(name.at(-1) ?? '');
    if (!cast && (builtin || index.hasHarmlessType(name))) continue;
    const bare = builtin ? name.at(-1) : name.join('.');
    hazards.push({
      code: cast ? 'user-cast' : 'user-type',
      sentence: cast
        ? `This database defines casts of its own for the type ${bare ?? ''}: reading a value into it may run other code.`
        : `${bare ?? ''} is not a type of PostgreSQL itself: reading a value into it may run other code.`,
      next: 'Cast to a built-in type.',
      ...(span === undefined ? {} : { span }),
    });
  }
  return hazards;
}
