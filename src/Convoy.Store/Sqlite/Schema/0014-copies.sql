-- Data sets in more than one object store. The first, in which everything is, is not in these tables.

-- Objects that another store has, too: a row is here after its object is there, and goes after it.
CREATE TABLE dataset_copies (
    store TEXT NOT NULL,
    -- Empty for a pack, which belongs to all.
    dataset TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    copied_at INTEGER NOT NULL,
    -- Nothing needs it any more, and the store gives it up only later.
    is_left INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (store, dataset, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX dataset_copies_by_object ON dataset_copies (dataset, sha256);
CREATE INDEX dataset_copies_left ON dataset_copies (store, copied_at) WHERE is_left = 1;

-- Stores in which every version that is published is to be.
CREATE TABLE dataset_policies (
    dataset TEXT NOT NULL,
    store TEXT NOT NULL,
    -- Milliseconds from its publication.
    within INTEGER NOT NULL,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (dataset, store)
) STRICT, WITHOUT ROWID;

-- Versions that are to be in a store, or are.
CREATE TABLE dataset_replications (
    dataset TEXT NOT NULL,
    number INTEGER NOT NULL,
    store TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    -- A job waits for it: it goes before all that is only due.
    is_awaited INTEGER NOT NULL DEFAULT 0,
    -- Why it could not go on last time; null where nothing is wrong.
    problem TEXT,
    whole_at INTEGER,
    PRIMARY KEY (dataset, number, store)
) STRICT, WITHOUT ROWID;

CREATE INDEX dataset_replications_open ON dataset_replications (is_awaited DESC, due_at, dataset, number, store) WHERE whole_at IS NULL;

-- By which each store is known: one that is pointed at another place has nothing there yet.
CREATE TABLE dataset_stores (
    store TEXT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL
) STRICT, WITHOUT ROWID;
