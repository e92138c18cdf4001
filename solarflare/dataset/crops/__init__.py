"""solarflare/dataset/crops"""
