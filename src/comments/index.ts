// The public API of the comments module: other modules import nothing else from here.
export { CommentsModule, CommentsWebModule, CommentsWorkerModule, commentsSchema } from './comments.module.js';
export { Commenting } from './application/commenting.js';
