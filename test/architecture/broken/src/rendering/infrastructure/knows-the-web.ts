export { Chapters } from '../../web.js';
