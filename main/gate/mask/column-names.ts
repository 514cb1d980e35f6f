/** What a column's name says of its values. Names are advice: they classify where nothing else speaks, and they veto. */

import { type DetectedClass } from './patterns.ts';

export type NamedClass = DetectedClass | 'person-name' | 'address' | 'birth-date';

/** Words of a name in lower case: `customerEMail2` and `CUSTOMER_E_MAIL` are both customer, e, mail. */
function words(name: string): readonly string[] {
  return name
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
}

/** Ordered: the first that fits wins. Matched against the words joined by single spaces, with a space at either end. */
const NAMES: readonly (readonly [NamedClass, RegExp])[] = [
  // Before postal addresses, which an IP address is none of; `ip_country` holds none.
  ['ip-address', / (?:ip|ipv ?[46]|ip addr(?:ess)?|remote addr(?:ess)?) $/],
  ['email', / (?:e ?mail|mail address|email address) /],
  ['iban', / (?:iban|bank account|account number) /],
  ['card', / (?:card (?:number|no|num)|pan|credit card|cc (?:number|num)) /],
  ['ssn', / (?:ssn|social security(?: number| no)?) /],
  [
    'national-id',
    / (?:national id|national insurance(?: number)?|tax id|steuer id|passport(?: number| no)?|nino|cpf|pesel|dni|nie|nir|bsn|codice fiscale|personnummer|aadhaar|hetu|rijksregisternummer|ahv(?: nummer)?|tckn|driver licen[cs]e) /,
  ],
  [
    'secret',
    / (?:password|passwd|passphrase|pwd|secret|api key|access key|private key|access token|refresh token|auth token|token hash|otp|pin) /,
  ],
  ['phone', / (?:phone|telephone|tel|mobile|cell|fax|msisdn)(?: number| no)? /],
  ['birth-date', / (?:birth date|date of birth|dob|birthday|born|birthdate) /],
  [
    'person-name',
    / (?:first name|last name|full name|given name|family name|middle name|surname|forename|maiden name|firstname|lastname|fullname) /,
  ],
  ['address', / (?:street|street address|postal address|home address|address line|address|zip code|postcode) /],
];

/** Words after which a column speaks *about* such a value instead of holding it. */
const ABOUT =
  / (?:id|type|kind|count|verified|confirmed|status|flag|is|has|at|on|template|format|length|hash algorithm|expiry|expires|enabled|provider|domain) $/;
const QUESTION = /^ (?:is|has|can|allow|num|number of|count) /;

export function classOfName(name: string): NamedClass | undefined {
  const spoken = ` ${words(name).join(' ')} `;
  const found = NAMES.find(([, form]) => form.test(spoken))?.[0];
  if (found === undefined || QUESTION.test(spoken)) return undefined;
  const about = ABOUT.test(spoken) && !/ (?:national|tax) id $/.test(spoken);
  return about ? undefined : found;
}

/** Names of codes that only look like identifiers of people: part numbers, order numbers, versions, times. */
const CODES =
  / (?:part|sku|serial|order|invoice|product|article|item|version|build|batch|lot|tracking|ticket|reference|ref|barcode|ean|isbn|timestamp|time|date|uuid|guid|hash|checksum) /;

export const namesCode = (name: string): boolean => CODES.test(` ${words(name).join(' ')} `);

/** Names of columns in which text that looks random is a key. */
const SECRETS = / (?:token|key|secret|auth|credentials?|session|cookie|bearer|signature) /;

export const hintsSecret = (name: string): boolean => SECRETS.test(` ${words(name).join(' ')} `);
