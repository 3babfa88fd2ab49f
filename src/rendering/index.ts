export { RenderingModule, RenderingWebModule, RenderingWorkerModule, renderingSchema } from './rendering.module.js';
