/** What every benchmark is: some measurements under a name, taken in a process of its own by run.ts. */
export interface Measurement {
  readonly metric: string;
  readonly value: number;
  /** `x` is a ratio against something measured in the same run: it means the same on every machine. */
  readonly unit: string;
  /** The most that the value may be, where one was promised. */
  readonly goal?: number;
}

export interface Bench {
  readonly name: string;
  run(): Promise<readonly Measurement[]>;
}

/** The value that as many are above as below: one disturbed round does not show in it. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Now, in milliseconds since the epoch with their fractions: comparable with a page's timeOrigin + now(). */
export const wallClock = (): number => performance.timeOrigin + performance.now();
