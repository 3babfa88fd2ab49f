// The front door of rendering: nothing else here may be imported from outside.
export { RenderingWebModule, RenderingWorkerModule, renderingSchema } from './rendering.module.js';
export { type FolderFilm, FolderRendering } from './infrastructure/folder-rendering.js';
export type { Reason } from './domain/keys.js';
