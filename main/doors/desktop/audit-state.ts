import { type AuditStateView } from '../../../shared/views.ts';
import { type AuditLog } from '../../audit/index.ts';

/** The state of the record, now and after changes; a reader slower than the record gets the newest only. */
export async function* auditStates(
  audit: AuditLog,
  trouble: () => string | undefined,
  signal: AbortSignal,
): AsyncGenerator<AuditStateView> {
  let changed = true;
  let wake: () => void = () => undefined;
  const stop = audit.onState(() => {
    changed = true;
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
      changed = false;
      if (signal.aborted) return;
      const state = audit.state();
      yield { recorded: state.recorded, log: state.log, trouble: state.trouble ?? trouble() ?? null };
    }
  } finally {
    stop();
  }
}
