export { Chapters } from '../../chapters/application/chapters.js';
