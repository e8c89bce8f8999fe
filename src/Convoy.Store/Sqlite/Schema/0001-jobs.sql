-- submit_sequence is the rowid, so every index below ends with it and lists in submission order by itself.
CREATE TABLE jobs (
    submit_sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    queue TEXT NOT NULL,
    name TEXT NOT NULL,
    phase TEXT NOT NULL,
    finished INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    progress INTEGER,
    body TEXT NOT NULL
) STRICT;

CREATE INDEX jobs_unfinished ON jobs (submit_sequence) WHERE finished = 0;
CREATE INDEX jobs_owner ON jobs (owner);
CREATE INDEX jobs_owner_unfinished ON jobs (owner) WHERE finished = 0;
CREATE INDEX jobs_owner_phase ON jobs (owner, phase);
CREATE INDEX jobs_owner_name ON jobs (owner, name);
CREATE INDEX jobs_queue ON jobs (queue);
CREATE INDEX jobs_queue_unfinished ON jobs (queue) WHERE finished = 0;
CREATE INDEX jobs_queue_phase ON jobs (queue, phase);
CREATE INDEX jobs_phase ON jobs (phase);
CREATE INDEX jobs_name ON jobs (name);

-- Times are counts of 100 ns since 1970 UTC.
CREATE TABLE events (
    job INTEGER NOT NULL REFERENCES jobs (submit_sequence),
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    type TEXT AS (body ->> 'type') VIRTUAL,
    PRIMARY KEY (job, sequence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- Also what keeps INSERT OR REPLACE from changing one.
CREATE TRIGGER events_follow_each_other BEFORE INSERT ON events
WHEN NEW.sequence <> 1 + coalesce((SELECT max(sequence) FROM events WHERE job = NEW.job), 0)
BEGIN
    SELECT RAISE(ABORT, 'events are appended without a gap');
END;
