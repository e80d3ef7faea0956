"""Metrics: their measurements, their aggregation, their store.

model      a metric's identity, and one datum
bucket     the data of one period: count, sum, extremes, distribution
statistic  Average, p99, tm90, PR(:0.3) … of a bucket
store      buckets of each metric: the last hours in memory, older ones on disk with less detail
disk       the same buckets in SQLite
"""
