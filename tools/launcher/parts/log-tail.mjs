/**
 * The processes write their logs (JSON lines) directly into files, so that nothing is lost when the starter ends. A LogTail reads
 * such a file: it shows warnings and errors on the terminal, and finds the reason when a process ends.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { event, red, yellow } from './console.mjs';

const WARN = 40;
const ERROR = 50;

export class LogTail {
  #file;
  #at;
  #rest = '';
  #started;

  /** Reads from the present end of `file` on. */
  constructor(file) {
    this.#file = file;
    this.#at = existsSync(file) ? statSync(file).size : 0;
    this.#started = this.#at;
  }

  /** Prints the lines added since the last call: all of them with `all`, else warnings and errors. */
  show(name, all) {
    const lines = (this.#rest + this.#read(this.#at, (end) => (this.#at = end))).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const text of lines) {
      const { level, words } = parseLine(text);
      if (words && (all || level >= WARN))
        event(`${name.padEnd(8)} ${level >= ERROR ? red(words) : level >= WARN ? yellow(words) : words}`);
    }
  }

  /** From here on, `lastErrors` reads only what the next process writes. */
  processStarts() {
    this.#started = existsSync(this.#file) ? statSync(this.#file).size : 0;
  }

  /** Why a process ended, from its output: its plain lines on stderr, or else its last logged error. */
  lastErrors() {
    const lines = this.#read(this.#started)
      .split('\n')
      .filter((text) => text.trim() && !/^\s+at |^Node\.js v/.test(text));
    const plain = lines.filter((text) => !text.startsWith('{')).slice(-12);
    if (plain.length > 0) return plain.join('\n');
    const errors = lines.map(parseLine).filter(({ level }) => level >= ERROR);
    return errors.at(-1)?.words ?? '';
  }

  #read(from, moved = () => {}) {
    if (!existsSync(this.#file)) return '';
    const size = statSync(this.#file).size;
    const length = Math.min(size - from, 1024 * 1024);
    if (length <= 0) return '';
    const buffer = Buffer.alloc(length);
    const file = openSync(this.#file, 'r');
    const read = readSync(file, buffer, 0, length, from);
    closeSync(file);
    moved(from + read);
    return buffer.toString('utf8', 0, read);
  }
}

/** Reads a line of pino; any other line is returned as it is. */
function parseLine(text) {
  if (!text.startsWith('{')) return { level: 30, words: text.trim() };
  try {
    const { level = 30, msg = '', err, context } = JSON.parse(text);
    const reason = err?.message && !msg.includes(err.message) ? `: ${err.message}` : '';
    return { level, words: `${context ? `${context}: ` : ''}${msg}${reason}` };
  } catch {
    return { level: 30, words: text.trim() };
  }
}
