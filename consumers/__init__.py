"""What listens to the topics: anyone's programs, and a few of ours. Knows the log and the schemas, nothing else."""
