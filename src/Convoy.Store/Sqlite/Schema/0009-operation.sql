-- What administrators have paused.
CREATE TABLE pauses (
    part TEXT NOT NULL PRIMARY KEY,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    reason TEXT
) STRICT, WITHOUT ROWID;

-- When a finished job ended, because what it leaves is kept so long after; and which archive has its code.
ALTER TABLE jobs ADD COLUMN ended_at INTEGER;
ALTER TABLE jobs ADD COLUMN code TEXT;

CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_code ON jobs (code, owner) WHERE code IS NOT NULL;
CREATE INDEX code_grants_archive ON code_grants (sha256);

-- What was removed so far of each kind: all that jobs left that had ended up to there.
CREATE TABLE retention_marks (
    kind TEXT NOT NULL PRIMARY KEY,
    ended_at INTEGER NOT NULL,
    job INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Events are changed by nobody, and go only when their job has ended, and was deleted or has been kept for as long as was asked. In the
-- second case the last one stays while the job does: the next event follows it.
DROP TRIGGER events_are_not_removed;

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
WHEN (SELECT finished FROM jobs WHERE submit_sequence = OLD.job) IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'events of unfinished jobs are append-only');
END;
