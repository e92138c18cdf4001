"""solarflare/sun/events"""
