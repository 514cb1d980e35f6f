import { type Desktop } from '../../../shared/contract.ts';
import { type Handlers } from '../../../shared/rpc/index.ts';
import { type Session } from '../../identity/principal.ts';
import { type Activity } from '../activity/activity.ts';

type Methods =
  'activity.events' | 'activity.chart' | 'activity.facets' | 'activity.event' | 'activity.progress' | 'activity.export';

/**
 * What a window asks of the record.
 * @param asked the search over it
 * @param seated the person at the window, whose login still counts
 */
export function activityHandlers(
  asked: () => Promise<Activity>,
  seated: () => Promise<{ readonly session: Session }>,
): Pick<Handlers<Desktop>, Methods> {
  const begin = async (): Promise<readonly [Activity, Session]> => {
    const { session } = await seated();
    return [await asked(), session];
  };
  return {
    async 'activity.events'(input) {
      const [activity, session] = await begin();
      return activity.events(session, input);
    },
    async 'activity.chart'(input) {
      const [activity, session] = await begin();
      return activity.chart(session, input);
    },
    async 'activity.facets'(input) {
      const [activity, session] = await begin();
      return activity.facets(session, input);
    },
    async 'activity.event'(input) {
      const [activity, session] = await begin();
      return activity.event(session, input);
    },
    async *'activity.progress'(_, signal) {
      const [activity, session] = await begin();
      yield* activity.progress(session, signal);
    },
    async *'activity.export'(input, signal) {
      const [activity, session] = await begin();
      yield* activity.export(session, input, signal);
    },
  };
}
