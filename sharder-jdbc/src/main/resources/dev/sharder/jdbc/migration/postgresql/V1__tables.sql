-- Names are ordered by code point ("C"), so that a tie is broken alike in every database.
-- The tables whose rows are updated with every placing leave room on their pages (fillfactor), so
-- that an update stays on its page and touches no index. What a bin may hold is checked by domains,
-- which are asked about the columns that are written: the constraints of a table would all be read
-- anew by every statement that counts.

CREATE DOMAIN sharder_weight AS integer CHECK (VALUE BETWEEN 1 AND 1000000);
CREATE DOMAIN sharder_size AS bigint CHECK (VALUE BETWEEN 0 AND 1000000000);
CREATE DOMAIN sharder_load AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN sharder_state AS text CHECK (VALUE IN ('open', 'cordoned', 'draining', 'retired'));

CREATE TABLE sharder_kind (
  kind        text COLLATE "C" PRIMARY KEY,
  revision    bigint NOT NULL DEFAULT 0,
  next_bins   text[] NOT NULL DEFAULT '{}',
  next_listed integer NOT NULL DEFAULT 0,
  next_given  integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Read with every placing, so not compressed.
ALTER TABLE sharder_kind ALTER next_bins SET STORAGE EXTERNAL;

COMMENT ON TABLE sharder_kind IS 'The row that is locked to place; revision goes up with every change.';
COMMENT ON COLUMN sharder_kind.next_bins IS 'The bins that the next objects of size 1 get, in this order.';
COMMENT ON COLUMN sharder_kind.next_listed IS 'How many next_bins there are; set to 0 when a bin changes or takes an object in another way.';
COMMENT ON COLUMN sharder_kind.next_given IS 'How many of next_bins have been given to objects.';

CREATE TABLE sharder_bin (
  kind        text COLLATE "C" NOT NULL REFERENCES sharder_kind,
  bin         text COLLATE "C" NOT NULL,
  weight      sharder_weight NOT NULL DEFAULT 1,
  offset_load sharder_size NOT NULL DEFAULT 0,
  capacity    sharder_size,
  state       sharder_state NOT NULL DEFAULT 'open',
  undeclared  boolean NOT NULL DEFAULT FALSE,
  labels      jsonb NOT NULL DEFAULT '{}',
  assigned    sharder_load NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, bin)
) WITH (fillfactor = 50);

COMMENT ON COLUMN sharder_bin.assigned IS 'The sum of the sizes of the bin''s assignments, at every commit.';
COMMENT ON COLUMN sharder_bin.undeclared IS 'Cordoned only because it is no longer declared; opens again when it is.';

CREATE TABLE sharder_assignment (
  kind        text COLLATE "C" NOT NULL,
  object      text COLLATE "C" NOT NULL,
  bin         text COLLATE "C" NOT NULL,
  version     bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
  -- Not now(), which is when the transaction began to wait for its turn.
  assigned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  size        bigint NOT NULL DEFAULT 1 CHECK (size >= 1),
  in_group    text COLLATE "C",
  PRIMARY KEY (kind, object)
);

COMMENT ON COLUMN sharder_assignment.size IS 'How much of its bin''s load the object is.';
COMMENT ON COLUMN sharder_assignment.in_group IS 'All assignments of one group are in one bin.';

CREATE INDEX sharder_assignment_by_group ON sharder_assignment (kind, in_group, object)
WHERE in_group IS NOT NULL;

