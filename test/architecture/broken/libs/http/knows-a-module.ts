export { Chapters } from '../../src/chapters/index.js';
