"""solarflare/sources/common"""