-- Assignments have no foreign key to their bin: it would be asked anew for every row. The transaction
-- that inserts a row counts it in sharder_bin, and its bin was read there under the lock of the kind.
-- What a foreign key would guard besides, that a bin does not go while it holds something, is guarded
-- here. The tables are those beside the bin's, wherever the session looks for tables.
CREATE FUNCTION sharder_bin_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  holds bigint;
BEGIN
  -- Every transaction that places has this lock, so none places into the bin from here on.
  EXECUTE format('SELECT 1 FROM %I.sharder_kind WHERE kind = $1 FOR NO KEY UPDATE', TG_TABLE_SCHEMA)
  USING OLD.kind;
  EXECUTE format('SELECT assigned FROM %I.sharder_bin WHERE kind = $1 AND bin = $2', TG_TABLE_SCHEMA)
  INTO holds
  USING OLD.kind, OLD.bin;
  IF holds > 0 THEN
    RAISE foreign_key_violation USING MESSAGE = format(
      'bin %L of kind %L holds assignments (%s), so it stays in sharder_bin under its name; move them first',
      OLD.bin, OLD.kind, holds);
  END IF;
  EXECUTE format('UPDATE %I.sharder_kind SET next_listed = 0, next_given = 0 WHERE kind = $1 AND next_listed > 0', TG_TABLE_SCHEMA)
  USING OLD.kind;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

-- A bin that is closed or changed in SQL takes effect at once, as one changed by the library does. Its
-- name must be one that the library reads: without control characters, line breaks and characters that
-- change the direction of a text.
CREATE FUNCTION sharder_bin_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.bin ~ '[\u0001-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]'
     OR NEW.bin !~ '[^[:space:]\u1680\u2000-\u200a\u205f\u3000]' OR char_length(NEW.bin) > 255 THEN
    RAISE check_violation USING MESSAGE = format(
      'bin %L of kind %L: give it a name of 1 to 255 characters, one of them visible, and no control character',
      NEW.bin, NEW.kind);
  END IF;
  -- Waits for a transaction that lists the next bins, also if the kind has no list yet.
  EXECUTE format('SELECT 1 FROM %I.sharder_kind WHERE kind = $1 FOR NO KEY UPDATE', TG_TABLE_SCHEMA)
  USING NEW.kind;
  EXECUTE format('UPDATE %I.sharder_kind SET next_listed = 0, next_given = 0 WHERE kind = $1 AND next_listed > 0', TG_TABLE_SCHEMA)
  USING NEW.kind;
  RETURN NULL;
END
$$;

CREATE TRIGGER sharder_bin_stays
BEFORE DELETE OR UPDATE OF kind, bin ON sharder_bin
FOR EACH ROW
EXECUTE FUNCTION sharder_bin_stays();

CREATE TRIGGER sharder_bin_changed
AFTER INSERT OR UPDATE OF kind, bin, weight, offset_load, capacity, state ON sharder_bin
FOR EACH ROW
EXECUTE FUNCTION sharder_bin_changed();

-- The ids of a kind go up in the order of its commits: the next one is the largest plus one, taken
-- while the kind is locked. So old rows may go, but not the latest. A sequence would give ids by node
-- where the table is distributed.
CREATE TABLE sharder_change (
  kind     text COLLATE "C" NOT NULL REFERENCES sharder_kind,
  id       bigint NOT NULL,
  revision bigint NOT NULL,
  object   text COLLATE "C",
  from_bin text COLLATE "C",
  to_bin   text COLLATE "C",
  what     text NOT NULL,
  actor    text NOT NULL,
  reason   text NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  version  bigint NOT NULL DEFAULT 0,
  since    timestamptz,
  PRIMARY KEY (kind, id)
);

CREATE INDEX sharder_change_by_revision ON sharder_change (kind, revision);
CREATE INDEX sharder_change_by_object ON sharder_change (kind, object, id)
WHERE object IS NOT NULL;

COMMENT ON COLUMN sharder_change.version IS 'The version of the object''s assignment before the change.';
COMMENT ON COLUMN sharder_change.since IS 'When the object had come to the bin that it left.';
COMMENT ON COLUMN sharder_change.revision IS 'The revision that the change raised its kind to.';
COMMENT ON TABLE sharder_change IS 'Append-only: whatever is not a first assignment. A change of a bin has no object and names the bin twice.';
