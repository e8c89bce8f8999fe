-- What administrators said of the organisation, every time; the newest holds.
CREATE TABLE organisation (
    revision INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
