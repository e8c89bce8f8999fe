-- Data sets: what people published, by version. The bytes lie in an object store.
CREATE TABLE datasets (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    description TEXT,
    -- The highest number that a version was given; none is given twice.
    last_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The highest version of data sets that were deleted: who makes one of that name anew goes on from there.
CREATE TABLE dataset_numbers (
    name TEXT NOT NULL PRIMARY KEY,
    last_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who may use another's data set: people, queues (their members), or everybody.
CREATE TABLE dataset_access (
    dataset TEXT NOT NULL REFERENCES datasets (name),
    who TEXT NOT NULL,
    may_write INTEGER NOT NULL,
    PRIMARY KEY (dataset, who)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_versions (
    dataset TEXT NOT NULL REFERENCES datasets (name),
    number INTEGER NOT NULL,
    manifest_sha256 TEXT NOT NULL,
    manifest_bytes INTEGER NOT NULL,
    files INTEGER NOT NULL,
    directories INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    packs INTEGER NOT NULL,
    pack_bytes INTEGER NOT NULL,
    published_by TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    PRIMARY KEY (dataset, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_tags (
    dataset TEXT NOT NULL REFERENCES datasets (name),
    tag TEXT NOT NULL,
    number INTEGER NOT NULL,
    moved_by TEXT NOT NULL,
    moved_at INTEGER NOT NULL,
    PRIMARY KEY (dataset, tag)
) STRICT, WITHOUT ROWID;

-- Packs whose bytes somebody who may write the data set has sent, or could read elsewhere: who knows only a hash comes by nothing.
CREATE TABLE dataset_packs (
    dataset TEXT NOT NULL REFERENCES datasets (name),
    sha256 BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    -- 32 bytes for each segment of the pack.
    segment_hashes BLOB NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (dataset, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX dataset_packs_by_hash ON dataset_packs (sha256);
