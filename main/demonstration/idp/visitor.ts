import { CountersignError } from '../../errors.ts';

/** A browser with a cookie jar and no scripts, for tests and scripts that sign in at the demonstration's provider. */
export interface Visitor {
  /** Follows redirects and answers with the page at their end, or with the redirect that leaves the provider (`location`). */
  open(url: string): Promise<Visited>;
  /** Fills and sends the page's one form. */
  submit(page: Visited, fields: Readonly<Record<string, string>>): Promise<Visited>;
}

export interface Visited {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  /** Where the provider sent the browser in the end, when that is not the provider itself. */
  readonly left: string | undefined;
}

const MAX_REDIRECTS = 10;

export function createVisitor(): Visitor {
  const cookies = new Map<string, { readonly value: string; readonly path: string }>();

  async function request(start: string, init: RequestInit): Promise<Visited> {
    let url = new URL(start);
    const { origin } = url;
    let next = init;
    for (let redirects = 0; redirects < MAX_REDIRECTS; redirects += 1) {
      const { pathname } = url;
      const cookie = [...cookies]
        .filter(([, { path }]) => pathname.startsWith(path))
        .map(([name, { value }]) => `${name}=${value}`);
      const response = await fetch(url, {
        ...next,
        redirect: 'manual',
        headers: { ...next.headers, cookie: cookie.join('; ') },
      });
      for (const line of response.headers.getSetCookie()) remember(line);
      const location = response.headers.get('location');
      const html = await response.text();
      if (location === null) return { url: url.href, status: response.status, html, left: undefined };
      url = new URL(location, url);
      if (url.origin !== origin) return { url: url.href, status: response.status, html, left: url.href };
      next = { method: 'GET' };
    }
    throw new CountersignError('demonstration-redirects', `${start} redirects without end.`);
  }

  function remember(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const path = attributes.find((attribute) => attribute.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
    if (value === '') cookies.delete(name);
    else cookies.set(name, { value, path });
  }

  return {
    open: (url) => request(url, { method: 'GET' }),
    submit: (page, fields) => {
      const action = /<form[^>]* action="([^"]*)"/.exec(page.html)?.[1] ?? '';
      const hidden = [...page.html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']) => [name, value],
      );
      const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields });
      return request(new URL(action, page.url).href, {
        method: 'POST',
        body: body.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    },
  };
}

/** Signs in at the address that the product opens, with the second factor where it is asked for, and gives back the redirect to the product. Throws where the provider says no. */
export async function signInAt(
  url: string,
  login: string,
  password: string,
  visitor = createVisitor(),
): Promise<string> {
  let page = await visitor.submit(await visitor.open(url), { login, password });
  // Where a second factor is asked for: the code is on the page, as it would be on a phone.
  const code = /id="shown">(\d{6})</.exec(page.html)?.[1];
  if (page.status === 200 && code !== undefined) page = await visitor.submit(page, { code });
  if (page.left !== undefined) return page.left;
  throw new CountersignError(
    'demonstration-sign-in-refused',
    `The demonstration's identity provider did not sign ${login} in (status ${String(page.status)}).`,
  );
}
