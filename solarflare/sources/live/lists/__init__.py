"""solarflare/sources/live/lists"""
