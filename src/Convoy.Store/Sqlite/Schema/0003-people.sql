-- Durations are counts of 100 ns.
CREATE TABLE levels (
    name TEXT NOT NULL PRIMARY KEY,
    level_rank INTEGER NOT NULL,
    max_gpus INTEGER,
    max_gpus_per_job INTEGER,
    max_running INTEGER,
    max_submitted INTEGER,
    max_duration INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX levels_rank ON levels (level_rank, name);

-- AUTOINCREMENT: a number is never given again, because uids are derived from it.
CREATE TABLE users (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    level TEXT NOT NULL REFERENCES levels (name),
    administrator INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (name),
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    label TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_user ON tokens (user, id);

CREATE TABLE code_grants (
    owner TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (owner, sha256)
) STRICT, WITHOUT ROWID;
