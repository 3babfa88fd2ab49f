export { payments } from '../../payments/index.js';
