CREATE TABLE node_wishes (
    cluster TEXT NOT NULL,
    node TEXT NOT NULL,
    health TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (cluster, node)
) STRICT, WITHOUT ROWID;
