/**
 * What the commands print: one line for each step, with the time it took. On a terminal a running step shows its seconds;
 * elsewhere (CI, a log file) no line is overwritten, and a step of more than two seconds is announced once.
 */
const terminal = Boolean(process.stdout.isTTY) && process.env.TERM !== 'dumb';
const colours = terminal && !process.env.NO_COLOR;
const paint = (code) => (text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : String(text));

export const dim = paint(2);
export const bold = paint(1);
export const green = paint(32);
export const red = paint(31);
export const yellow = paint(33);

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const clockTime = () => new Date().toTimeString().slice(0, 8);
const column = (label) => label.padEnd(14);

export const line = (text = '') => console.log(text);

/** A line about something that happened while serving, with the time of day. */
export const event = (text) => console.log(`  ${dim(clockTime())}  ${text}`);

/**
 * Runs `work` as a named step and returns what it returns. `note(words)` says what it is doing; the last note stays on the line.
 * @template T @param {string} label @param {(note: (words: string) => void) => Promise<T>} work @returns {Promise<T>}
 */
export async function step(label, work) {
  const began = Date.now();
  let words = '';
  const draw = () =>
    process.stdout.write(`\r\u001b[2K  ${dim('·')} ${column(label)} ${words} ${dim(seconds(Date.now() - began))}`);
  const announce = () => console.log(`  · ${column(label)} ${words || '…'}`);
  const timer = terminal ? setInterval(draw, 100) : setTimeout(announce, 2000);
  try {
    const result = await work((text) => (words = text));
    finish(green('✓'));
    return result;
  } catch (error) {
    finish(red('✗'));
    throw error;
  }
  function finish(mark) {
    clearInterval(timer);
    const text = `  ${mark} ${column(label)} ${words.padEnd(56)} ${dim(seconds(Date.now() - began).padStart(7))}`;
    process.stdout.write(terminal ? `\r\u001b[2K${text}\n` : `${text.trimEnd()}\n`);
  }
}
