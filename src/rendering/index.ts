// The public API of the rendering module: other modules import nothing else from here.
// The web process imports RenderingWebModule, the worker RenderingWorkerModule. A film without a server:
//   const rendering = await FolderRendering.open(folder, settings); const film = await rendering.make(wish, progress, signal);
export { RenderingWebModule, RenderingWorkerModule, renderingSchema } from './rendering.module.js';
export { type FolderFilm, FolderRendering } from './infrastructure/folder-rendering.js';
export type { Reason } from './domain/keys.js';
