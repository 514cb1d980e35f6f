import { type Desktop } from '../../../shared/contract.ts';
import { type Handlers } from '../../../shared/rpc/index.ts';
import { type Session } from '../../identity/principal.ts';
import { type Activity } from '../activity/activity.ts';

type Methods =
  'activity.events' | 'activity.chart' | 'activity.facets' | 'activity.event' | 'activity.progress' | 'activity.export';

/** What a window asks of the record. @param seated the person at the window, whose login still counts */
export function activityHandlers(
  activity: Activity,
  seated: () => Promise<{ readonly session: Session }>,
): Pick<Handlers<Desktop>, Methods> {
  return {
    'activity.events': async (input) => activity.events((await seated()).session, input),
    'activity.chart': async (input) => activity.chart((await seated()).session, input),
    'activity.facets': async (input) => activity.facets((await seated()).session, input),
    'activity.event': async (input) => activity.event((await seated()).session, input),
    async *'activity.progress'(_, signal) {
      yield* activity.progress((await seated()).session, signal);
    },
    async *'activity.export'(input, signal) {
      yield* activity.export((await seated()).session, input, signal);
    },
  };
}
