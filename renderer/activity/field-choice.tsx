import { type KeyboardEvent, type ReactElement, useEffect, useId, useRef, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Dialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { type ActivityCriteria, type ActivityFacetsView } from '../../shared/views.ts';
import { Icon, Message, ProgressBar } from '../design/index.ts';
import { showText } from '../results/grid/cell-text.ts';
import { Shown } from '../results/shown.tsx';
import { type Loadable, loading, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { type Field, type Filter, fixedValues, narrowedTo, queryWithout, toggledValue, valuesOf } from './criteria.ts';
import { choicesOf, type FieldValue, matching, type Names, takesTyped, typedValue, wordsOf } from './field-words.ts';

/** Values listed at most; the others are found by typing. */
const MOST_LISTED = 200;

const hints: Partial<Record<Field, string>> = {
  person: 'Name, or an e-mail address',
  table: 'schema.table',
  column: 'schema.table.column',
};

interface FieldChoiceProps {
  readonly field: Field;
  readonly label: string;
  readonly criteria: ActivityCriteria;
  readonly names: Names;
  readonly onFilter: (filter: Filter) => void;
}

/** One field of the filter bar: opens what it can be narrowed to; while it narrows it is a chip that says to what. */
export function FieldChoice({ field, label, criteria, names, onFilter }: FieldChoiceProps): ReactElement {
  const { filter } = criteria;
  const values = valuesOf(filter, field);
  const first = values[0];
  const words = first === undefined ? '' : wordsOf(field, first, names);
  const more = values.length > 1 ? ` +${String(values.length - 1)}` : '';
  const remove = (): void => {
    onFilter(narrowedTo(filter, field, []));
  };
  return (
    <span
      className={first === undefined ? 'field' : 'field field-set'}
      role="group"
      aria-label={label}
      onKeyDown={(event) => {
        if (first === undefined || (event.key !== 'Delete' && event.key !== 'Backspace')) return;
        event.preventDefault();
        event.currentTarget.querySelector('button')?.focus();
        remove();
      }}
    >
      <DialogTrigger>
        <AriaButton
          className="field-button"
          {...(first === undefined ? {} : { 'aria-label': `${label}: ${words}${more}. Delete removes it.` })}
        >
          <span className="field-label">{first === undefined ? label : `${label}:`}</span>
          {first !== undefined && (
            <span className="field-value">
              <Shown text={words} />
              {more}
            </span>
          )}
          {first === undefined && <Icon name="chevron-down" />}
        </AriaButton>
        <Popover className="menu-popover field-popover" placement="bottom start" offset={2}>
          <Dialog className="field-dialog" aria-label={`Narrow to: ${label}`}>
            {({ close }) => (
              <Values
                field={field}
                label={label}
                criteria={criteria}
                names={names}
                onFilter={(next) => {
                  onFilter(next);
                  if (field !== 'kinds') close();
                }}
              />
            )}
          </Dialog>
        </Popover>
      </DialogTrigger>
      {first !== undefined && (
        <button type="button" className="field-remove" aria-label={`Remove ${label}: ${words}`} onClick={remove}>
          <Icon name="close" />
        </button>
      )}
    </span>
  );
}

/** What there is to choose from under everything else that narrows, with how many events have it. */
function useFacets(criteria: ActivityCriteria, field: Field): Loadable<ActivityFacetsView | null> {
  const workbench = useWorkbench();
  const [facets, setFacets] = useState<Loadable<ActivityFacetsView | null>>(loading);
  // Asked for once, when the list opens: choosing in it must not change it.
  const [query] = useState(() => queryWithout(criteria, field, Date.now()));
  const needed = fixedValues(field) === null && field !== 'column';
  useEffect(() => {
    if (!needed) return;
    const ended = new AbortController();
    workbench.client['activity.facets']({ query }, ended.signal).then(
      (value) => {
        setFacets({ state: 'ready', value });
      },
      (error: unknown) => {
        if (!ended.signal.aborted) setFacets({ state: 'failed', trouble: troubleOf(error) });
      },
    );
    return () => {
      ended.abort();
    };
  }, [workbench, query, needed]);
  return needed ? facets : { state: 'ready', value: null };
}

function Values({ field, label, criteria, names, onFilter }: FieldChoiceProps): ReactElement {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const facets = useFacets(criteria, field);
  const chosen = valuesOf(criteria.filter, field);
  const known = choicesOf(field, facets.state === 'ready' ? facets.value : null, names);
  const found = matching(known, text);
  const typed = typedValue(field, text);
  const own: readonly FieldValue[] =
    takesTyped(field) && typed !== '' && !known.some(({ value }) => value === typed)
      ? [{ value: typed, words: typed, detail: 'exactly this', events: null }]
      : [];
  const shown = [...found.slice(0, MOST_LISTED), ...own];
  const at = Math.min(active, shown.length - 1);

  useEffect(() => {
    list.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const choose = (choice: FieldValue | undefined): void => {
    if (choice !== undefined) onFilter(toggledValue(criteria.filter, field, choice.value));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step !== undefined) setActive(Math.max(0, Math.min(shown.length - 1, at + step)));
    else if (event.key === 'Enter') choose(shown[at]);
    else return;
    event.preventDefault();
  };

  return (
    <>
      {facets.state === 'loading' && <ProgressBar label={`Reading what ${label.toLowerCase()} can be`} />}
      <input
        className="palette-input"
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={shown[at] === undefined ? undefined : `${id}-${String(at)}`}
        aria-autocomplete="list"
        placeholder={hints[field] ?? label}
        spellCheck={false}
        autoFocus
        maxLength={400}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul
        id={id}
        ref={list}
        className="field-list"
        role="listbox"
        aria-label={label}
        aria-multiselectable={field === 'kinds'}
      >
        {shown.map((choice, index) => (
          <li
            key={choice.value}
            id={`${id}-${String(index)}`}
            role="option"
            aria-selected={chosen.includes(choice.value)}
            data-active={index === at ? '' : undefined}
            className="field-choice"
            title={choice.detail === null ? undefined : showText(choice.detail).text}
            onPointerMove={() => {
              setActive(index);
            }}
            onClick={() => {
              choose(choice);
            }}
          >
            <Icon name={chosen.includes(choice.value) ? 'check' : 'blank'} />
            <span className="field-choice-words">
              <Shown text={choice.words} />
            </span>
            <span className="field-choice-count">
              {choice.events === null
                ? own.includes(choice)
                  ? choice.detail
                  : ''
                : choice.events.toLocaleString('en')}
            </span>
          </li>
        ))}
      </ul>
      {facets.state === 'failed' && (
        <Message meaning="refused">
          {facets.trouble.message} {facets.trouble.next}
        </Message>
      )}
      {facets.state === 'ready' && shown.length === 0 && (
        <p className="field-nothing">
          {text === '' && takesTyped(field)
            ? `Type ${hints[field] ?? 'what it is'}.`
            : 'No event has this, with the other filters.'}
        </p>
      )}
    </>
  );
}
