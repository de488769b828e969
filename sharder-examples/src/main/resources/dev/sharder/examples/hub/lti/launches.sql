-- Launches that were accepted, kept for longer than any of them could be accepted again.
CREATE TABLE IF NOT EXISTS sharder_lti_nonce (
  platform   TEXT NOT NULL,
  nonce      TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (platform, nonce)
);

CREATE INDEX IF NOT EXISTS sharder_lti_nonce_by_expiry ON sharder_lti_nonce (expires_at);

-- The latest launch of each user from each link, with what the platform said in it, as JSON.
CREATE TABLE IF NOT EXISTS sharder_lti_launch (
  platform    TEXT NOT NULL,
  user_name   TEXT NOT NULL,
  link        TEXT NOT NULL,
  launched_at BIGINT NOT NULL,
  parameters  TEXT NOT NULL,
  PRIMARY KEY (platform, user_name, link)
);
