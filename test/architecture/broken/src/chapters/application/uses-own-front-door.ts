export { Chapters } from '../index.js';
