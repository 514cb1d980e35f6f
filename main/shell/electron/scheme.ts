import { protocol } from 'electron';
import { APP_HOST, APP_SCHEME } from '../../../shared/electron-shell.ts';
import { PAGE_HEADERS } from '../page-headers.ts';
import { listRendererFiles, type RendererFile } from '../renderer-files.ts';

/** Makes `app://` a scheme with origins and a secure context. Only before Electron is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/**
 * Serves the built renderer, and nothing else, under `app://countersign/`.
 * @throws CountersignError `renderer_missing`.
 */
export function serveRenderer(directory: string): void {
  const files = listRendererFiles(directory);
  protocol.handle(APP_SCHEME, (request) => respond(files, request));
}

async function respond(files: ReadonlyMap<string, RendererFile>, request: Request): Promise<Response> {
  // What stands after a question mark is a font's version, and says nothing to us.
  const { host, pathname } = new URL(request.url);
  const file = host === APP_HOST ? files.get(pathname) : undefined;
  if (file === undefined || request.method !== 'GET') return new Response(null, { status: 404, headers: PAGE_HEADERS });
  try {
    const body = new Uint8Array(await file.read());
    return new Response(body, { headers: { ...PAGE_HEADERS, 'content-type': file.contentType } });
  } catch {
    return new Response(null, { status: 404, headers: PAGE_HEADERS });
  }
}
