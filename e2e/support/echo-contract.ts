import { z } from 'zod';
import { unary } from '../../shared/rpc/index.ts';

export const echoContract = { echo: unary<Uint8Array>()(z.instanceof(Uint8Array)) } as const;
