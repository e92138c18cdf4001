"""solarflare/networks"""
