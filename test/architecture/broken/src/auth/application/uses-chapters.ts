export { Chapters } from '../../chapters/index.js';
