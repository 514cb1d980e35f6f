import { type SignedToken } from '../signed-token.ts';

/** By what a service was known: checked in full by whoever made it. Without a token where that is opaque. */
export type ServiceProof = Omit<SignedToken, 'token'> & { readonly token: SignedToken['token'] | undefined };
