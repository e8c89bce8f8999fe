-- Jobs are listed newest first, so what else may be asked for stands behind the sequence: it is compared in the index, without reading jobs.
DROP INDEX jobs_owner;
DROP INDEX jobs_queue;
DROP INDEX jobs_name;
CREATE INDEX jobs_owner ON jobs (owner, submit_sequence, queue, phase, name);
CREATE INDEX jobs_queue ON jobs (queue, submit_sequence, phase, name);
CREATE INDEX jobs_name_unfinished ON jobs (name, submit_sequence, owner, queue) WHERE finished = 0;
CREATE INDEX jobs_name ON jobs (name, submit_sequence, queue, phase);
