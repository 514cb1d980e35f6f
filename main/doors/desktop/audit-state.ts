import { type AuditStateView } from '../../../shared/views.ts';
import { type Installation } from '../../installation.ts';
import { newest } from '../newest.ts';

/** The state of the record, here and outside this machine, now and after changes. */
export function auditStates(
  { recording: { audit, anchors }, trouble }: Pick<Installation, 'recording' | 'trouble'>,
  signal: AbortSignal,
): AsyncGenerator<AuditStateView> {
  const look = (): AuditStateView => {
    const { recorded, log, trouble: cannot } = audit.state();
    const { store, uploaded, witnessed, pressure, trouble: anchorTrouble, weaknesses } = anchors.state();
    const why = cannot ?? trouble() ?? null;
    return { recorded, log, trouble: why, store, uploaded, witnessed, pressure, anchorTrouble, weaknesses };
  };
  return newest(look, [(changed) => audit.onState(changed), (changed) => anchors.onState(changed)], signal);
}
