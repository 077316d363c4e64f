"""What `make bench` measures: our own speed, side by side with the least that could do the job."""
