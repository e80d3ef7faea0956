"""Metric math: `100 * errors / requests`, `IF(m1 > 10, m2, 0)`, `FILL(m1, 0)`.

    expression  what is written, parsed
    series      the values that expressions are about, and their arithmetic
    functions   what each function does
    evaluate    queries over each other, in their order
"Using math expressions with CloudWatch metrics",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""
