-- 1: somebody deleted the job. It has given up its id and its names, and the row stays until all that hangs on it is removed.
-- 2: removed; the row stays as long as no other says how far the order of submission has come.
ALTER TABLE jobs ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;

CREATE INDEX jobs_deleted ON jobs (submit_sequence) WHERE deleted > 0;

DROP TRIGGER events_are_not_removed;

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
WHEN (SELECT deleted FROM jobs WHERE submit_sequence = OLD.job) = 0
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- What was used stays in the accounts when the job is gone, so no row of jobs is referred to. A job that moves to another queue
-- leaves its attempt in parts, counted from the last.
CREATE TABLE usage_by_parts (
    job INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    part INTEGER NOT NULL,
    queue TEXT NOT NULL,
    owner TEXT NOT NULL,
    accelerator TEXT,
    milli_devices INTEGER NOT NULL,
    cpu_millicores INTEGER NOT NULL,
    memory_bytes INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    PRIMARY KEY (job, attempt, part)
) STRICT, WITHOUT ROWID;

INSERT INTO usage_by_parts
SELECT job, attempt, 0, queue, owner, accelerator, milli_devices, cpu_millicores, memory_bytes, started_at, ended_at FROM usage;

DROP TABLE usage;

ALTER TABLE usage_by_parts RENAME TO usage;

CREATE INDEX usage_ended ON usage (ended_at, job, attempt);
