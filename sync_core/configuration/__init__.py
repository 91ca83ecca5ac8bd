"""The partner's configuration: read from a tree of nodes with line numbers, expanded, stored as versions, compared, first drafted."""
