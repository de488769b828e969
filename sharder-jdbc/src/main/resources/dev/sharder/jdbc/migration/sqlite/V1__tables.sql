-- The row that is locked to place; revision goes up with every change.
CREATE TABLE sharder_kind (
  kind     TEXT NOT NULL PRIMARY KEY,
  revision INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- assigned is the sum of the sizes of the bin's assignments, at every commit. A bin is undeclared when it is
-- cordoned only because it is no longer declared; it opens again when it is.
CREATE TABLE sharder_bin (
  kind        TEXT NOT NULL REFERENCES sharder_kind,
  -- One that the library reads: without control characters, line breaks and characters that change the
  -- direction of a text.
  bin         TEXT NOT NULL CHECK (length(bin) <= 255 AND trim(bin, char(32, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8200, 8201, 8202, 8287, 12288)) <> '' AND bin NOT GLOB
                '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238) || char(8294) || '-' || char(8297) || ']*'),
  weight      INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000000),
  offset_load INTEGER NOT NULL DEFAULT 0 CHECK (offset_load BETWEEN 0 AND 1000000000),
  capacity    INTEGER CHECK (capacity BETWEEN 0 AND 1000000000),
  state       TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'cordoned', 'draining', 'retired')),
  undeclared  INTEGER NOT NULL DEFAULT FALSE CHECK (undeclared IN (FALSE, TRUE)),
  labels      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(labels)),
  assigned    INTEGER NOT NULL DEFAULT 0 CHECK (assigned >= 0),
  PRIMARY KEY (kind, bin)
) STRICT, WITHOUT ROWID;

-- The open bins that have room, the emptiest first.
CREATE INDEX sharder_bin_by_share ON sharder_bin (kind, (assigned + offset_load + 1.0) / weight, bin)
WHERE state = 'open' AND assigned + offset_load < coalesce(capacity, 9223372036854775807);

CREATE TABLE sharder_assignment (
  kind        TEXT NOT NULL,
  object      TEXT NOT NULL,
  bin         TEXT NOT NULL,
  version     INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
  assigned_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  size        INTEGER NOT NULL DEFAULT 1 CHECK (size >= 1),
  in_group    TEXT,
  PRIMARY KEY (kind, object)
) STRICT, WITHOUT ROWID;

-- All assignments of one group are in one bin.
CREATE INDEX sharder_assignment_by_group ON sharder_assignment (kind, in_group, object)
WHERE in_group IS NOT NULL;

-- Assignments have no foreign key to their bin: it would be asked anew for every row. The transaction
-- that inserts a row counts it in sharder_bin, and its bin was read there under the lock of the kind.
-- What a foreign key would guard besides, that a bin does not go while it holds something, is guarded
-- here.
CREATE TRIGGER sharder_bin_stays
BEFORE DELETE ON sharder_bin
WHEN OLD.assigned > 0
BEGIN
  SELECT RAISE(ABORT, 'a bin that holds assignments stays in sharder_bin; move what it holds first');
END;

CREATE TRIGGER sharder_bin_keeps_its_name
BEFORE UPDATE OF kind, bin ON sharder_bin
WHEN OLD.assigned > 0
BEGIN
  SELECT RAISE(ABORT, 'a bin that holds assignments keeps its name in sharder_bin; move what it holds first');
END;

-- Append-only: whatever is not a first assignment. A change of a bin has no object and names the
-- bin twice; revision is what the change raised its kind's revision to. version and
-- since are those of the object's assignment before the change. The ids of a kind go up in the order
-- of its commits: the next one is the largest plus one, so old rows may go, but not the latest.
CREATE TABLE sharder_change (
  kind     TEXT NOT NULL REFERENCES sharder_kind,
  id       INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  object   TEXT,
  from_bin TEXT,
  to_bin   TEXT,
  what     TEXT NOT NULL,
  actor    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  version  INTEGER NOT NULL DEFAULT 0,
  since    TEXT,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sharder_change_by_revision ON sharder_change (kind, revision);
CREATE INDEX sharder_change_by_object ON sharder_change (kind, object, id)
WHERE object IS NOT NULL;
