-- Fills every table that grows with about 100,000 rows, spread as in a large installation: most things are small, a few are very
-- large (one work with 5,000 chapters, one chapter with 20,000 comments, one account with 2,000 sessions), and what has just
-- changed comes last. Ids grow with time, as uuidv7 does. big.owner and big.reader are set by the caller.
-- Triggers and foreign keys are off while it runs: the rows fit together, and a trigger a row would take minutes.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET client_min_messages = warning;
CREATE FUNCTION public.big_id(kind int, i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1767225600000 + i * 60000), 12, '0') || '7000' || '8' || lpad(to_hex(kind), 3, '0') || lpad(to_hex(i), 12, '0'))::uuid $$;
CREATE FUNCTION public.big_at(i bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT now() - (100000 - i) * interval '1 minute' $$;

-- a GIN index is built in a tenth of the time that it takes to grow
CREATE TEMPORARY TABLE gin AS SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
  FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam WHERE amname = 'gin';
DO $$ DECLARE i record; BEGIN FOR i IN SELECT * FROM gin LOOP EXECUTE 'DROP INDEX ' || i.name; END LOOP; END $$;

-- 1 accounts: 5 admins, 50 moderators, 1 % authors
INSERT INTO auth.account (id, email, name, password_hash, role, created_at, epoch, suspended_at, suspended_because)
SELECT big_id(1, i), 'person-' || i || '@' || (ARRAY['example.org', 'example.com', 'mail.example.net'])[1 + i % 3], (ARRAY['Mira', 'Tove', 'Ada', 'Jonas', '小明', 'Ines'])[1 + i % 6] || ' ' || (ARRAY['Lund', 'Berg', 'Okoro', 'Silva', 'Wei'])[1 + i % 5], '-',
       CASE WHEN i % 20000 = 7 THEN 'admin' WHEN i % 2000 = 9 THEN 'moderator' WHEN i % 100 = 1 THEN 'author' ELSE 'reader' END,
       big_at(i), 1, CASE WHEN i % 1000 = 5 THEN big_at(i) END, CASE WHEN i % 1000 = 5 THEN 'Spam.' END
  FROM generate_series(1, 100000) i;
INSERT INTO auth.session (id, account_id, device, created_at, expires_at, generation, rotated_at, ended_at, ended_because)
SELECT big_id(2, i), CASE WHEN i % 50 = 0 THEN current_setting('big.owner')::uuid ELSE big_id(1, 1 + i * 7 % 100000) END, 'A browser',
       big_at(i), big_at(i) + interval '30 days', 1, big_at(i), CASE WHEN i % 3 = 0 THEN big_at(i) + interval '1 hour' END,
       CASE WHEN i % 3 = 0 THEN 'signed-out' END
  FROM generate_series(1, 100000) i;

-- 3 works: 6 of 7 have a published chapter; the owner has 300 of them
INSERT INTO chapters.work (id, owner_id, title, summary, language, created_at, version, deleted_at, erased_after, taken_down_at, taken_down_because)
SELECT big_id(3, i), CASE WHEN i % 333 = 0 OR i IN (50000, 50001) THEN current_setting('big.owner')::uuid ELSE big_id(1, 1 + i * 100 % 100000) END,
       'Work ' || i, '', 'en', big_at(i), 1, CASE WHEN i % 101 = 0 THEN now() - interval '5 days' END,
       CASE WHEN i % 101 = 0 THEN now() + interval '25 days' END, CASE WHEN i % 1009 = 0 THEN now() END, CASE WHEN i % 1009 = 0 THEN 'Spam.' END
  FROM generate_series(1, 100000) i;
INSERT INTO chapters.membership (work_id, account_id, role, joined_at)
SELECT big_id(3, i), big_id(1, i), (ARRAY['editor', 'moderator', 'beta-reader'])[1 + i % 3], now() FROM generate_series(1, 100000) i
UNION ALL SELECT big_id(3, i * 500), current_setting('big.reader')::uuid, 'editor', now() FROM generate_series(1, 200) i
UNION ALL SELECT big_id(3, 50000), big_id(1, i), 'moderator', now() FROM generate_series(1, 99) i;
INSERT INTO chapters.invitation (id, work_id, role, invitee_id, token_hash, invited_by, created_at, expires_at, status)
SELECT big_id(4, i), big_id(3, CASE WHEN i % 100 = 0 THEN 50000 ELSE i END), 'editor',
       CASE WHEN i % 50 = 0 THEN current_setting('big.reader')::uuid ELSE big_id(1, i) END, 'x', big_id(1, 1), big_at(i),
       now() + interval '7 days', CASE WHEN i % 1000 = 0 THEN 'open' ELSE 'declined' END
  FROM generate_series(1, 100000) i;
INSERT INTO chapters.stored_object (work_id, slot, object_key, bytes, stored_at)
SELECT big_id(3, i), CASE WHEN i % 1000 = 0 THEN 'upload:' || big_id(9, i) ELSE 'cover' END, 'covers/' || md5(i::text), 1, big_at(i)
  FROM generate_series(1, 100000) i;

-- 5 chapters: 5,000 of the work 50000, one of each other
INSERT INTO chapters.chapter (id, work_id, author_id, rank, title, status, head_revision, published_revision, published_at, created_at, updated_at, version,
                              deleted_at, erased_after)
SELECT big_id(5, i), big_id(3, CASE WHEN i % 20 = 0 THEN 50000 ELSE i END), big_id(1, 1), lpad(i::text, 8, '0'), 'Chapter ' || i,
       CASE WHEN i % 7 = 3 THEN 'draft' ELSE 'published' END, CASE WHEN i = 50001 THEN 3000 ELSE 1 END,
       CASE WHEN i % 7 <> 3 THEN 1 END, CASE WHEN i % 7 <> 3 THEN big_at(i) END, big_at(i), big_at(i), 1,
       CASE WHEN i % 211 = 0 THEN now() - interval '5 days' END, CASE WHEN i % 211 = 0 THEN now() + interval '25 days' END
  FROM generate_series(1, 100000) i;
INSERT INTO chapters.revision (chapter_id, number, parent, title, author_id, blocks, lineage, length, created_at)
SELECT big_id(5, i), 1, NULL, 'Chapter ' || i, big_id(1, 1), '[]'::jsonb, '[]'::jsonb, 1000, big_at(i) FROM generate_series(1, 100000) i
UNION ALL SELECT big_id(5, 50001), i, i - 1, 'Chapter 50001', big_id(1, 1), '[]'::jsonb, '[]'::jsonb, 1000, big_at(i) FROM generate_series(2, 3000) i;
INSERT INTO chapters.publication (chapter_id, number, revision, at)
SELECT big_id(5, i), 1, 1, big_at(i) FROM generate_series(1, 100000) i
UNION ALL SELECT big_id(5, 50001), i, i, big_at(i) FROM generate_series(2, 30) i;

-- 6 comments: 20,000 of the chapter 50001 (half of them threads, a quarter of those at one paragraph, one thread with 2,000 replies)
INSERT INTO comments.comment (id, chapter_id, author_id, parent_id, root_id, depth, body, status, created_at, position)
SELECT big_id(6, i), big_id(5, CASE WHEN i <= 20000 THEN 50001 ELSE 50002 + i / 4 END), big_id(1, 1 + i * 13 % 100000),
       big_id(6, root), big_id(6, coalesce(root, i)), CASE WHEN root IS NULL THEN 0 ELSE 1 END, 'A comment.',
       CASE WHEN i % 50 = 0 THEN 'withdrawn' ELSE 'shown' END, big_at(i), i
  FROM generate_series(1, 100000) i,
       LATERAL (SELECT CASE WHEN i % 2 = 1 THEN NULL WHEN i <= 20000 AND i % 10 = 0 THEN 1 ELSE i - 1 END AS root) r;
INSERT INTO comments.last_position (chapter_id, position) SELECT chapter_id, max(position) FROM comments.comment GROUP BY chapter_id;
INSERT INTO comments.comment_anchor (comment_id, chapter_id, publication, block, status, origin, position)
SELECT c.id, c.chapter_id, 1, big_id(7, CASE WHEN c.position % 4 = 1 THEN 1 ELSE c.position END), 'anchored', '{"revision": 1}', c.position
  FROM comments.comment c WHERE c.parent_id IS NULL;
INSERT INTO comments.reanchoring_position (chapter_id, publication) SELECT chapter_id, 1 FROM comments.last_position;

-- 8 events: of one chapter 2,000; the newest 50 are still to be handled, 30 failed for ever
INSERT INTO events.event (id, kind, type, v, subject_kind, subject_id, about, cause, request, actor, at, data)
SELECT big_id(8, i), CASE WHEN i % 5 = 0 THEN 'job' ELSE 'event' END, (ARRAY['ChapterSaved', 'CommentPosted', 'AccountSignedUp'])[1 + i % 3], 1,
       'chapter', big_id(5, i)::text, ARRAY[big_id(5, CASE WHEN i % 50 = 0 THEN 50001 ELSE i END)::text, big_id(3, i)::text],
       CASE WHEN i % 2 = 0 THEN big_id(8, i - 1) END, 'r', CASE WHEN i % 100 = 0 THEN current_setting('big.owner')::uuid ELSE big_id(1, i) END,
       big_at(i) - interval '21 days', '{}'
  FROM generate_series(1, 100000) i;
INSERT INTO events.delivery (event, consumer, queue, relayed_at, handled_at, failed_at, attempts)
SELECT big_id(8, i), 'comments', 'events.comments', now(), CASE WHEN i <= 99950 AND i % 3000 <> 1 THEN now() END,
       CASE WHEN i % 3000 = 1 THEN now() END, 1
  FROM generate_series(1, 100000) i;
INSERT INTO live.stream (key, head) SELECT 'chapter:' || big_id(5, i), CASE WHEN i = 50001 THEN 20000 ELSE 8 END FROM generate_series(50001, 60000) i;
INSERT INTO live.event (key, seq, type, body, at)
SELECT 'chapter:' || big_id(5, CASE WHEN i <= 20000 THEN 50001 ELSE 50002 + (i - 20001) / 8 END), CASE WHEN i <= 20000 THEN i ELSE 1 + (i - 20001) % 8 END,
       'comment.posted', json_build_object('id', big_id(6, i)), big_at(i) - interval '21 days'
  FROM generate_series(1, 100000) i;
INSERT INTO http.idempotency_record (key, fingerprint, attempt, status, at)
SELECT sha256(i::text::bytea), '', 1, 200, now() - (100000 - i) * interval '1 second' FROM generate_series(1, 100000) i;
INSERT INTO scheduling.chore (name, every, next_at) SELECT 'chore-' || i, '1 h', now() + interval '1 day' FROM generate_series(1, 10) i;
INSERT INTO scheduling.chore_run (chore, number, started_at, ended_at, handled)
SELECT 'chore-' || 1 + i % 10, i, now() - (100000 - i) * interval '26 seconds', now(), 1 FROM generate_series(1, 100000) i;

-- 10 films: 1,000 of the chapter 50001; each of the others has one scene, which two films share
INSERT INTO rendering.rendition (id, chapter_id, work_id, author_id, revision, title, language, voice, theme, script, lexicon, expected_seconds, wish_key, state,
                                 pictures, film, warnings, created_at, finished_at, studio, frames_planned)
SELECT big_id(10, i), big_id(5, CASE WHEN i % 100 = 0 THEN 50001 ELSE i END), big_id(3, i), big_id(1, 1 + i * 100 % 100000), 1, 'A film', 'en', 'v', 'ink', '{}', 0, 60, i::text,
       CASE WHEN i % 5000 = 1 THEN 'rendering' WHEN i % 50 = 2 THEN 'failed' ELSE 'ready' END, '{}',
       CASE WHEN i % 50 <> 2 AND i % 5000 <> 1 THEN jsonb_build_object('sha256', md5('film' || i), 'poster', md5('poster' || i), 'webvtt', md5('w' || i), 'srt', md5('s' || i), 'cues', md5('c' || i), 'seconds', 60) END,
       '[]', big_at(i) - interval '21 days', CASE WHEN i % 5000 <> 1 THEN big_at(i) - interval '21 days' END, 'studio-1', 100
  FROM generate_series(1, 100000) i;
INSERT INTO rendering.artefact (key, kind, fields, status, epoch, sha256, bytes, frames, created_at, made_at)
SELECT CASE WHEN i % 2 = 0 THEN 'sound-' ELSE 'segment-' END || i / 2, CASE WHEN i % 2 = 0 THEN 'sound' ELSE 'segment' END, '{}',
       CASE WHEN i % 500 = 1 THEN 'wanted' WHEN i % 501 = 0 THEN 'deleting' ELSE 'ready' END, 1, md5('artefact' || i), 1, 100, big_at(i) - interval '21 days',
       big_at(i) - interval '21 days'
  FROM generate_series(0, 99999) i;
UPDATE rendering.artefact SET deleting_at = now() WHERE status = 'deleting';
INSERT INTO rendering.part (rendition, idx, scene, blocks, sound_key, sound_reused, segment_key, segment_reused, frames)
SELECT big_id(10, i), 0, '{"spans": [], "words": []}', '{}', 'sound-' || i / 2, false, 'segment-' || i / 2, false, 100 FROM generate_series(1, 99999) i;
INSERT INTO rendering.attempt (key, epoch, worker, frames, outcome, began_at, ended_at)
SELECT key, 1, 'w', 100, 'made', made_at, made_at FROM rendering.artefact;
INSERT INTO rendering.object (sha256, pinned_until) SELECT sha256, now() - interval '1 day' FROM rendering.artefact;
INSERT INTO rendering.fitted (key, sha256, width, height, fitted_at)
SELECT 'fitted-' || i, md5('fitted' || i), 1080, 1920, big_at(i) - interval '296 days' FROM generate_series(1, 100000) i;
INSERT INTO rendering.studio (fingerprint, seen_at) VALUES ('studio-1', now());
INSERT INTO rendering.lexicon (work_id, version, entries, created_at) SELECT big_id(3, i), 1, '[]', now() FROM generate_series(1, 100000) i;
INSERT INTO rendering.settings (work_id, on_publish, theme, version) SELECT big_id(3, i), false, 'ink', 1 FROM generate_series(1, 100000) i;

SET session_replication_role = origin;
DROP FUNCTION public.big_at, public.big_id;
DO $$ DECLARE i record; BEGIN FOR i IN SELECT * FROM gin LOOP EXECUTE i.definition; END LOOP; END $$;
ANALYZE;
