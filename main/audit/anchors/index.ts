/** The record outside this machine: uploaded, witnessed, stamped. */
export { type Anchors, type AnchorState, type Pressure, type RecordLevel } from './anchors.ts';
export { createAnchors } from './create.ts';
export { type AnchorOptions, type AnchorSettings } from './options.ts';
export { type AnchorClock } from './clock.ts';
export { type PressureLimit, type PressureLimits } from './pressure.ts';
