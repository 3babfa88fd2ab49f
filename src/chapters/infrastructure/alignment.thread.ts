/** The thread that ThreadedAligner starts for one long text, so that a rewritten novel never stalls other requests. */
import { parentPort, workerData } from 'node:worker_threads';
import { newId } from '#libs/kernel/id';
import { align } from '../domain/alignment.js';
import type { AlignmentTask } from './threaded-aligner.js';

const { previous, incoming, options } = workerData as AlignmentTask;
parentPort!.postMessage(align(previous, incoming, { ...options, newId }));
