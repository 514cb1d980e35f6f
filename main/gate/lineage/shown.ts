import { locationOf, type Node } from '../understand/postgres/tree.ts';
import { type Context, type Shown } from './context.ts';
import { type Standing } from './expression.ts';
import { type Candidate } from './forms.ts';
import { type Reference, resolveColumn } from './names.ts';
import { together, type Value } from './scope.ts';
import { isComparedByValue, isExactNumberType, isScalarType } from './types.ts';
import { wholeOf } from './whole.ts';

/** What the whole list of `whole.ts` gives; undefined where the expression, or a column in it, is of another kind. */
export function whole(context: Context, node: Node, standing: Standing): Value | undefined {
  const shape = context.shadowed ? undefined : wholeOf(node);
  if (shape === undefined) return undefined;
  const { result, uses } = context.apart(() =>
    shape.columns.map((fields) => ({
      ...resolveColumn(context, fields, standing.scope),
      span: context.span(locationOf(fields)),
    })),
  );
  const types = result.flatMap(({ value: { derivation, type }, entry }) =>
    derivation === 'plain' && entry === undefined && type !== undefined && !context.index.hasUserCast(type)
      ? [type]
      : [],
  );
  if (types.length < result.length || !shape.fits(types, context.index.snapshot.settings['server_encoding']))
    return undefined;
  context.keepUses(uses);
  const read = result.map(({ value, span }) => context.read(value, span));
  return { flow: together(read).flow, derivation: 'whole' };
}

/** What a use of this column shows, where it is of the form that its place in the statement suggests. */
export function shownBy(
  context: Context,
  { value, entry }: Reference,
  candidate: Candidate,
  standing: Standing,
): Shown | undefined {
  const { derivation, origin, notNull, type } = value;
  if (entry !== undefined || derivation !== 'plain' || type === undefined || !isScalarType(type)) return undefined;
  const { form, compared, other, counted } = candidate;
  if (form === 'nullness') return { form, ...(notNull ? { notNull } : {}) };
  if (origin === undefined) return undefined;
  switch (form) {
    case 'group':
    case 'cardinality':
      return { form };
    case 'aggregate':
      return isExactNumberType(type) && (notNull === true || counted === true) ? { form } : undefined;
    case 'equality':
      return isComparedByValue(type) && compared !== undefined ? { form, compared } : undefined;
    case 'join': {
      if (other === undefined || !isComparedByValue(type)) return undefined;
      const { result } = context.apart(() => resolveColumn(context, other, standing.scope));
      const { origin: partner, derivation: made, type: its } = result.value;
      const fits = partner !== undefined && made === 'plain' && its !== undefined && isComparedByValue(its);
      return fits ? { form, joined: [...result.value.flow] } : undefined;
    }
  }
}
