import { type SessionId } from '../../identity/principal.ts';

/** Whose window one place is: a window that is reloaded, or connects again, is the same person's as before. */
export interface Seat {
  /** `unknown` for a place where nobody has sat yet; undefined where somebody has signed out. */
  last(): SessionId | 'unknown' | undefined;
  take(session: SessionId | undefined): void;
}

/** Several people may be signed in to one profile, each in a window: who sat where, for as long as the program runs. */
export function createSeats(): { at(place: string): Seat } {
  const taken = new Map<string, SessionId | undefined>();
  return {
    at: (place) => ({
      last: () => (taken.has(place) ? taken.get(place) : 'unknown'),
      take: (session) => void taken.set(place, session),
    }),
  };
}
