/** What a person may see of a server's notice. RAISE NOTICE can say anything, under any code. */
import { type ServerFields } from '../../databases/postgres/server-error.ts';
import { type MaskReach } from './errors.ts';

export interface VisibleNotice {
  readonly severity: string;
  readonly text: string;
}

/**
 * Remarks of the server itself that name objects and never quote data, by code and exact form. A function can forge the
 * code and the words, but not that the server gives no context (`where`) for them.
 */
const HARMLESS: readonly (readonly [sqlstate: string, form: RegExp])[] = [
  ['00000', /^[a-z ]+ "[^"]{1,63}" does not exist, skipping$/],
  ['42622', /^identifier "[^"]+" will be truncated to "[^"]{1,63}"$/],
  ['42P07', /^relation "[^"]{1,63}" already exists, skipping$/],
  ['42P06', /^schema "[^"]{1,63}" already exists, skipping$/],
  ['25001', /^there is already a transaction in progress$/],
  ['25P01', /^there is no transaction in progress$/],
];

export function visibleNotice(fields: ServerFields, masks: MaskReach): VisibleNotice | undefined {
  const { sqlstate, severity, message, where, internalQuery } = fields;
  if (masks !== 'none') {
    if (where !== undefined || internalQuery !== undefined) return undefined;
    if (!HARMLESS.some(([code, form]) => code === sqlstate && form.test(message))) return undefined;
  }
  return { severity, text: message };
}
