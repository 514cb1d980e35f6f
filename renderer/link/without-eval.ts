import { z } from 'zod';

// zod compiles schemas with `new Function` where it may and tries that out when the first schema is made, which the
// page's policy would report each time. Imported before anything that makes a schema.
z.config({ jitless: true });
