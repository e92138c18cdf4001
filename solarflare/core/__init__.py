"""What every room uses: parameters, tables, tasks, paths, files, output to the terminal, worker processes.

This room imports no other room. Start at `params` for `params.yaml`, and at `tables` for the columns of each table.
"""
