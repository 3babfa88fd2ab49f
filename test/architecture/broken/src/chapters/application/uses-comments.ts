export { comments } from '../../comments/index.js';
