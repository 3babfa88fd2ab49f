import { migration } from '#libs/database/migration';

/**
 * A stream's row is updated for every event: the free half of its page lets Postgres do that in place (HOT).
 *
 * The epoch of a stream (docs/live-protocol.md, "Epochs") is derived when it is read, from what a restored backup changes:
 * the identity of the server and its timeline, the table itself, the row in `live.installation`, and `resets`.
 */
export const LiveBaseline1795996800300 = migration(
  'LiveBaseline1795996800300',
  `
  CREATE SCHEMA IF NOT EXISTS live;

  CREATE TABLE live.stream (
    key text PRIMARY KEY,
    head bigint NOT NULL CHECK (head >= 0),
    resets integer NOT NULL DEFAULT 0 CHECK (resets >= 0)
  ) WITH (fillfactor = 50);

  CREATE TABLE live.event (
    key text NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 1),
    type text NOT NULL,
    body json NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (key, seq)
  );
  -- for purges alone; no BRIN: new rows fill the pages that purges have freed, so the order of the rows is soon not that of their time
  CREATE INDEX live_event_at ON live.event (at);

  CREATE TABLE live.installation (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch uuid NOT NULL DEFAULT gen_random_uuid()
  );
  INSERT INTO live.installation DEFAULT VALUES;

  CREATE FUNCTION live.new_epoch() RETURNS void LANGUAGE sql AS $$
    UPDATE live.installation SET epoch = gen_random_uuid()
  $$;

  -- pg_walfile_name names the timeline, also right after a promotion, when pg_control_checkpoint() still names the old one
  CREATE FUNCTION live.server_identity() RETURNS text STABLE LANGUAGE plpgsql AS $$
  BEGIN
    RETURN (SELECT c.system_identifier FROM pg_control_system() AS c) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8);
  EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported OR object_not_in_prerequisite_state THEN
    RETURN 'unknown';
  END $$;

  CREATE FUNCTION live.installation_epoch() RETURNS text STABLE LANGUAGE sql AS $$
    SELECT concat_ws('/', (SELECT i.epoch FROM live.installation AS i), live.server_identity(), 'live.stream'::regclass::oid)
  $$;

  -- a head that goes back gives its numbers out again: what stood there is another history
  CREATE FUNCTION live.head_went_back() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.resets := OLD.resets + 1;
    DELETE FROM live.event AS e WHERE e.key = NEW.key AND e.seq > NEW.head;
    RETURN NEW;
  END $$;
  CREATE TRIGGER head_went_back BEFORE UPDATE ON live.stream FOR EACH ROW
    WHEN (NEW.head < OLD.head) EXECUTE FUNCTION live.head_went_back();
  `,
);
