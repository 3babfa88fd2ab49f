/** The thread that ThreadedAligner starts for one long text, so that the event loop stays free. */
import { parentPort, workerData } from 'node:worker_threads';
import { newId } from '#libs/kernel/id';
import { align } from '../domain/alignment.js';
import type { AlignmentTask } from './threaded-aligner.js';

const { previous, incoming, options } = workerData as AlignmentTask;
parentPort!.postMessage(align(previous, incoming, { ...options, newId }));
