import { type AuditStateView } from '../../../shared/views.ts';
import { type Installation } from '../../installation.ts';

/** The state of the record, here and outside this machine, now and after changes; a slow reader gets the newest only. */
export async function* auditStates(
  { recording: { audit, anchors }, trouble }: Pick<Installation, 'recording' | 'trouble'>,
  signal: AbortSignal,
): AsyncGenerator<AuditStateView> {
  let changed = true;
  let wake: () => void = () => undefined;
  const change = (): void => {
    changed = true;
    wake();
  };
  const stops = [audit.onState(change), anchors.onState(change)];
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
      changed = false;
      if (signal.aborted) return;
      const { recorded, log, trouble: cannot } = audit.state();
      const { store, uploaded, witnessed, pressure, trouble: anchorTrouble, weaknesses } = anchors.state();
      yield {
        recorded,
        log,
        trouble: cannot ?? trouble() ?? null,
        store,
        uploaded,
        witnessed,
        pressure,
        anchorTrouble,
        weaknesses,
      };
    }
  } finally {
    for (const stop of stops) stop();
  }
}
