"""solarflare/sun/images"""
