"""solarflare/dataset/splits"""
