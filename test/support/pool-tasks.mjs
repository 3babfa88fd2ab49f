/** Tasks for test/worker-pool/worker-pool.built-spec.ts; threads load this file as it is. */
export const length = (text) => text.length;

export const spin = ({ ms }) => {
  for (const end = performance.now() + ms; performance.now() < end;);
  return ms;
};

export const hoard = () => {
  const kept = [];
  for (;;) kept.push(new Array(100_000).fill(kept.length));
};

export class TooOdd extends Error {
  code = 'too-odd';
  kind = 'invalid';
  details = { limit: 3 };
  constructor() {
    super('Send an even number.');
  }
}
export const refuse = () => {
  throw new TooOdd();
};
export const fail = () => {
  throw new TypeError('A mistake of ours.');
};
