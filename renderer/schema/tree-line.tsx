import { type MouseEvent, type ReactElement } from 'react';
import { type ConnectionView } from '../../shared/views.ts';
import { EnvironmentBadge, environmentEdge, Icon } from '../design/index.ts';
import { STRENGTHS, strengthIcons } from './connection-strength.tsx';
import { shortType, writtenName } from './names.ts';
import { isSystemSchema } from '../state/schema-cache.ts';
import { type TreeRow } from './tree-rows.ts';

const count = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

const engineNames: Readonly<Record<string, string>> = { postgres: 'PostgreSQL', mysql: 'MySQL' };

function relationIcon(kind: string): string {
  if (kind.includes('view')) return 'eye';
  return kind.includes('function') ? 'symbol-method' : 'table';
}

/** How far the gate binds here, and whether the role can do more than it should. The words are in its popover. */
function StrengthBadge({
  connection: { strength, weaknesses },
  onPress,
}: {
  connection: ConnectionView;
  onPress: () => void;
}): ReactElement {
  const count = weaknesses?.length ?? 0;
  const refused = weaknesses?.some(({ severity, accepted }) => severity === 'refused' && !accepted) ?? false;
  const known = weaknesses === null ? 'not yet looked at' : count === 0 ? 'no weakness' : `${String(count)} weaknesses`;
  const meaning = refused ? 'meaning-refused' : count > 0 ? 'meaning-write' : 'tree-sign';
  return (
    <span
      className={`tree-badge ${meaning}`}
      title={`${strength}: ${STRENGTHS[strength]}\n${known} (Alt+Enter)`}
      onClick={(event) => {
        event.stopPropagation();
        onPress();
      }}
    >
      <Icon name={strengthIcons[strength]} label={`Strength: ${strength}, ${known}`} />
      {count > 0 && <Icon name={refused ? 'circle-slash' : 'warning'} />}
      {count > 0 && <span aria-hidden="true">{count}</span>}
    </span>
  );
}

function Words({ row, onDetails }: { row: TreeRow; onDetails: () => void }): ReactElement {
  switch (row.kind) {
    case 'environment':
      return <EnvironmentBadge environment={row.environment} />;
    case 'connection': {
      const { title, engine, access, state } = row.connection;
      return (
        <>
          <Icon
            name="database"
            className={state === 'open' ? 'meaning-approved' : state === 'failed' ? 'meaning-refused' : 'tree-sign'}
          />
          <span className="tree-name tree-strong">{title}</span>
          <StrengthBadge connection={row.connection} onPress={onDetails} />
          <span className="tree-detail">{access === 'read-only' ? 'read-only' : (engineNames[engine] ?? engine)}</span>
        </>
      );
    }
    case 'schema':
      return (
        <>
          <Icon name="symbol-namespace" className="tree-sign" />
          <span className={isSystemSchema(row.schema.name) ? 'tree-name tree-quiet' : 'tree-name'}>
            {row.schema.name}
          </span>
          <span className="tree-detail">{row.schema.relations.toLocaleString('en')}</span>
        </>
      );
    case 'relation':
      return (
        <>
          <Icon name={relationIcon(row.relation.kind)} className="tree-sign" />
          <span className="tree-name">{row.relation.name}</span>
          {row.relation.sensitive && (
            <Icon name="lock" className="meaning-masked tree-mark" label="Has columns that you see masked" />
          )}
          <span className="tree-detail">
            {row.relation.estimatedRows > 0 ? count.format(row.relation.estimatedRows) : ''}
          </span>
        </>
      );
    case 'column': {
      const { name, type, primaryKey, foreignKey, masked } = row.column;
      const sign = primaryKey ? 'key' : foreignKey !== null ? 'references' : 'symbol-field';
      return (
        <>
          <Icon name={sign} className="tree-sign" />
          <span className="tree-name">{name}</span>
          {masked && (
            <Icon
              name="lock"
              className="meaning-masked tree-mark"
              label={`You see this masked: ${row.column.class ?? 'classified'}`}
            />
          )}
          <span className="tree-detail tree-code">{shortType(type)}</span>
        </>
      );
    }
    case 'note':
      return <span className={row.failed ? 'tree-note meaning-refused' : 'tree-note'}>{row.text}</span>;
  }
}

function titleOf(row: TreeRow): string | undefined {
  if (row.kind === 'column') {
    const { name, type, notNull, foreignKey, comment, class: kind } = row.column;
    return [
      `${name} ${type}${notNull ? ' not null' : ''}`,
      foreignKey === null ? null : `refers to ${foreignKey}`,
      kind === null ? null : `class ${kind}`,
      comment,
    ]
      .filter((part) => part !== null)
      .join('\n');
  }
  if (row.kind === 'relation') return row.relation.comment ?? undefined;
  if (row.kind === 'connection')
    return `${engineNames[row.connection.engine] ?? row.connection.engine} \u00b7 ${row.connection.database}${row.connection.team === null ? '' : ` \u00b7 ${row.connection.team}`}`;
  return row.kind === 'note' ? row.text : undefined;
}

/** One line of the tree. A click on a table selects it, a double click opens it; everything else opens and closes. */
export function TreeLine({
  id,
  row,
  top,
  current,
  onPress,
  onToggle,
  onOpen,
  onMenu,
  onDetails,
}: {
  id: string;
  row: TreeRow;
  top: number;
  current: boolean;
  onPress: () => void;
  onToggle: () => void;
  onOpen: () => void;
  onMenu: (event: MouseEvent) => void;
  onDetails: () => void;
}): ReactElement {
  const name = writtenName(row);
  const edge =
    row.kind === 'environment' ? '' : row.kind === 'connection' ? environmentEdge(row.connection.environment) : '';
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={current}
      {...(row.expanded === null ? {} : { 'aria-expanded': row.expanded })}
      className={`tree-line tree-${row.kind} ${edge}`}
      data-current={current ? '' : undefined}
      style={{
        transform: `translateY(${String(top)}px)`,
        paddingLeft: `calc(${String(row.level - 1)} * var(--space-4) + var(--space-2))`,
      }}
      title={titleOf(row)}
      draggable={name !== ''}
      onDragStart={(event) => {
        event.dataTransfer.setData('text/plain', name);
      }}
      onClick={onPress}
      onDoubleClick={onOpen}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(event);
      }}
    >
      <span
        className="tree-twist"
        onClick={(event) => {
          if (row.kind !== 'relation') return;
          event.stopPropagation();
          onToggle();
        }}
        onDoubleClick={(event) => {
          event.stopPropagation();
        }}
      >
        {row.expanded !== null && <Icon name={row.expanded ? 'chevron-down' : 'chevron-right'} />}
      </span>
      <Words row={row} onDetails={onDetails} />
    </div>
  );
}
