"""solarflare/sun"""
