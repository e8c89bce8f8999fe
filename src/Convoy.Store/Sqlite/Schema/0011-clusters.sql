-- Clusters elsewhere, each kept by an agent. One that was removed is remembered: jobs have run there.
CREATE TABLE clusters (
    name TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    joined_by TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT, WITHOUT ROWID;
