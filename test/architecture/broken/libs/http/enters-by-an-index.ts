export { pool } from '#libs/http/index';
