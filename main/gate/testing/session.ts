import { type Session } from '../../identity/principal.ts';

/** A login that stands, for tests of what comes behind it. */
export const session: Session = {
  id: 'login-1' as Session['id'],
  expiresAt: '2099-01-01T00:00:00Z',
  principal: {
    issuer: 'https://id.example',
    subject: 'ana',
    name: 'Ana',
    groups: [],
    verified: true,
    authenticatedAt: '2026-01-01T00:00:00Z',
  },
};
