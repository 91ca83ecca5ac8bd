"""What is deployed is made of: the lock file read, listed as a bill of materials, and compared with published advisories."""
