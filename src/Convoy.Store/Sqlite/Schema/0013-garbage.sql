-- What of the object store is needed, and what waits to be removed. A row is here before its object is there, and goes after it.

-- Manifests that a version has, had, or is to have.
CREATE TABLE dataset_manifests (
    -- Never given twice: who claimed one finds out whether it is that one still.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    -- When somebody was last about to publish it.
    claimed_at INTEGER NOT NULL,
    -- Whether a version has it.
    is_named INTEGER NOT NULL,
    -- Whether its packs are in dataset_manifest_packs; not yet for versions that are older than this table.
    is_listed INTEGER NOT NULL,
    -- Nothing needs it any more: its rows go bit by bit, and who publishes it gets another row.
    is_going INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX dataset_manifests_by_name ON dataset_manifests (dataset, sha256) WHERE is_going = 0;
CREATE INDEX dataset_manifests_free ON dataset_manifests (claimed_at) WHERE is_named = 0 AND is_going = 0;
CREATE INDEX dataset_manifests_going ON dataset_manifests (id) WHERE is_going = 1;
CREATE INDEX dataset_manifests_unlisted ON dataset_manifests (id) WHERE is_listed = 0 AND is_going = 0;
CREATE INDEX dataset_manifests_unlisted_of ON dataset_manifests (dataset) WHERE is_listed = 0 AND is_going = 0;

CREATE TABLE dataset_manifest_packs (
    manifest INTEGER NOT NULL,
    pack BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (manifest, pack)
) STRICT, WITHOUT ROWID;

CREATE INDEX dataset_manifest_packs_by_pack ON dataset_manifest_packs (pack);

-- Versions that were deleted, as long as an unfinished job may read them.
CREATE TABLE dataset_removed_versions (
    dataset TEXT NOT NULL,
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
    removed_at INTEGER NOT NULL,
    -- Whose the data set was, and whom it was open to (JSON), where it was deleted as a whole; null where it is there still.
    owner TEXT,
    readers TEXT,
    PRIMARY KEY (dataset, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX dataset_removed_versions_by_age ON dataset_removed_versions (removed_at, dataset, number);

-- Objects that nothing needs, and since when. One that is being removed may be gone at any time: nobody takes it up again until it is.
CREATE TABLE dataset_tombstones (
    -- Empty for a pack, which belongs to all.
    dataset TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    since INTEGER NOT NULL,
    is_removing INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (dataset, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX dataset_tombstones_by_age ON dataset_tombstones (since, dataset, sha256);

-- By which an object store knows whose its packs are.
CREATE TABLE installation (
    id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- granted_at is from now on when somebody was last told that the data set has the pack.
ALTER TABLE dataset_packs ADD COLUMN is_named INTEGER NOT NULL DEFAULT 0;

CREATE INDEX dataset_packs_free ON dataset_packs (granted_at) WHERE is_named = 0;

INSERT INTO dataset_manifests (dataset, sha256, bytes, claimed_at, is_named, is_listed)
SELECT dataset, manifest_sha256, max(manifest_bytes), max(published_at), 1, 0 FROM dataset_versions GROUP BY dataset, manifest_sha256;

-- What is stored, kept with every pack that comes or goes: bytes of a data set's packs, those that no other has, and each owner's.
ALTER TABLE datasets ADD COLUMN pack_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE datasets ADD COLUMN own_bytes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE dataset_owners (
    owner TEXT NOT NULL PRIMARY KEY,
    -- A pack of several of their data sets counts once.
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

UPDATE datasets SET
    pack_bytes = coalesce((SELECT sum(bytes) FROM dataset_packs WHERE dataset = name), 0),
    own_bytes = coalesce((SELECT sum(bytes) FROM dataset_packs p WHERE dataset = name AND NOT EXISTS (SELECT 1 FROM dataset_packs o WHERE o.sha256 = p.sha256 AND o.dataset <> p.dataset)), 0);

INSERT INTO dataset_owners SELECT owner, sum(bytes) FROM (SELECT DISTINCT d.owner, p.sha256, p.bytes FROM dataset_packs p JOIN datasets d ON d.name = p.dataset) GROUP BY owner;

CREATE TRIGGER dataset_packs_come AFTER INSERT ON dataset_packs BEGIN
    UPDATE datasets SET pack_bytes = pack_bytes + NEW.bytes,
        own_bytes = own_bytes + CASE WHEN EXISTS (SELECT 1 FROM dataset_packs WHERE sha256 = NEW.sha256 AND dataset <> NEW.dataset) THEN 0 ELSE NEW.bytes END
    WHERE name = NEW.dataset;
    UPDATE datasets SET own_bytes = own_bytes - NEW.bytes
    WHERE name = (SELECT min(dataset) FROM dataset_packs WHERE sha256 = NEW.sha256 AND dataset <> NEW.dataset GROUP BY sha256 HAVING count(*) = 1);
    INSERT INTO dataset_owners
    SELECT d.owner, NEW.bytes FROM datasets d
    WHERE d.name = NEW.dataset AND NOT EXISTS (SELECT 1 FROM dataset_packs p JOIN datasets o ON o.name = p.dataset WHERE p.sha256 = NEW.sha256 AND p.dataset <> NEW.dataset AND o.owner = d.owner)
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER dataset_packs_go AFTER DELETE ON dataset_packs BEGIN
    UPDATE datasets SET pack_bytes = pack_bytes - OLD.bytes,
        own_bytes = own_bytes - CASE WHEN EXISTS (SELECT 1 FROM dataset_packs WHERE sha256 = OLD.sha256) THEN 0 ELSE OLD.bytes END
    WHERE name = OLD.dataset;
    UPDATE datasets SET own_bytes = own_bytes + OLD.bytes
    WHERE name = (SELECT min(dataset) FROM dataset_packs WHERE sha256 = OLD.sha256 GROUP BY sha256 HAVING count(*) = 1);
    UPDATE dataset_owners SET bytes = bytes - OLD.bytes
    WHERE owner = (SELECT owner FROM datasets WHERE name = OLD.dataset)
        AND NOT EXISTS (SELECT 1 FROM dataset_packs p JOIN datasets o ON o.name = p.dataset WHERE p.sha256 = OLD.sha256 AND o.owner = dataset_owners.owner);
END;

-- Bytes of the packs of all data sets that one person of the level owns; null for no cap.
ALTER TABLE levels ADD COLUMN max_stored INTEGER;
