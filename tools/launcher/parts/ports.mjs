/** Finds free ports for PostgreSQL and Redis, and tells whether the public port is free. */
import net from 'node:net';

/** A port that no program listens on at this moment. */
export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Undefined when we can listen on host:port, else the system's error code. */
export const whyNotListen = (host, port) =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error) => resolve(error.code));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

/** Connects, sends `hello` and returns the first answer as text; undefined when no program accepts the connection. */
export const answers = (host, port, { hello, timeout = 1500 } = {}) =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout });
    const done = (value) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => (hello ? socket.write(hello) : done('')));
    socket.once('data', (data) => done(data.toString('latin1')));
    socket.once('timeout', () => done(undefined));
    socket.once('error', () => done(undefined));
    socket.once('close', () => resolve(undefined));
  });
