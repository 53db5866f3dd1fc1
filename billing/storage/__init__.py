"""The rows: tables, queries, units of work, migrations. The only place that writes SQL.

Frozen read models leave it, rows do not. `database` is the Store, `units` one transaction; each protocol of the domain
has its module (`contacts`, `mirror`, `timeline`, `operations`, `staff`, `imports`); `search` is helped by `folding` and
`spelling`; `limiter` keeps rates; `schema` runs the migrations.
"""
