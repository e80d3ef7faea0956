"""Metric math: `100 * errors / requests`, `IF(m1 > 10, m2, 0)`, `FILL(m1, 0)`.

    expression  the text of an expression, parsed
    series      the values of expressions, and their arithmetic
    functions   the functions, one by one
    evaluate    queries that refer to each other, in order
"Using math expressions with CloudWatch metrics",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""
