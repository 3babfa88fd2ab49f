export { rendering } from '../../rendering/index.js';
