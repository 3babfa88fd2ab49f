// The front door of comments: nothing else here may be imported from outside.
export { CommentsModule, CommentsWebModule, CommentsWorkerModule, commentsSchema } from './comments.module.js';
export { Commenting } from './application/commenting.js';
