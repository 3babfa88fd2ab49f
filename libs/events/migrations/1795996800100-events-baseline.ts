import { migration } from '#libs/database/migration';

/** Events and jobs, and one row for each consumer that must handle them: also the record of what caused what. */
export const EventsBaseline1795996800100 = migration(
  'EventsBaseline1795996800100',
  `
  CREATE SCHEMA IF NOT EXISTS events;

  CREATE TABLE events.event (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('event', 'job')),
    type text NOT NULL,
    v integer NOT NULL CHECK (v >= 1),
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    subject_version integer,
    about text[] NOT NULL DEFAULT '{}',
    cause uuid,
    request text,
    actor uuid,
    trace text,
    at timestamptz NOT NULL DEFAULT now(),
    data jsonb NOT NULL
  );
  CREATE INDEX event_at ON events.event (at);
  CREATE INDEX event_about ON events.event USING gin (about);
  CREATE INDEX event_cause ON events.event (cause) WHERE cause IS NOT NULL;
  CREATE INDEX event_actor ON events.event (actor, id) WHERE actor IS NOT NULL;
  CREATE INDEX event_type ON events.event (type, id);

  CREATE TABLE events.delivery (
    event uuid NOT NULL REFERENCES events.event (id) ON DELETE CASCADE,
    consumer text NOT NULL,
    queue text NOT NULL,
    fairness_key text,
    priority integer NOT NULL DEFAULT 5,
    epoch integer NOT NULL DEFAULT 1 CHECK (epoch >= 1),
    claimed_until timestamptz,
    relayed_at timestamptz,
    checked_at timestamptz,
    handled_at timestamptz,
    failed_at timestamptz,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    errors jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (event, consumer)
  );
  CREATE INDEX delivery_to_relay ON events.delivery (event) WHERE relayed_at IS NULL;
  CREATE INDEX delivery_open ON events.delivery (event) WHERE handled_at IS NULL;
  CREATE INDEX delivery_failed ON events.delivery (event) WHERE failed_at IS NOT NULL;
  CREATE INDEX delivery_to_check ON events.delivery (checked_at) WHERE relayed_at IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL;
  CREATE INDEX delivery_virtual_start ON events.delivery (consumer, priority)
    WHERE fairness_key IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL;
  CREATE INDEX delivery_fairness_key ON events.delivery (consumer, fairness_key, priority)
    WHERE fairness_key IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL;
  `,
);
