import { Worker } from 'node:worker_threads';
import { Injectable } from '@nestjs/common';
import { newId } from '#libs/kernel/id';
import { align, type Alignment, type Incoming } from '../domain/alignment.js';
import type { Block } from '../domain/blocks.js';
import { Aligner } from '../domain/ports.js';

/** The message to the thread: plain data. */
export interface AlignmentTask {
  previous: readonly Block[];
  incoming: readonly Incoming[];
  options: Parameters<Aligner['align']>[2];
}

/** Shorter texts are aligned faster than a thread starts. */
const LONG = 300;

@Injectable()
export class ThreadedAligner extends Aligner {
  align(previous: readonly Block[], incoming: readonly Incoming[], options: Parameters<Aligner['align']>[2]): Promise<Alignment> {
    if (Math.max(previous.length, incoming.length) <= LONG || changes(previous, incoming) <= LONG / 4)
      return Promise.resolve(align(previous, incoming, { ...options, newId }));
    return inThread({ previous, incoming, options });
  }
}

/** A cheap upper bound on the comparisons: blocks whose text the other side does not have. */
function changes(previous: readonly Block[], incoming: readonly Incoming[]): number {
  const before = new Set(previous.map(({ text }) => text));
  const after = new Set(incoming.map(({ text }) => text));
  return incoming.filter(({ text }) => !before.has(text)).length + previous.filter(({ text }) => !after.has(text)).length;
}

function inThread(task: AlignmentTask): Promise<Alignment> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./alignment.thread.js', import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`The alignment thread ended with code ${code} before it answered.`)));
  });
}
