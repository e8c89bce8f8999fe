CREATE TABLE metric_series (
    job INTEGER NOT NULL REFERENCES jobs (submit_sequence),
    series INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (job, series),
    UNIQUE (job, name)
) STRICT, WITHOUT ROWID;

-- A value of NULL is not-a-number, which SQLite has no other word for.
CREATE TABLE metrics (
    job INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    series INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    task_rank INTEGER NOT NULL,
    step INTEGER NOT NULL,
    value REAL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job, sequence),
    FOREIGN KEY (job, series) REFERENCES metric_series (job, series)
) STRICT, WITHOUT ROWID;

CREATE INDEX metrics_series ON metrics (job, series, sequence);

CREATE TABLE metric_batches (
    job INTEGER NOT NULL REFERENCES jobs (submit_sequence),
    attempt INTEGER NOT NULL,
    task_rank INTEGER NOT NULL,
    batch TEXT NOT NULL,
    PRIMARY KEY (job, attempt, task_rank, batch)
) STRICT, WITHOUT ROWID;
