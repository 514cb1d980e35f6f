/** `npm start`: the entry. What it starts is loaded once Node is set up for it: see scripts/workbench.ts. */
import { prepareRuntime } from '../main/runtime.ts';

prepareRuntime();
await import('./workbench.ts');
