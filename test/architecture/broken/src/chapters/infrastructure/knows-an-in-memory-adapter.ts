import { InMemoryChapters } from '../domain/ports.in-memory.js';

export const chapters = new InMemoryChapters();
