import { type ReactElement } from 'react';
import { type EnvironmentName } from '../../shared/views.ts';
import './environment.css';

/** The environment's name as it is written everywhere: production in capitals. */
export function environmentName(environment: EnvironmentName): string {
  return environment === 'production' ? 'PRODUCTION' : environment === 'staging' ? 'Staging' : 'Development';
}

/** Class for an element that carries the environment as its coloured edge; production's is hatched. */
export function environmentEdge(environment: EnvironmentName | null): string {
  return environment === null ? '' : `edge edge-${environment}`;
}

/** The environment's name behind its colour. */
export function EnvironmentBadge({ environment }: { environment: EnvironmentName }): ReactElement {
  return <span className={`environment-badge environment-${environment}`}>{environmentName(environment)}</span>;
}

/** The environment as a shape where there is no room for its name: a circle, a triangle, a hatched square. */
export function EnvironmentMark({ environment }: { environment: EnvironmentName }): ReactElement {
  const name = environmentName(environment);
  return <span className={`environment-mark environment-${environment}`} role="img" aria-label={name} title={name} />;
}
