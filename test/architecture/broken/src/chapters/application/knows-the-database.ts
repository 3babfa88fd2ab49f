export { pool } from '#libs/database/pool';
