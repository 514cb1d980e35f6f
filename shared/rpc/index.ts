/** The call protocol: one contract, two links, streams with credit, cancellation both ways. */
export { connect } from './connect.ts';
export { RpcError, disconnected } from './errors.ts';
export { openLink, type Channel, type OpenLink } from './link.ts';
export { messagePortLink, portable, type PortLike } from './message-port.ts';
export { serve, type ServeOptions } from './serve.ts';
export {
  stream,
  unary,
  type Client,
  type Contract,
  type Frame,
  type Handlers,
  type Link,
  type RpcErrorShape,
} from './types.ts';
export { webSocketLink, type SocketLike } from './web-socket.ts';
export { MAX_FRAME_BYTES } from './wire-value.ts';
