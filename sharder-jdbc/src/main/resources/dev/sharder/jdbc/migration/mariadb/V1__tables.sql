-- Names are exact and ordered by code point (utf8mb4_nopad_bin), so that a tie is broken alike in
-- every database. Times are in UTC, whatever the time zone of the session. MariaDB commits after
-- each statement, so every statement may be run again after a failure.

CREATE TABLE IF NOT EXISTS sharder_kind (
  kind     varchar(255) NOT NULL,
  revision bigint NOT NULL DEFAULT 0,
  turn     bigint NOT NULL DEFAULT 0 COMMENT 'Raised to lock the kind, because a Galera cluster certifies only what is written; so a higher turn shows that others had the lock.',
  PRIMARY KEY (kind)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_nopad_bin,
  COMMENT = 'The row that is locked to place; revision goes up with every change.';

CREATE TABLE IF NOT EXISTS sharder_bin (
  kind        varchar(255) NOT NULL,
  bin         varchar(255) NOT NULL,
  weight      int NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000000),
  offset_load bigint NOT NULL DEFAULT 0 CHECK (offset_load BETWEEN 0 AND 1000000000),
  capacity    bigint CHECK (capacity BETWEEN 0 AND 1000000000),
  state       varchar(8) NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'cordoned', 'draining', 'retired')),
  undeclared  boolean NOT NULL DEFAULT FALSE COMMENT 'Cordoned only because it is no longer declared; opens again when it is.',
  labels      longtext NOT NULL DEFAULT '{}' CHECK (json_valid(labels)),
  assigned    bigint NOT NULL DEFAULT 0 COMMENT 'The sum of the sizes of the bin''s assignments, at every commit.' CHECK (assigned >= 0),
  PRIMARY KEY (kind, bin),
  CONSTRAINT sharder_bin_of_kind FOREIGN KEY (kind) REFERENCES sharder_kind (kind)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS sharder_assignment (
  kind        varchar(255) NOT NULL,
  object      varchar(255) NOT NULL,
  bin         varchar(255) NOT NULL,
  version     bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
  assigned_at datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  size        bigint NOT NULL DEFAULT 1 COMMENT 'How much of its bin''s load the object is.' CHECK (size >= 1),
  in_group    varchar(255) COMMENT 'All assignments of one group are in one bin.',
  PRIMARY KEY (kind, object),
  KEY sharder_assignment_by_group (kind, in_group, object)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_nopad_bin;

-- The ids of a kind are given under its lock, not by AUTO_INCREMENT, whose values the nodes of a
-- Galera cluster interleave: a later change could get a smaller id.
CREATE TABLE IF NOT EXISTS sharder_change (
  kind     varchar(255) NOT NULL,
  id       bigint NOT NULL,
  revision bigint NOT NULL COMMENT 'The revision that the change raised its kind to.',
  object   varchar(255),
  from_bin varchar(255),
  to_bin   varchar(255),
  what     varchar(255) NOT NULL,
  actor    text NOT NULL,
  reason   text NOT NULL,
  at       datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  version  bigint NOT NULL DEFAULT 0 COMMENT 'The version of the object''s assignment before the change.',
  since    datetime(6) COMMENT 'When the object had come to the bin that it left.',
  PRIMARY KEY (kind, id),
  KEY sharder_change_by_revision (kind, revision),
  KEY sharder_change_by_object (kind, object, id),
  CONSTRAINT sharder_change_of_kind FOREIGN KEY (kind) REFERENCES sharder_kind (kind)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_nopad_bin,
  COMMENT = 'Append-only: whatever is not a first assignment. A change of a bin has no object and names the bin twice.';

-- Assignments have no foreign key to their bin: it would be asked anew for every row. The transaction
-- that inserts a row counts it in sharder_bin, and its bin was read there under the lock of the kind.
-- What a foreign key would guard besides, that a bin does not go while it holds something, is guarded
-- here.
DELIMITER //

CREATE TRIGGER IF NOT EXISTS sharder_bin_stays
BEFORE DELETE ON sharder_bin
FOR EACH ROW
BEGIN
  IF OLD.assigned > 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a bin that holds assignments stays in sharder_bin; move what it holds first';
  END IF;
  UPDATE sharder_kind SET turn = turn + 1 WHERE kind = OLD.kind;
END //

-- Not BEFORE UPDATE: with such a trigger, MariaDB 11.4 takes the kind for NULL in an INSERT … SELECT.
-- A bin that is changed by hand takes effect at once, as one changed by the library does, because a
-- turn that others have raised makes a store forget the bins that it has listed.
CREATE TRIGGER IF NOT EXISTS sharder_bin_changed
AFTER UPDATE ON sharder_bin
FOR EACH ROW
BEGIN
  IF OLD.assigned > 0 AND (NEW.kind <> OLD.kind OR NEW.bin <> OLD.bin) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a bin that holds assignments keeps its name in sharder_bin; move what it holds first';
  END IF;
  IF NOT (NEW.weight <=> OLD.weight AND NEW.offset_load <=> OLD.offset_load AND NEW.capacity <=> OLD.capacity
          AND NEW.state <=> OLD.state AND NEW.kind <=> OLD.kind AND NEW.bin <=> OLD.bin) THEN
    IF NEW.bin RLIKE concat('[[:cntrl:]', _utf8mb4 X'C280', '-', _utf8mb4 X'C29F', _utf8mb4 X'E280A8', '-', _utf8mb4 X'E280AE', _utf8mb4 X'E281A6', '-', _utf8mb4 X'E281A9', ']')
       OR NEW.bin NOT RLIKE concat('[^ ', _utf8mb4 X'E19A80', _utf8mb4 X'E28080', '-', _utf8mb4 X'E2808A', _utf8mb4 X'E2819F', _utf8mb4 X'E38080', ']') THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a bin needs a name with a visible character and without control characters';
    END IF;
    UPDATE sharder_kind SET turn = turn + 1 WHERE kind IN (OLD.kind, NEW.kind);
  END IF;
END //

-- The name must be one that the library reads: without control characters, line breaks and characters
-- that change the direction of a text.
CREATE TRIGGER IF NOT EXISTS sharder_bin_added
AFTER INSERT ON sharder_bin
FOR EACH ROW
BEGIN
  IF NEW.bin RLIKE concat('[[:cntrl:]', _utf8mb4 X'C280', '-', _utf8mb4 X'C29F', _utf8mb4 X'E280A8', '-', _utf8mb4 X'E280AE', _utf8mb4 X'E281A6', '-', _utf8mb4 X'E281A9', ']')
     OR NEW.bin NOT RLIKE concat('[^ ', _utf8mb4 X'E19A80', _utf8mb4 X'E28080', '-', _utf8mb4 X'E2808A', _utf8mb4 X'E2819F', _utf8mb4 X'E38080', ']') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a bin needs a name with a visible character and without control characters';
  END IF;
  UPDATE sharder_kind SET turn = turn + 1 WHERE kind = NEW.kind;
END //

DELIMITER ;
