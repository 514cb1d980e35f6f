import { type AuditLog } from '../audit/index.ts';
import { type IdentityEvent } from '../identity/index.ts';
import { type Session } from '../identity/principal.ts';
import { actorOf } from './record.ts';

/** Records what happens to logins, and lets nothing outlive one that has ended. */
export async function recordIdentity(
  audit: AuditLog,
  event: IdentityEvent,
  endSession: (session: Session) => Promise<void>,
): Promise<void> {
  const { session } = event;
  const { principal } = session;
  switch (event.kind) {
    case 'signed-in':
      await audit.append({
        k: 'auth.ok',
        actor: actorOf(session),
        auth: {
          method: event.method,
          ...(principal.acr === undefined ? {} : { acr: principal.acr }),
          ...(principal.amr === undefined ? {} : { amr: principal.amr }),
        },
      });
      if (principal.device !== undefined) {
        await audit.append({
          k: 'key.bind',
          actor: actorOf(session),
          bind: { alg: 'EdDSA', thumbprint: principal.device, iss: principal.issuer, sub: principal.subject },
        });
      }
      return;
    case 'revoked':
    case 'expired':
      // First what takes effect: it does not wait for room on a disk.
      await endSession(session);
      await audit.append({
        k: 'auth.failed',
        auth: { method: 'session', iss: principal.issuer, code: `session-${event.kind}` },
      });
      return;
    case 'signed-out':
      await endSession(session);
      return;
    case 'revalidated':
    case 'provider-unreachable':
      return;
  }
}
