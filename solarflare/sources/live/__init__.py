"""solarflare/sources/live"""
