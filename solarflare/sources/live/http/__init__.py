"""solarflare/sources/live/http"""
