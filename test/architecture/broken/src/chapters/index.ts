export { Chapters } from './application/chapters.js';
