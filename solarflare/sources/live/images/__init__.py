"""solarflare/sources/live/images"""
