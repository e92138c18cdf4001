"""solarflare/sources/archive"""
