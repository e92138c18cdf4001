"""solarflare/sun/labels"""
