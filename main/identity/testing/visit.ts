// The demonstration's people sign in without a browser in tests too; it is no part of identity.
// eslint-disable-next-line import-x/no-restricted-paths
import { createVisitor, type Visitor } from '../../demonstration/idp/visitor.ts';
import { ANA, ONE_TIME_CODE, PASSWORD } from './provider.ts';
import { type Person } from './sign-in.ts';

export { createVisitor, type Visitor };

/**
 * Walks through a test provider's pages from the address that the product opens to the redirect back, without a browser. Fails
 * where the provider shows a page that leads nowhere.
 */
export async function walk(url: string, visitor: Visitor, email: string = ANA.email): Promise<string> {
  let page = await visitor.open(url);
  for (let pages = 0; page.left === undefined; pages += 1) {
    if (pages === 5 || page.status >= 400 || !page.html.includes('<form'))
      throw new Error(`the provider goes no further (status ${String(page.status)})`);
    page = await visitor.submit(page, { login: email, password: PASSWORD, code: ONE_TIME_CODE });
  }
  return page.left;
}

/** Plays a person at a test provider: `change` is what they do to the address before they open it. */
export const visiting =
  (visitor: Visitor, email: string = ANA.email, change: (url: URL) => void = () => undefined): Person =>
  async (step) => {
    if (step.kind !== 'open') return;
    const url = new URL(step.url);
    change(url);
    await fetch(await walk(url.href, visitor, email));
  };
