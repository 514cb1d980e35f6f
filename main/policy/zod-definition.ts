/** What a zod schema says of itself (https://zod.dev/packages/core): as much as errors and completion tell people of it. */
export interface Definition {
  readonly type?: string;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly innerType?: unknown;
  readonly out?: unknown;
  readonly options?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly values?: readonly unknown[];
}

/** Nothing of what is no schema. */
export function definition(schema: unknown): Definition {
  return typeof schema === 'object' && schema !== null && 'def' in schema ? (schema.def as Definition) : {};
}

/** Sees through optional, default, preprocess and the like. */
export function unwrap(schema: unknown): unknown {
  const { type, innerType, out } = definition(schema);
  if (innerType !== undefined) return unwrap(innerType);
  return type === 'pipe' ? unwrap(out) : schema;
}
