import { type Desktop } from '../../../shared/contract.ts';
import { type Handlers } from '../../../shared/rpc/index.ts';
import { type ClassificationProposalView } from '../../../shared/views.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { writtenColumn } from '../../policy/suggested-classification.ts';
import { acceptClassification, classifiedColumnsOf } from '../classification.ts';

type Classification = 'classification.columns' | 'classification.suggest' | 'classification.accept';

/** Which columns hold what: as it is, as it looks, and as somebody has confirmed. */
export function classificationHandlers(
  installation: Installation,
  seated: () => Promise<{ readonly session: Session }>,
): Pick<Handlers<Desktop>, Classification> {
  return {
    'classification.columns': async ({ connection }) =>
      classifiedColumnsOf(installation, (await seated()).session, connection),
    async *'classification.suggest'({ connection }, signal): AsyncGenerator<ClassificationProposalView> {
      const { session } = await seated();
      for await (const { column, class: of, by, share } of installation.gate.suggestClassification(
        session,
        connection,
        signal,
      )) {
        yield { connection, column: writtenColumn(column), class: of, share: by === 'name' ? null : share };
      }
    },
    async 'classification.accept'({ connection, columns }) {
      await acceptClassification(installation, (await seated()).session, connection, columns);
      return null;
    },
  };
}
