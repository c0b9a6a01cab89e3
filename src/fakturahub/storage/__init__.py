"""What is kept: the database and its private server, payloads, jobs. No SQL is written anywhere else."""
