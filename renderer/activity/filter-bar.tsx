import { type ReactElement, type Ref, useEffect, useRef, useState } from 'react';
import { type ActivityCriteria } from '../../shared/views.ts';
import { Button, IconButton, TextField } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { FieldChoice } from './field-choice.tsx';
import { fields, firstCriteria, isNarrowed, searchedFor } from './criteria.ts';
import { type Names } from './field-words.ts';
import { TimeChoice } from './time-choice.tsx';

/** ms after the last letter until the words are searched for. */
const TYPING_PAUSE = 250;

/** What narrows the events: words, times, and one field after the other. */
export function FilterBar({
  criteria,
  names,
  onCriteria,
  search,
}: {
  criteria: ActivityCriteria;
  names: Names;
  onCriteria: (criteria: ActivityCriteria) => void;
  search: Ref<HTMLInputElement>;
}): ReactElement {
  const { activity } = useWorkbench();
  const paused = useStore(activity.paused);
  return (
    <section className="activity-filters" aria-label="Filters">
      <div className="activity-first">
        <SearchField criteria={criteria} onCriteria={onCriteria} inputRef={search} />
        <TimeChoice
          range={criteria.range}
          onRange={(range) => {
            onCriteria({ ...criteria, range });
          }}
        />
        <IconButton
          icon={paused ? 'debug-continue' : 'debug-pause'}
          label={paused ? 'Go on showing new events' : 'Pause: show no new events'}
          aria-pressed={paused}
          className={paused ? 'toggle-on' : ''}
          onPress={() => {
            activity.paused.set(!paused);
          }}
        />
        <IconButton icon="refresh" label="Read again" onPress={activity.again} />
        <IconButton
          icon="export"
          label="Export what is shown"
          onPress={() => {
            activity.exporting.set(true);
          }}
        />
      </div>
      <div className="activity-fields">
        {fields.map(({ field, label }) => (
          <FieldChoice
            key={field}
            field={field}
            label={label}
            criteria={criteria}
            names={names}
            onFilter={(filter) => {
              onCriteria({ ...criteria, filter });
            }}
          />
        ))}
        {isNarrowed(criteria.filter) && (
          <Button
            variant="quiet"
            icon="clear-all"
            onPress={() => {
              onCriteria({ ...criteria, filter: firstCriteria.filter });
            }}
          >
            Clear all
          </Button>
        )}
      </div>
    </section>
  );
}

/** The words as they are typed; they are searched for when the typing stops, or at once with Enter. */
function SearchField({
  criteria,
  onCriteria,
  inputRef,
}: {
  criteria: ActivityCriteria;
  onCriteria: (criteria: ActivityCriteria) => void;
  inputRef: Ref<HTMLInputElement>;
}): ReactElement {
  const searched = criteria.filter.text ?? '';
  const [typed, setTyped] = useState(searched);
  const [before, setBefore] = useState(searched);
  const latest = useRef(criteria);
  // Changed from elsewhere, such as by "Clear all": the field follows.
  if (searched !== before) {
    setBefore(searched);
    if (typed.trim() !== searched.trim()) setTyped(searched);
  }
  useEffect(() => {
    latest.current = criteria;
  });
  const search = (text: string): void => {
    const filter = searchedFor(latest.current.filter, text);
    if (filter.text !== latest.current.filter.text) onCriteria({ ...latest.current, filter });
  };
  useEffect(() => {
    const timer = setTimeout(() => {
      search(typed);
    }, TYPING_PAUSE);
    return () => {
      clearTimeout(timer);
    };
    // Only what is typed starts the clock anew.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [typed]);
  return (
    <div className="activity-search">
      <TextField
        label="Search statements, objects and columns"
        quiet
        icon="search"
        type="search"
        maxLength={400}
        inputRef={inputRef}
        value={typed}
        onChange={setTyped}
        onKeyDown={(event) => {
          if (event.key === 'Enter') search(typed);
        }}
      />
    </div>
  );
}
