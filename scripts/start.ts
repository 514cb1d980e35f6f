/** `npm start`: the entry. What it starts is loaded behind the cache of compiled code; see scripts/workbench.ts. */
import { keepCompiled } from '../main/compile-cache.ts';

keepCompiled();
await import('./workbench.ts');
