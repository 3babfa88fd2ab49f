import { migration } from '#libs/database/migration';

export const ContractWhatNobodyReleased1899999999100 = migration(
  'ContractWhatNobodyReleased1899999999100',
  'ALTER TABLE chapters.work DROP COLUMN cover',
);
