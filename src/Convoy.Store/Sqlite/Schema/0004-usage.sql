-- What each attempt that has ended held of machines, so that fair shares are made again without reading jobs.
CREATE TABLE usage (
    job INTEGER NOT NULL REFERENCES jobs (submit_sequence),
    attempt INTEGER NOT NULL,
    queue TEXT NOT NULL,
    owner TEXT NOT NULL,
    accelerator TEXT,
    milli_devices INTEGER NOT NULL,
    cpu_millicores INTEGER NOT NULL,
    memory_bytes INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_ended ON usage (ended_at, job, attempt);
