import { type TestProvider } from './provider.ts';

/** The organisation.yaml of a profile that signs in there; JSON is YAML. */
export function organisationFor(
  { settings }: Pick<TestProvider, 'settings'>,
  identity: Readonly<Record<string, unknown>> = {},
): string {
  const file = { version: 1, name: 'Shop', identity: { kind: 'oidc', ...settings, ...identity }, secrets: 'file' };
  return `${JSON.stringify(file, null, 2)}\n`;
}
