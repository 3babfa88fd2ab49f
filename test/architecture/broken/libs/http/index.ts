export { pool } from '../database/pool.js';
