"""solarflare/core"""
