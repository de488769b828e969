-- Launches that were accepted, kept for longer than any of them could be accepted again.
CREATE TABLE IF NOT EXISTS sharder_lti_nonce (
  platform   varchar(255) NOT NULL,
  nonce      varchar(255) NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (platform, nonce),
  KEY sharder_lti_nonce_by_expiry (expires_at)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_nopad_bin;

-- The latest launch of each user from each link, with what the platform said in it, as JSON.
CREATE TABLE IF NOT EXISTS sharder_lti_launch (
  platform    varchar(255) NOT NULL,
  user_name   varchar(255) NOT NULL,
  link        varchar(255) NOT NULL,
  launched_at bigint NOT NULL,
  parameters  longtext NOT NULL,
  PRIMARY KEY (platform, user_name, link)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, CHARACTER SET utf8mb4, COLLATE utf8mb4_nopad_bin;
