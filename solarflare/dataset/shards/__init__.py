"""The crops as they are stored: monthly shards and an index."""
