"""solarflare/dataset/shards"""
