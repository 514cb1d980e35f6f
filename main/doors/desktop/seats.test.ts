import { describe, expect, it } from 'vitest';
import { type SessionId } from '../../identity/principal.ts';
import { createSeats } from './seats.ts';

const ANA = 'ana' as SessionId;
const ELI = 'eli' as SessionId;

describe('the place of a window', () => {
  it('is nobody’s before somebody has sat there', () => {
    expect(createSeats().at('left').last()).toBe('unknown');
  });

  it('stays its person’s when the window comes back, whoever signed in elsewhere since', () => {
    const seats = createSeats();
    seats.at('left').take(ANA);
    seats.at('right').take(ELI);
    expect([seats.at('left').last(), seats.at('right').last()]).toEqual([ANA, ELI]);
  });

  it('is nobody’s after a sign-out: a reload brings neither the person back nor another in', () => {
    const seats = createSeats();
    seats.at('left').take(ANA);
    seats.at('left').take(undefined);
    seats.at('right').take(ELI);
    expect(seats.at('left').last()).toBeUndefined();
  });
});
