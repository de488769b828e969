CREATE TABLE IF NOT EXISTS tenant (
  name     TEXT PRIMARY KEY,
  -- Null while the tenant lives in this database.
  moved_to TEXT
);

CREATE TABLE IF NOT EXISTS note (
  -- Unique in this database only: a note that moves gets a new one.
  id     INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenant (name),
  text   TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS note_of_tenant ON note (tenant);
