"""solarflare/sources/simulated"""
