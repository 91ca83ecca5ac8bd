"""Azure's services behind the ports: tables, queues, blobs and Key Vault. The SDKs are imported on first use, to keep cold starts short."""
