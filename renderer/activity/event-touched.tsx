import { type ReactElement } from 'react';
import { type ActivityEventView } from '../../shared/views.ts';
import { MeaningIcon } from '../design/index.ts';
import { showText } from '../results/grid/cell-text.ts';
import { Shown } from '../results/shown.tsx';
import { touchedObjects } from './touched.ts';

/** Tables and their columns, where each was used and of which class it is; a press on a name asks who else touched it. */
export function EventTouched({
  detail,
  onTouching,
}: {
  detail: ActivityEventView;
  onTouching: (what: { readonly column: string } | { readonly table: string }) => void;
}): ReactElement {
  return (
    <ul className="touched">
      {touchedObjects(detail).map(({ object, columns }, index) => (
        <li key={index}>
          {object !== null && (
            <div className="touched-line">
              <Name
                full={object.name}
                short={object.name}
                onPress={() => {
                  onTouching({ table: object.name });
                }}
              />
              <span>{object.access}</span>
              <span className="detail-quiet">
                {object.via !== null && (
                  <>
                    via <Shown text={object.via} />
                  </>
                )}
              </span>
            </div>
          )}
          {columns.length > 0 && (
            <ul>
              {columns.map(({ short, column }, at) => (
                <li key={at} className="touched-line">
                  <Name
                    full={column.name}
                    short={short}
                    onPress={() => {
                      onTouching({ column: column.name });
                    }}
                  />
                  <span>
                    <Shown text={column.place} />
                  </span>
                  <span className="detail-class">
                    {column.class !== null && (
                      <>
                        <MeaningIcon meaning="masked" label="Classified" /> <Shown text={column.class} />
                      </>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

function Name({ full, short, onPress }: { full: string; short: string; onPress: () => void }): ReactElement {
  return (
    <span>
      <button type="button" className="link link-code" title={`Who touched ${showText(full).text}`} onClick={onPress}>
        <Shown text={short} />
      </button>
    </span>
  );
}
