import { type z } from 'zod';

/**
 * The shape of a contract: every entry names its argument schema and whether it answers once or streams. Both sides are
 * typed from one object (shared/contract.ts); arguments are checked with zod where they arrive, because types are not.
 */
export interface Unary<In extends z.ZodType, Out> {
  readonly kind: 'unary';
  readonly input: In;
  /** Phantom: carries the result type. */
  readonly output?: Out;
}

export interface Stream<In extends z.ZodType, Out> {
  readonly kind: 'stream';
  readonly input: In;
  readonly output?: Out;
}

export type Contract = Readonly<Record<string, Unary<z.ZodType, unknown> | Stream<z.ZodType, unknown>>>;

export function unary<Out>() {
  return <In extends z.ZodType>(input: In): Unary<In, Out> => ({ kind: 'unary', input });
}

export function stream<Out>() {
  return <In extends z.ZodType>(input: In): Stream<In, Out> => ({ kind: 'stream', input });
}

export type Input<E> = E extends { readonly input: infer In extends z.ZodType } ? z.infer<In> : never;
export type Output<E> = E extends { readonly output?: infer Out } ? Exclude<Out, undefined> : never;

/** What the calling side holds. A stream ends early when its iterator returns or its signal aborts. */
export type Client<C extends Contract> = {
  readonly [K in keyof C]: C[K]['kind'] extends 'stream'
    ? (input: Input<C[K]>, signal?: AbortSignal) => AsyncIterable<Output<C[K]>>
    : (input: Input<C[K]>, signal?: AbortSignal) => Promise<Output<C[K]>>;
};

/** What the answering side implements. */
export type Handlers<C extends Contract> = {
  readonly [K in keyof C]: C[K]['kind'] extends 'stream'
    ? (input: Input<C[K]>, signal: AbortSignal) => AsyncIterable<Output<C[K]>>
    : (input: Input<C[K]>, signal: AbortSignal) => Promise<Output<C[K]>> | Output<C[K]>;
};

/** An error as it crosses a link: never a stack, never a cause. */
export interface RpcErrorShape {
  readonly code: string;
  readonly message: string;
  readonly next?: string;
}

/** One duplex message channel: a MessagePort (Electron) or a WebSocket (browser shell). Uint8Arrays cross as bytes. */
export interface Link {
  send(frame: Frame): void;
  onFrame(listener: (frame: Frame) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

export type Frame =
  | { readonly t: 'call'; readonly id: number; readonly method: string; readonly input: unknown }
  | { readonly t: 'next'; readonly id: number; readonly value: unknown }
  | { readonly t: 'ok'; readonly id: number; readonly value: unknown }
  | { readonly t: 'err'; readonly id: number; readonly error: RpcErrorShape }
  | { readonly t: 'cancel'; readonly id: number }
  | { readonly t: 'credit'; readonly id: number; readonly n: number };
