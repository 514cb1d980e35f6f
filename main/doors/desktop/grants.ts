import { type Desktop } from '../../../shared/contract.ts';
import { type Handlers } from '../../../shared/rpc/index.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { grantsView, grantView } from '../grant-views.ts';

type Methods = 'grants.list' | 'grants.take' | 'grants.end';

/**
 * What a window asks of grants.
 * @param seated the person at the window, whose login still counts
 */
export function grantHandlers(
  installation: Pick<Installation, 'grants' | 'profile'>,
  seated: () => Promise<{ readonly session: Session }>,
): Pick<Handlers<Desktop>, Methods> {
  const { grants } = installation;
  return {
    async 'grants.list'() {
      const { session } = await seated();
      return grantsView(installation, session);
    },
    async 'grants.take'({ grant, connection, minutes, reason }) {
      const { session } = await seated();
      const taken = await grants.take(session, {
        ...{ grant, connection },
        ...(minutes === undefined ? {} : { minutes }),
        ...(reason === undefined ? {} : { reason }),
      });
      return grantView(taken, session);
    },
    async 'grants.end'({ id, why }) {
      const { session } = await seated();
      await grants.end(session, id, why);
      return null;
    },
  };
}
